"""Map error families to status codes, and render every error in one form: ``{"error": "<text>",
"code": "<stable>"}``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app import errors, provider_errors
from app.api.schemas.json_body import problems_of
from app.logs import log
from app.startup import runtime

STATUS: dict[type[errors.ServiceError], int] = {
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.PlanLimit: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.RequestTimeout: 408,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Unprocessable: 422,
    errors.RateLimited: 429,
    provider_errors.ProviderError: 503,
    errors.Overloaded: 503,
    errors.DatabaseUnavailable: 503,
    errors.ServiceError: 500,
}
"""The status of an error is that of the nearest family among its ancestors."""

RETRY_AFTER_SECONDS = "2"


class ErrorDetail(BaseModel):
    """Where in the request something is wrong, and what."""

    path: str = Field(examples=["messages[3].content"])
    message: str = Field(examples=["must not contain the NUL character"])


class ErrorBody(BaseModel):
    """The body of every refused request."""

    error: str = Field(
        description="For people.", examples=["messages[3].content: must not contain NUL"]
    )
    code: str = Field(description="Stable, for programs.", examples=["validation"])
    details: list[ErrorDetail] | None = Field(
        None, description="With code `validation`: each thing that is wrong."
    )


class PlanLimitBody(ErrorBody):
    """The body of a refusal because the tenant's plan has no room."""

    plan: str
    limit: int
    used: int
    upgrade_url: str


def error_response(status: int, code: str, message: str, **extra: Any) -> JSONResponse:
    """Render an error in the one form."""
    headers = {"Retry-After": RETRY_AFTER_SECONDS} if status in (429, 503) else None
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse({"error": message, "code": code, **extra}, status, headers)


def service_error_response(error: errors.ServiceError) -> JSONResponse:
    """Render one of our own errors. The database's own message stays in the log."""
    if isinstance(error, errors.DatabaseUnavailable):
        log.warning("database_error", sqlstate=error.sqlstate)
    status = next(STATUS[family] for family in type(error).__mro__ if family in STATUS)
    extra: dict[str, Any] = {}
    if isinstance(error, errors.PlanLimit):
        extra = {
            "plan": error.plan,
            "limit": error.limit,
            "used": error.used,
            "upgrade_url": runtime().settings.upgrade_url,
        }
    response = error_response(status, error.code, str(error), **extra)
    retry_after = getattr(error, "retry_after_seconds", None)
    if retry_after is not None and isinstance(error, errors.RateLimited | errors.Overloaded):
        response.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    if isinstance(error, errors.RateLimited):
        response.headers.update(error.headers)
    if isinstance(error, errors.RequestTimeout):
        response.headers["Connection"] = "close"
    return response


def internal_error_response() -> JSONResponse:
    """Render the answer for a bug of the service."""
    return error_response(500, "internal", "A fault of the service; its log says more.")


def install(app: FastAPI) -> None:
    """Render every error of the app in the one form."""

    @app.exception_handler(errors.ServiceError)
    async def service_error(_: Request, error: errors.ServiceError) -> JSONResponse:
        return service_error_response(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = problems_of(request, error)
        details = [
            {"path": _path(each["loc"]), "message": _message(each)} for each in problems.first
        ]
        first = details[0]
        more = f" (and {problems.count - 1} more)" if problems.count > 1 else ""
        text = (
            f"{first['path']}: {first['message']}{more}"
            if first["path"]
            else f"{first['message']}{more}"
        )
        return error_response(422, "validation", text, details=details)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code in (404, 405):
            return error_response(
                404,
                "not_found",
                f"There is no {request.method} {request.url.path} here; see /docs.",
            )
        return error_response(error.status_code, "http_error", str(error.detail))


def _path(location: Sequence[Any]) -> str:
    """("body", "messages", 3, "content") → "messages[3].content"."""
    path = ""
    for part in (
        location[1:]
        if location and location[0] in ("body", "query", "path", "header")
        else location
    ):
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _message(error: dict[str, Any]) -> str:
    message = str(error["msg"])
    if error["type"] == "string_too_short" and error["ctx"]["min_length"] == 1:
        return "must not be blank"
    return message.removeprefix("Value error, ")
