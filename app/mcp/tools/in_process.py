"""Call the app that runs in this same process."""

from __future__ import annotations

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from app.logs import log

IN_PROCESS_URL = "http://localhost"
"""Any address will do, since no socket is opened."""


def in_process(app: ASGIApp, outer: Scope) -> httpx2.AsyncClient:
    """Build a client of the ASGI app itself: no socket, but its middleware, validation and errors.

    ``outer`` is the request that the client's requests serve: together they count as one request. A
    bug of the app is answered with 500, as over the network, and logged.
    """
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=_Inner(app, outer), raise_app_exceptions=False),
        trust_env=False,
    )


class _Inner:
    """The app for an inner request, which knows its outer one. Over the network the HTTP server
    logs what an app raises after it has answered 500."""

    def __init__(self, app: ASGIApp, outer: Scope) -> None:
        self._app, self._outer = app, outer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["smara.outer"] = self._outer
        try:
            await self._app(scope, receive, send)
        except Exception:
            log.exception("in_process_request_failed", method=scope["method"])
            raise
