"""A provider's HTTP status as one of our error families: one table for all providers."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.errors import ProviderError, ProviderRefused, ProviderRejected, ProviderUnavailable

RETRY_AFTER_MAX_SECONDS = 900.0
"""A provider may ask for no longer a pause than this; some have asked for days."""

_MONEY_IS_OUT = re.compile(
    r"credit balance|spend(ing)? limit|usage limits?|out of credit|insufficient (credit|balance"
    r"|fund|quota)",
    re.I,
)


def error_for_status(
    provider: str,
    status: int,
    *,
    retry_after: str | None,
    message: str = "",
    money_is_out: bool = False,
) -> ProviderError:
    """The error that an answer with this status (not a success) means.

    ``retry_after`` is the header as it came. ``message``, the provider's own words, is only
    searched for its ways of saying that the money is out, and goes no further: it may quote
    people's text.
    """
    said = f"{provider} answered {status}"
    if money_is_out or status == 402 or (400 <= status < 500 and _MONEY_IS_OUT.search(message)):
        return ProviderRefused(
            f"{said}: the account's money or limit is used up.", code="provider_billing"
        )
    if status in (401, 403):
        return ProviderRefused(f"{said}: the API key is refused.", code="provider_key_refused")
    if status == 404:
        return ProviderRefused(
            f"{said}: it does not know the model or the address.", code="provider_not_found"
        )
    pause = retry_after_seconds(retry_after)
    if status == 429:
        return ProviderUnavailable(
            f"{said}: too many requests.",
            code="provider_rate_limited",
            retry_after_seconds=pause,
            rate_limited=True,
        )
    if status in (408, 409) or status >= 500:
        return ProviderUnavailable(f"{said}.", retry_after_seconds=pause)
    if status == 413:
        return ProviderRejected(
            f"{said}: the request is too large.", code="provider_request_too_large"
        )
    return ProviderRejected(f"{said}: it does not take this request.")


def retry_after_seconds(header: str | None, *, now: datetime | None = None) -> float | None:
    """A Retry-After header, seconds or an HTTP date, as seconds from 0 to 900. None when it is
    absent or malformed.
    """
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAX_SECONDS)
