"""The error families of the service. A family says what follows from the error."""

from __future__ import annotations

from collections.abc import Mapping


class ServiceError(Exception):
    """The root of every error that we raise on purpose.

    ``code`` is stable and for programs, the message is for people. Neither quotes anybody.
    """

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


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
    """The tenant's plan has no room. The fields say which limit it is."""

    code = "plan_limit"

    def __init__(self, what: str, *, plan: str, limit: int, used: int) -> None:
        super().__init__(f"The plan {plan!r} allows {limit} {what}, and {used} are in use.")
        self.plan, self.limit, self.used = plan, limit, used


class OverBudget(PlanLimit):
    """The tenant's month, or the installation's day, has no money for another call. ``limit`` and
    ``used`` are millionths of a US dollar; what calls under way may cost counts as used."""

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
    """It exists, and its state does not allow this."""

    code = "conflict"


class Duplicate(Conflict):
    """The database has the same thing already."""

    code = "duplicate"


class MissingReference(NotFound):
    """What is to be written refers to something that does not exist."""


class PreconditionFailed(ServiceError):
    """It is no longer in the version that the request names."""

    code = "precondition_failed"


class Gone(ServiceError):
    """It existed, and is used up."""

    code = "gone"


class RateLimited(ServiceError):
    """More than a limit allows. ``retry_after_seconds`` says when there is room again, where that
    is known; ``headers`` say which limit it is."""

    code = "rate_limited"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retry_after_seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers or {}


class Overloaded(ServiceError):
    """The service is behind with its work, and accepts no new conversations for a while."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RequestTimeout(ServiceError):
    """The body did not arrive in time."""

    code = "request_timeout"


class DatabaseUnavailable(ServiceError):
    """The database is away, full, or too slow. ``sqlstate`` is its own code; None when the
    connection was lost or none could be had."""

    code = "database_unavailable"

    def __init__(self, message: str, *, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class Unstorable(ServiceError):
    """The database does not accept what was to be written, however often it is tried."""

    code = "unstorable"


class TooLarge(ServiceError):
    """The body is larger than settings allow."""

    code = "body_too_large"


class UnsupportedMediaType(ServiceError):
    """The body is not of a type that this API reads."""

    code = "unsupported_media_type"


class Unprocessable(ServiceError):
    """The request can be read, and is not valid."""

    code = "validation"
