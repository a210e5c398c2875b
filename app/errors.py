"""What can go wrong, in families; a family says what follows from it."""

from __future__ import annotations


class ServiceError(Exception):
    """The root of every error that we raise on purpose.

    ``code`` is stable and for programs, the message is for people. Neither carries anybody's text.
    """

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class ProviderError(ServiceError):
    """A paid provider did not give a usable answer.

    ``waits`` is set once the failure is known to have opened the provider's circuit, or to have met
    it open: then the fault is not the conversation's, and burns no attempt.
    """

    code = "provider_error"
    waits = False


class ProviderUnavailable(ProviderError):
    """Down, over capacity or too slow. The worker tries again later; the API says 503.

    ``retry_after_seconds`` is what the provider asked for, when it asked. ``rate_limited`` (429)
    burns no attempt.
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


class ProviderPaused(ProviderUnavailable):
    """The provider's circuit is open, so it was not asked."""

    code = "provider_paused"
    waits = True


class ProviderPaced(ProviderUnavailable):
    """Our own limit of calls or tokens a minute is used up, so the provider was not asked."""

    code = "provider_paced"
    waits = True


class ProviderRefused(ProviderError):
    """The account cannot call the provider at all: key refused, money out. Jobs wait; an operator
    is needed."""

    code = "provider_refused"


class ProviderRejected(ProviderError):
    """The provider will never take this request. The conversation is dead until somebody changes
    something."""

    code = "provider_rejected"


class ProviderAnswerInvalid(ProviderError):
    """The provider answered 200 with something unusable: truncated, malformed, wrong dimension.
    Tried again, boundedly.

    ``tokens`` is what it is billed for, an app.rules.types.Usage, where the answer says so.
    """

    code = "provider_answer_invalid"

    def __init__(
        self, message: str, *, code: str | None = None, tokens: object | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.tokens = tokens


class ProviderDeclined(ProviderAnswerInvalid):
    """The provider will not read this. It is asked once more, as it is not always of one mind."""

    code = "refused"


class ProviderAnswerTruncated(ProviderAnswerInvalid):
    """The answer stopped at its token limit. It is never a success; a smaller part may fit."""

    code = "provider_answer_truncated"


class BadRequest(ServiceError):
    """The request cannot be read at all."""

    code = "bad_request"


class Unauthenticated(ServiceError):
    """No key, or none that is known; the answer is the same for every cause."""

    code = "unauthenticated"


class Forbidden(ServiceError):
    """The key is known and may not do this."""

    code = "forbidden"


class PlanLimit(ServiceError):
    """The tenant holds as much as its plan allows. The fields say which limit it is."""

    code = "plan_limit"

    def __init__(self, what: str, *, plan: str, limit: int, used: int) -> None:
        super().__init__(f"The plan {plan!r} allows {limit} {what}, and {used} are in use.")
        self.plan, self.limit, self.used = plan, limit, used


class OverBudget(PlanLimit):
    """The month's money, or the whole installation's for the day, has no room for another call.
    ``limit`` and ``used`` are millionths of a US dollar; what calls under way may cost counts as
    used."""

    code = "budget"

    def __init__(self, whose: str, *, plan: str, limit: int, used: int) -> None:
        ServiceError.__init__(
            self,
            f"{whose} of {limit / 1e6:.2f} US dollars has no room for another call: "
            f"{used / 1e6:.2f} are spent or reserved.",
        )
        self.plan, self.limit, self.used = plan, limit, used


class NotFound(ServiceError):
    """There is no such thing in the caller's tenant."""

    code = "not_found"


class Conflict(ServiceError):
    """The thing is there, and its state does not allow this."""

    code = "conflict"


class Gone(ServiceError):
    """It was there once and is used up."""

    code = "gone"


class RateLimited(ServiceError):
    """Too many attempts; later is better."""

    code = "rate_limited"


class TooLarge(ServiceError):
    """The body is larger than settings allow."""

    code = "body_too_large"


class UnsupportedMediaType(ServiceError):
    """The body is not what this API reads."""

    code = "unsupported_media_type"


class Unprocessable(ServiceError):
    """The request was read and means nothing valid."""

    code = "validation"
