"""One HTTP request before it is sent: plain data."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlencode

_KEY = re.compile(r"[\x21\x23-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` is below the base URL and holds the query.

    ``repeatable``: a second sending does no harm, so it may follow when the fate of the first is
    unknown. ``removes``: when such a second sending is told 404, the first one did the work.
    ``keyless``: needs no API key.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False
    removes: bool = False
    keyless: bool = False


def get(path: str, params: Mapping[str, Any] | None = None, *, keyless: bool = False) -> Request:
    """Build a read."""
    return Request("GET", path + query(params or {}), repeatable=True, keyless=keyless)


def ask(path: str, body: Mapping[str, Any]) -> Request:
    """Build a read with its parameters in the body."""
    return Request("POST", path, encode(given(body)), repeatable=True)


def create(path: str, body: Mapping[str, Any], key: str | None = None) -> Request:
    """Build a POST that stores: one Idempotency-Key for all of its attempts, so nothing is
    doubled."""
    key = key or str(uuid.uuid4())
    if not _KEY.fullmatch(key):
        raise ValueError("idempotency_key must be 1 to 255 visible ASCII characters")
    headers = {"Idempotency-Key": key}
    return Request("POST", path, encode(given(body)), headers, repeatable=True)


def act(path: str, body: Mapping[str, Any] | None = None, *, keyless: bool = False) -> Request:
    """Build a POST that would do more if it were executed twice; it is sent again only if it never
    arrived."""
    return Request("POST", path, encode(given(body or {})), keyless=keyless)


def change(
    path: str,
    body: Mapping[str, Any],
    *,
    if_match: object = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Build a PATCH. None is sent as null: the caller leaves out what is not to change.

    ``if_match`` is an answer that was read, or its ``etag``. Such a change is sent again only if it
    never arrived: if the first one was made, a second would be told that the thing has changed.
    """
    sent = dict(headers or {})
    if if_match is not None:
        etag = getattr(if_match, "etag", if_match)
        if not isinstance(etag, str):
            raise ValueError("if_match has no etag: give what get() or an update has answered")
        sent["If-Match"] = etag
    return Request("PATCH", path, encode(body), sent, repeatable=if_match is None)


def remove(path: str, params: Mapping[str, Any] | None = None) -> Request:
    """Build a DELETE."""
    return Request("DELETE", path + query(params or {}), repeatable=True, removes=True)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def segment(identifier: object) -> str:
    """Encode an id as one path segment, whatever characters it has."""
    text = quote(str(identifier), safe="")
    if not text:
        raise ValueError("an id must not be empty")
    # A segment of dots would be taken for a step up in the tree.
    return text.replace(".", "%2E") if set(text) == {"."} else text


def query(params: Mapping[str, Any]) -> str:
    """Build ``?a=1&b=true``, without what is None; a mapping becomes JSON."""
    pairs = {name: _parameter(value) for name, value in params.items() if value is not None}
    return f"?{urlencode(pairs, errors='surrogatepass')}" if pairs else ""


def _parameter(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return encode(value).decode()
    return str(value)


def encode(body: Any) -> bytes:
    """Encode ``body`` as JSON in UTF-8. Times become ISO 8601, models become mappings."""
    text = json.dumps(
        body, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8: escaped, it reaches the service, which says where it is.
        return json.dumps(body, default=_plain, allow_nan=False).encode()


def iso(at: datetime) -> str:
    """Format a time as ISO 8601 with an offset; a time without one is taken as UTC, as the service
    does."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date | uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
