"""Build what serves /mcp. Only this module and app/mcp/server.py import mcp into the API."""

from __future__ import annotations

import httpx2
from fastapi import FastAPI
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from app.mcp.server import Context, memory_server
from app.mcp.tools.in_process import IN_PROCESS_URL, in_process
from app.mcp.tools.requests import send
from app.mcp.tools.tool import Call, Defaults


def session_manager(app: FastAPI) -> StreamableHTTPSessionManager:
    """Build a manager whose tool calls become requests to ``app`` itself."""

    async def send_to_ourselves(call: Call, context: Context) -> httpx2.Response:
        key = context.request.headers["authorization"]
        async with in_process(app, context.request.scope) as client:
            return await send(client, IN_PROCESS_URL, call, {"Authorization": key})

    # Without security settings mcp checks neither Host nor Origin. Those checks protect servers
    # that trust whoever reaches them; this one trusts a key that no page can know.
    return StreamableHTTPSessionManager(
        memory_server(send_to_ourselves, Defaults(source="mcp")),
        stateless=True,
        json_response=True,
    )
