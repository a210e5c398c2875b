"""Calls to the app that runs in this very process."""

from __future__ import annotations

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

from app.logs import log

IN_PROCESS_URL = "http://localhost"
"""Any address does where no socket is opened."""


def in_process(app: ASGIApp) -> httpx2.AsyncClient:
    """A client of the ASGI app itself: no socket, but its gate, validation and errors.

    A fault of the app is answered with 500, as over the network, and logged.
    """
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=_Logged(app), raise_app_exceptions=False),
        trust_env=False,
    )


class _Logged:
    """Over the network the HTTP server logs what an app raises after it has answered 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception:
            log.exception("in_process_request_failed", method=scope["method"])
            raise
