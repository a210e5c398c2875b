"""The refusals of the gate: what they are, and when it is worth trying again."""

from __future__ import annotations

from collections.abc import Mapping

from app.errors import RateLimited, ServiceError


class TooMany(RateLimited):
    """More than a limit allows. ``headers`` say which limit it is."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers or {}


class Overloaded(ServiceError):
    """The service is behind with everybody's work, and takes no new one for a while."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooSlow(ServiceError):
    """The body did not come in time."""

    code = "request_timeout"
