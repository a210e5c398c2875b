"""What a provider's rate limit headers say: how many calls are left, and for how long.

Anthropic: ``anthropic-ratelimit-requests-remaining`` and ``…-reset`` (RFC 3339), and the same of
``tokens``, ``input-tokens`` and ``output-tokens``. OpenAI and what speaks its API:
``x-ratelimit-remaining-requests`` and ``x-ratelimit-reset-requests`` (``1m30s``, ``120ms``), and
the same of ``tokens``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_KINDS = {
    "anthropic-ratelimit-{}-remaining": "anthropic-ratelimit-{}-reset",
    "x-ratelimit-remaining-{}": "x-ratelimit-reset-{}",
}
_COUNTED = ("requests", "tokens", "input-tokens", "output-tokens")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
LONGEST_SECONDS = 60.0
"""Counts are per minute; what claims to hold for longer is asked again after this."""


@dataclass(frozen=True, slots=True)
class Left:
    """Calls that the provider still takes, within the next ``seconds``."""

    calls: int
    seconds: float


def calls_left(headers: Mapping[str, str], *, tokens_per_call: float, now: datetime) -> Left | None:
    """Read the headers of an answer, names in lower case; None when they say nothing.
    ``tokens_per_call`` turns tokens that are left into calls."""
    found = [
        left
        for remaining, reset in _KINDS.items()
        for counted in _COUNTED
        if (
            left := _left(
                headers.get(remaining.format(counted)),
                headers.get(reset.format(counted)),
                1.0 if counted == "requests" else max(tokens_per_call, 1.0),
                now,
            )
        )
    ]
    return min(found, key=lambda left: left.calls, default=None)


def _left(remaining: str | None, reset: str | None, per_call: float, now: datetime) -> Left | None:
    if remaining is None or reset is None or not remaining.isascii() or not remaining.isdigit():
        return None
    seconds = _seconds(reset, now)
    if seconds is None or seconds <= 0:
        return None
    return Left(int(int(remaining) // per_call), min(seconds, LONGEST_SECONDS))


def _seconds(reset: str, now: datetime) -> float | None:
    spans = _SPAN.findall(reset)
    if spans and "".join(number + unit for number, unit in spans) == reset:
        return sum(float(number) * _UNITS[unit] for number, unit in spans)
    try:
        at = datetime.fromisoformat(reset)
    except ValueError:
        return None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
