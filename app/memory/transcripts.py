"""Transcripts as people and chat APIs write them → messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from app.memory.types import Message, Role

_LINE = re.compile(r"([^:：]{1,40})[:：](?:\s+(.*)|$)")
_SMALL_WORDS = frozenset(
    {"al", "bin", "da", "de", "del", "der", "di", "du", "la", "le", "van", "von"}
)
_MOST_WORDS = 4
_ROLES: Mapping[str, Role] = {
    "user": "user",
    "human": "user",
    "me": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "agent": "assistant",
    "chatgpt": "assistant",
    "claude": "assistant",
    "system": "system",
    "tool": "tool",
}


def parse_transcript(text: str) -> list[Message]:
    """Lines such as "Name: words" → one message each; a line without a name goes on with the
    message before it.

    User, Human and Me are the user, Assistant, AI, Bot and the like the assistant; any other name
    is a speaker of that name, in the user's role. Lines before the first name, or a text with no
    name at all, are the user's, a message a line.
    """
    messages: list[Message] = []
    named = False
    for line in text.splitlines():
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match and _is_name(match.group(1)):
            speaker, words = match.group(1).strip(), match.group(2) or ""
            role = _ROLES.get(speaker.casefold())
            messages.append(Message(role or "user", words, None if role else speaker))
            named = True
        elif named:
            last = messages[-1]
            messages[-1] = Message(last.role, f"{last.content}\n{line.strip()}".strip(), last.name)
        else:
            messages.append(Message("user", line.strip()))
    return [message for message in messages if message.content]


def _is_name(text: str) -> bool:
    """A known role, or a few words that begin as names do: "José", "Ana de Souza", "प्रिया"; not
    "Note to self" or "The truth is"."""
    if text.strip().casefold() in _ROLES:
        return True
    words = unicodedata.normalize("NFC", text).split()
    return 0 < len(words) <= _MOST_WORDS and all(
        word in _SMALL_WORDS if word[0].islower() else word[0].isalpha() for word in words
    )


def said(role: Role, content: Any) -> tuple[Role, str]:
    """Who says it and what, of a turn as the OpenAI and Anthropic chat APIs send it.

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
    return isinstance(block, Mapping) and block.get("type") == "tool_result"


def text_of(content: Any) -> str:
    """The words of a message's content: a string, or content blocks.

    Text blocks are joined by line ends and tool results read the same way; anything else leaves a
    note such as "[image]" in its place, and what has no form at all nothing.
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
        elif kind == "tool_result":
            result = block.get("content")
            parts.append("" if result is None else text_of(result) or "[tool_result]")
        elif kind in ("thinking", "redacted_thinking"):
            continue
        else:
            parts.append(f"[{kind.removesuffix('_url').removeprefix('input_')}]")
    return "\n".join(part for part in parts if part)
