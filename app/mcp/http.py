"""Serve MCP over streamable HTTP, at /mcp of the API process.

Stateless, with JSON answers: a request needs nothing that an earlier one left behind, so any API
process behind a load balancer can serve it, and a restart loses no session. A tool call becomes a
request to the app itself, in this process and with the caller's own key, so that it passes the same
checks as one over the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.errors import Unauthenticated

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"


def mount(app: FastAPI) -> None:
    """Add /mcp to the app. It answers while ``serving(app)`` is entered."""
    for path in (PATH, f"{PATH}/"):
        app.router.routes.append(Route(path, _Endpoint(), include_in_schema=False))


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[None]:
    """Run what /mcp needs, from its first request on; for the app's lifespan."""
    sessions = app.state.mcp_sessions = _Sessions(app)
    try:
        yield
    finally:
        await sessions.stop()


class _Sessions:
    """mcp's session manager. It starts with the first request: the package takes half a second and
    20 MB, which an API that nobody asks for MCP does not spend."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._started: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            # In a task of its own, since the manager has to be left in the task that entered it.
            self._running = asyncio.create_task(self._run(self._started))
        manager = await asyncio.shield(self._started)
        await manager.handle_request(scope, receive, send)

    async def stop(self) -> None:
        """Stop the manager, if it runs."""
        self._stop.set()
        if self._running is not None:
            await self._running

    async def _run(self, started: asyncio.Future[StreamableHTTPSessionManager]) -> None:
        try:
            manager = await asyncio.to_thread(_imported, self._app)
        except Exception as error:  # Whoever asks gets it.
            started.set_exception(error)
            return
        async with manager.run():
            started.set_result(manager)
            await self._stop.wait()


def _imported(app: FastAPI) -> StreamableHTTPSessionManager:
    from app.mcp.sessions import session_manager

    return session_manager(app)


class _Endpoint:
    """Passes POST to mcp; there is no session to end and no stream to open, so nothing else is
    served."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "caller" not in scope.get("state", {}):  # No authentication stood before it.
            raise Unauthenticated("Send a valid API key: Authorization: Bearer smara_…")
        if scope["method"] != "POST":
            refusal = JSONResponse(
                {"error": "Send MCP messages by POST.", "code": "method_not_allowed"},
                405,
                {"Allow": "POST"},
            )
            return await refusal(scope, receive, send)
        await scope["app"].state.mcp_sessions.handle(scope, receive, send)
