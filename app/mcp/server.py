"""Build the MCP server, for any way of sending its requests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from typing import Any

import httpx2
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as McpTool

from app.mcp.instructions import instructions
from app.mcp.tools.table import MCP_TOOLS
from app.mcp.tools.tool import BadArguments, Call, Defaults, Tool, call_of, input_schema

Context = Any
"""mcp's ServerRequestContext; its type parameters do not matter here."""

Send = Callable[[Call, Context], Awaitable[httpx2.Response]]
"""Sends a call on behalf of the caller. Raises Unreachable when there is no answer."""

VERSION = version("smara-server")


class Unreachable(Exception):
    """The service did not answer; the message tells the LLM, or the person behind it, what to
    do."""


def memory_server(send: Send, defaults: Defaults) -> Server[Any]:
    """Build a server that sends its tool calls by ``send``."""
    tools = {tool.name: tool for tool in MCP_TOOLS}
    listed = ListToolsResult(tools=[_listed(tool, defaults) for tool in MCP_TOOLS])

    async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return listed

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            raise MCPError(
                INVALID_PARAMS,
                f"There is no tool `{params.name[:100]}`; there are {', '.join(tools)}.",
            )
        arguments = params.arguments or {}
        try:
            answer = await send(call_of(tool, arguments, defaults), context)
        except BadArguments as error:
            return _failed(f"{error}{_left_out(tool, arguments)}")
        except Unreachable as error:
            return _failed(str(error))
        return _result(answer)

    return Server(
        "smara",
        version=VERSION,
        title="Smara memory",
        instructions=instructions(defaults),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _left_out(tool: Tool, arguments: Mapping[str, Any]) -> str:
    """Name the arguments that the tool does not have. Clients add some of their own, so they are
    ignored; where something is missing, one of them may be meant for it."""
    known = [each.name for each in tool.shown]
    unknown = [name[:100] for name in arguments if name not in known]
    if not unknown:
        return ""
    return f" ({tool.name} has no {', '.join(unknown)}; it takes {', '.join(known) or 'nothing'})"


def _listed(tool: Tool, defaults: Defaults) -> McpTool:
    return McpTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=input_schema(tool, defaults),
        annotations=ToolAnnotations(
            read_only_hint=tool.reads_only,
            destructive_hint=tool.destroys,
            open_world_hint=False,
        ),
    )


def _result(answer: httpx2.Response) -> CallToolResult:
    if not answer.is_success:
        return _failed(f"HTTP {answer.status_code}: {answer.text}")
    try:
        body = answer.json() if answer.content else {}  # A 204 has done its work as well.
    except ValueError:
        return _failed(
            f"HTTP {answer.status_code}, but the answer is not JSON. Does SMARA_API_URL name the "
            "memory service?"
        )
    return CallToolResult(
        content=[TextContent(text=json.dumps(body, indent=2, ensure_ascii=False))],
        structured_content=body if isinstance(body, dict) else None,
    )


def _failed(message: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=message)], is_error=True)
