"""The errors that a call can raise. ``except SmaraError`` catches all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smara.models import Conversation


class SmaraError(Exception):
    """A call to the memory service failed.

    ``status`` is the HTTP status and ``code`` the service's stable code; both are None when no
    answer came. ``body`` is the parsed answer (a dict, or text where it was no JSON),
    ``request_id`` the answer's X-Request-Id if it had one.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        body: Any = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.body = body
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.message} (HTTP {self.status})" if self.status else self.message


class APIConnectionError(SmaraError):
    """No answer: the service could not be reached, or the connection was closed."""


class APITimeoutError(APIConnectionError, TimeoutError):
    """No complete answer within the timeout."""


class InvalidResponse(SmaraError):
    """An answer that is not the service's: HTML from a proxy, a redirect, JSON of another shape."""


class APIStatusError(SmaraError):
    """The service refused the call; each status has its own class below."""

    def field(self, name: str) -> Any:
        """Give one field of the refusal's body, or None."""
        return self.body.get(name) if isinstance(self.body, Mapping) else None


class BadRequest(APIStatusError):
    """400: the body is not JSON."""


class AuthenticationError(APIStatusError):
    """401: there is no API key, or it is unknown. Also raised before a call when no key is set."""


class PlanLimitError(APIStatusError):
    """402: the plan's limit is reached."""

    @property
    def plan(self) -> str | None:
        """The plan's name."""
        return _text(self.field("plan"))

    @property
    def limit(self) -> int | None:
        """How many the plan allows."""
        return _whole(self.field("limit"))

    @property
    def used(self) -> int | None:
        """How many there are."""
        return _whole(self.field("used"))

    @property
    def upgrade_url(self) -> str | None:
        """Where to get a larger plan."""
        return _text(self.field("upgrade_url"))


class PermissionDenied(APIStatusError):
    """403: the key, or the user's role in a team, does not allow this."""


class NotFound(APIStatusError):
    """404: it does not exist in your tenant."""


class RequestTimeout(APIStatusError):
    """408: the body did not arrive in time, also after the retries."""


class Conflict(APIStatusError):
    """409: it conflicts with what exists; ``code`` says how."""


class Gone(APIStatusError):
    """410: it was possible before, and is no longer."""


class PreconditionFailed(APIStatusError):
    """412: what was to be changed is no longer as ``if_match`` says; read it again."""


class PayloadTooLarge(APIStatusError):
    """413: the body is larger than the service takes; send it in parts."""


class UnsupportedMediaType(APIStatusError):
    """415: the body did not arrive as JSON; a proxy may have changed its content type."""


class ValidationFailed(APIStatusError):
    """422: something in the request is not valid."""

    @property
    def details(self) -> list[dict[str, str]]:
        """Each thing that is wrong, as ``{"path": …, "message": …}``."""
        return list(self.field("details") or ())


class RateLimited(APIStatusError):
    """429: too many calls, also after the retries."""

    retry_after: float | None = None
    """Seconds until the service answers again, if it said so."""


class ServerError(APIStatusError):
    """5xx: a bug of the service, or a failure of a proxy before it."""


class ServiceUnavailable(ServerError):
    """503: the service is up, but its database or a provider is away."""

    retry_after: float | None = None
    """Seconds until the service answers again, if it said so."""


class ConversationFailed(SmaraError):
    """A conversation that was waited for ended without memories: it is dead or cancelled.

    ``code`` says why; ``conversation`` is the conversation, whose ``error.replayable`` says whether
    ``client.conversations.replay`` can help.
    """

    def __init__(self, conversation: Conversation) -> None:
        reason = conversation.error
        detail = f": {reason.message} [{reason.code}]" if reason else ""
        super().__init__(
            f"Conversation {conversation.id} is {conversation.status}{detail}",
            code=reason.code if reason else conversation.status,
            body=conversation,
        )
        self.conversation = conversation


class WaitTimeout(SmaraError, TimeoutError):
    """A conversation is not finished yet; the service goes on working on it.

    ``conversation.waiting_for`` and ``conversation.error`` say what it waits for, if anything.
    """

    def __init__(self, conversation: Conversation, seconds: float) -> None:
        reason = conversation.error
        detail = f": {reason.message} [{reason.code}]" if reason else ""
        super().__init__(
            f"Conversation {conversation.id} is still {conversation.status} after"
            f" {round(seconds, 1):g} s{detail}",
            code="wait_timeout",
            body=conversation,
        )
        self.conversation = conversation


BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequest,
    401: AuthenticationError,
    402: PlanLimitError,
    403: PermissionDenied,
    404: NotFound,
    408: RequestTimeout,
    409: Conflict,
    410: Gone,
    412: PreconditionFailed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    422: ValidationFailed,
    429: RateLimited,
    503: ServiceUnavailable,
}


def error_class(status: int) -> type[APIStatusError]:
    """Give the class for a status of 400 and more."""
    return BY_STATUS.get(status, ServerError if status >= 500 else APIStatusError)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
