"""Serve MCP over streamable HTTP, at /mcp of the API process.

Stateless, with JSON answers: a request needs nothing that an earlier one left behind, so any API
process behind a load balancer can serve it, and a restart loses no session. A tool call becomes a
request to the app itself, in this process and with the caller's own key, so that it passes the same
checks as one over the network.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.errors import Unauthenticated
from app.mcp.server import Context, memory_server
from app.mcp.tools.in_process import IN_PROCESS_URL, in_process
from app.mcp.tools.requests import send
from app.mcp.tools.tool import Call, Defaults

PATH = "/mcp"


def mount(app: FastAPI) -> None:
    """Add /mcp to the app. It answers while ``serving(app)`` is entered."""
    for path in (PATH, f"{PATH}/"):
        app.router.routes.append(Route(path, _Endpoint(), include_in_schema=False))


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[None]:
    """Run what /mcp needs; for the app's lifespan."""

    async def send_to_ourselves(call: Call, context: Context) -> httpx2.Response:
        key = context.request.headers["authorization"]
        async with in_process(app, context.request.scope) as client:
            return await send(client, IN_PROCESS_URL, call, {"Authorization": key})

    # Without security settings mcp checks neither Host nor Origin. Those checks protect servers
    # that trust whoever reaches them; this one trusts a key that no page can know.
    sessions = StreamableHTTPSessionManager(
        memory_server(send_to_ourselves, Defaults(source="mcp")),
        stateless=True,
        json_response=True,
    )
    async with sessions.run():
        app.state.mcp_sessions = sessions
        yield


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
        await scope["app"].state.mcp_sessions.handle_request(scope, receive, send)
