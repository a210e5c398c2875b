"""The configuration of a client: address, key, timeout and retries."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

VERSION = "0.1.0"

DEFAULT_URL = "http://localhost:3010"
DEFAULT_TIMEOUT_SECONDS = 30.0
DEFAULT_MAX_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Config:
    """What one client was given. ``timeout`` is seconds for one attempt, from connecting to the
    last byte."""

    base_url: str
    api_key: str | None = field(repr=False)
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    max_retries: int = DEFAULT_MAX_RETRIES

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        headers = {"User-Agent": f"smara-python/{VERSION}", "Accept": "application/json"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        return headers


def configure(
    api_key: str | None, base_url: str | None, timeout: float, max_retries: int
) -> Config:
    """Take what was given, or else SMARA_API_KEY and SMARA_API_URL; an empty text counts as not
    given."""
    url = _first(base_url, os.environ.get("SMARA_API_URL")) or DEFAULT_URL
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"base_url must begin with http:// or https://: {url!r}")
    if timeout <= 0:
        raise ValueError("timeout must be more than 0 seconds")
    if max_retries < 0:
        raise ValueError("max_retries must be 0 or more")
    key = _first(api_key, os.environ.get("SMARA_API_KEY"))
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError("api_key holds characters that no key has; was it copied whole?")
    return Config(
        base_url=url.rstrip("/"),
        api_key=key,
        timeout=timeout,
        max_retries=max_retries,
    )


def _first(*candidates: str | None) -> str | None:
    return next((text.strip() for text in candidates if text and text.strip()), None)
