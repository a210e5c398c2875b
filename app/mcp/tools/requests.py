"""Send calls as HTTP requests."""

from __future__ import annotations

import json

import httpx2

from app.mcp.tools.tool import Call

TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
"""In seconds. The service answers well within this; a connection that hangs must not hang an
agent."""


async def send(
    client: httpx2.AsyncClient, base_url: str, call: Call, headers: dict[str, str]
) -> httpx2.Response:
    """Send ``call``, and give the answer whatever its status. The request says that a model decided
    on it."""
    headers = {"Accept": "application/json", "Smara-Stated-By": "model", **headers}
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        content = json.dumps(call.body)
    return await client.request(
        call.method, base_url + call.target, content=content, headers=headers
    )
