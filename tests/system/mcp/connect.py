"""The official MCP client, by stdio and over HTTP."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx2
from mcp import Client as McpClient
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

Mode = Literal["auto", "legacy"]
"""The protocol of 2026 with its fallback, or the handshake that older clients begin with."""


@asynccontextmanager
async def by_stdio(mode: Mode = "auto", **environment: str) -> AsyncIterator[McpClient]:
    """A client of a process of its own."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", "from app.mcp.stdio import main; main()"],
        env=environment,
    )
    async with McpClient(server, mode=mode, read_timeout_seconds=60) as client:
        yield client


@asynccontextmanager
async def over_http(
    base_url: str, api_key: str, mode: Mode = "auto", path: str = "/mcp"
) -> AsyncIterator[McpClient]:
    """A client of the API process."""
    async with httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {api_key}"}, timeout=60, trust_env=False
    ) as http:
        transport = streamable_http_client(base_url + path, http_client=http)
        async with McpClient(transport, mode=mode) as client:
            yield client


def text(result: CallToolResult) -> str:
    """The one text of a result."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def answer(result: CallToolResult) -> Any:
    """The service's answer, which text and structured content both hold."""
    assert not result.is_error, text(result)
    assert json.loads(text(result)) == result.structured_content
    return result.structured_content


def failure(result: CallToolResult) -> str:
    """What a failed call says."""
    assert result.is_error, text(result)
    return text(result)
