"""Decide whether to send a request again, and when."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping

from smara._request import Request

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
BASE_SECONDS = 0.5
MOST_SECONDS = 8.0
MOST_RETRY_AFTER_SECONDS = 60.0


def again_after_status(request: Request, status: int) -> bool:
    """Whether a request should be sent again after this status.

    A 429 was refused before any work, so it is safe for every call; after the others the work may
    have been done.
    """
    return status in RETRIED_STATUSES and (request.repeatable or status == 429)


def again_after_failure(request: Request, *, arrived: bool) -> bool:
    """Whether to send again when no answer came. ``arrived``: the service may have received it."""
    return request.repeatable or not arrived


def pause(attempt: int, headers: Mapping[str, str] | None = None) -> float:
    """Give the seconds to wait after the ``attempt``-th sending (from 1) failed.

    Exponential with full jitter, and not less than the answer's Retry-After, which counts for at
    most a minute.
    """
    backoff = random.uniform(0, min(MOST_SECONDS, BASE_SECONDS * 2 ** (attempt - 1)))
    asked = retry_after(headers or {})
    return max(backoff, min(asked, MOST_RETRY_AFTER_SECONDS)) if asked is not None else backoff


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Parse a Retry-After header, given as seconds or as an HTTP date; None without one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    from email.utils import parsedate_to_datetime  # Rarely needed, and not light.

    try:
        at = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    return max(0.0, at - time.time())
