"""Read a turn as the chat APIs of OpenAI, Anthropic and others send it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.rules.types import Role


def said(role: Role, content: Any) -> tuple[Role, str]:
    """Give who says a turn, and what, as the OpenAI and Anthropic chat APIs send it.

    Anthropic's sends what a tool returned in a turn of the user. A turn of nothing else is the
    tool's; beside words of the user it leaves a note, since nobody may take it for theirs.
    """
    results = [block for block in content if _is_result(block)] if _is_blocks(content) else []
    if results and len(results) == len(content):
        return "tool", text_of(content)
    if results:
        content = [{"type": "text", "text": "[tool_result]"} if _is_result(block) else block
                   for block in content]  # fmt: skip
    return role, text_of(content)


def _is_blocks(content: Any) -> bool:
    return isinstance(content, Sequence) and not isinstance(content, str)


def _is_result(block: Any) -> bool:
    return isinstance(block, Mapping) and str(block.get("type")).endswith("tool_result")


def text_of(content: Any) -> str:
    """Give the words of a message's content: a string, or content blocks.

    Text blocks are joined by line ends and tool results read the same way; anything else leaves a
    note such as "[image]" in its place, and what has no form at all leaves nothing.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = []
    for block in content:
        if not isinstance(block, Mapping):
            parts.append(text_of(block))
            continue
        kind = str(block.get("type", "text"))
        if isinstance(block.get("text"), str):
            parts.append(block["text"])
        elif kind.endswith("tool_result"):
            result = block.get("content")
            parts.append("" if result is None else text_of(result) or f"[{kind}]")
        elif kind in ("thinking", "redacted_thinking"):
            continue
        else:
            parts.append(f"[{kind.removesuffix('_url').removeprefix('input_')}]")
    return "\n".join(part for part in parts if part)
