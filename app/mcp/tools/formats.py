"""Render tool definitions in the forms that the client libraries take as ``tools=``."""

from __future__ import annotations

from typing import Any

from app.mcp.tools.tool import Defaults, Tool, input_schema


def for_openai(tool: Tool, defaults: Defaults) -> dict[str, Any]:
    """Render a function of the Chat Completions API."""
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": input_schema(tool, defaults),
        },
    }


def for_anthropic(tool: Tool, defaults: Defaults) -> dict[str, Any]:
    """Render a tool of the Messages API."""
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": input_schema(tool, defaults),
    }
