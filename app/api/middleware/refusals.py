"""Render errors that are raised outside of the routes: by the middleware, or by a bug of the
service."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import internal_error_response, service_error_response
from app.errors import ServiceError
from app.logs import log


class Refusals:
    """Renders errors as the routes do, on a connection that stays usable."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise  # Half an answer can only be aborted.
            if isinstance(error, ServiceError):
                response = service_error_response(error)
            else:
                log.exception("request_failed", method=scope["method"])
                response = internal_error_response()
            await response(scope, receive, send)
