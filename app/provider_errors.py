"""The error families of paid providers, and the family of each HTTP status: one table for all
providers."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.errors import ServiceError

RETRY_AFTER_MAX_SECONDS = 900.0
"""The longest pause that a provider may ask for; some have asked for days."""

_MONEY_IS_OUT = re.compile(
    r"credit balance|spend(ing)? limit|usage limits?|out of credit|insufficient (credit|balance"
    r"|fund|quota)",
    re.I,
)


class ProviderError(ServiceError):
    """A paid provider did not give a usable answer.

    ``waits`` is set when the failure has opened the provider's circuit, or has found it open: then
    the fault is not the conversation's, and uses up no attempt.
    """

    code = "provider_error"
    waits = False


class ProviderUnavailable(ProviderError):
    """The provider is away, over capacity or too slow. The worker tries again later; the API
    answers 503.

    ``retry_after_seconds`` is what the provider asked for, if it did. ``rate_limited`` (429) uses
    up no attempt.
    """

    code = "provider_unavailable"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after_seconds: float | None = None,
        rate_limited: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds
        self.rate_limited = rate_limited


class CircuitOpen(ProviderUnavailable):
    """The provider's circuit is open, so it was not called."""

    code = "circuit_open"
    waits = True


class ProviderThrottled(ProviderUnavailable):
    """Our own limit of calls or tokens a minute is used up, so the provider was not called."""

    code = "provider_throttled"
    waits = True


class ProviderRefused(ProviderError):
    """The provider rejects the API key, or the account has no credit. Conversations wait; an
    operator must fix it."""

    code = "provider_refused"


class ProviderRejected(ProviderError):
    """The provider will never accept this request. The conversation is dead until somebody changes
    something."""

    code = "provider_rejected"


class ProviderAnswerInvalid(ProviderError):
    """The provider answered 200 with something unusable: truncated, malformed, wrong dimension. It
    is tried again, a limited number of times.

    ``tokens`` is what it is billed for, an app.rules.types.Usage, where the answer says so.
    """

    code = "provider_answer_invalid"

    def __init__(
        self, message: str, *, code: str | None = None, tokens: object | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.tokens = tokens


class ProviderDeclined(ProviderAnswerInvalid):
    """The model declined to read this. It is asked one more time, since it may answer
    differently."""

    code = "refused"


class ProviderAnswerTruncated(ProviderAnswerInvalid):
    """The answer stopped at its token limit. It is never a success; a smaller window may fit."""

    code = "provider_answer_truncated"


def error_for_status(
    provider: str,
    status: int,
    *,
    retry_after: str | None,
    message: str = "",
    money_is_out: bool = False,
) -> ProviderError:
    """Give the error that an answer with this status (not a success) means.

    ``retry_after`` is the raw header. ``message``, the provider's own words, is only searched for
    words that mean an account without credit, and goes no further: it may quote people's text.
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
    """Parse a Retry-After header, seconds or an HTTP date, to seconds from 0 to 900. None when it
    is absent or malformed."""
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
