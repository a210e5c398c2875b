"""Parse transcripts as people and chat APIs write them into messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.rules.secrets.plain_view import folded
from app.rules.types import Message, Role, Transcript

_LINE = re.compile(r"([^:：]{1,40})[:：](?:\s+(.*)|$)")
_PARTS = re.compile(r"[\s_*#>\[\]()<{}|/\\.`~\"'-]+")
_NUMBERED = re.compile(r" ?\d{1,4}\Z")
_SMALL_WORDS = frozenset(
    {"al", "bin", "da", "de", "del", "der", "di", "du", "la", "le", "van", "von"}
)
_MOST_WORDS = 4
_LABELS: Mapping[Role, str] = {
    "user": "user, human, me, usuario, usuária, benutzer, nutzer, utilisateur, utente, gebruiker,"
    " пользователь, 用户, ユーザー, 사용자, المستخدم",
    "assistant": "assistant, ai, bot, agent, chatgpt, claude, ai assistant, model, gpt, gemini,"
    " copilot, chatbot, llm, thought, final answer, asistente, assistente, assistent, ассистент,"
    " 助手, アシスタント, 어시스턴트, المساعد",
    "system": "system, developer, system message, system prompt, developer message, sistema,"
    " système, systeem, sistem, система, 系统, 系統, システム, 시스템, النظام",
    "tool": "tool, tools, function, functions, observation, observations, action, action input,"
    " result, results, output, stdout, stderr, search result, search results, api response,"
    " retrieved context, retrieved documents, webhook",
}
_ROLES: Mapping[str, Role] = {
    folded(label): role for role, labels in _LABELS.items() for label in labels.split(", ")
}
_TOOL = re.compile(
    r"(?:tool|function|plugin|action) (?:results?|outputs?|responses?|calls?|use|input|messages?"
    r"|errors?|returned)(?: .{0,30})?\Z"
)
_PEOPLE = frozenset({"claude", "me"})
"""Labels that are people's names too, or that a client may call its one user."""


def parse_transcript(text: str) -> list[Message]:
    """Parse lines such as "Name: words" into one message each; a line without a name continues the
    message before it.

    User, Human and Me are the user, Assistant, AI, Bot and the like the assistant; Tool,
    Observation, Function result and the like a tool; any other name is a speaker of that name, in
    the user's role. Lines before the first name, or a text with no name at all, are the user's, one
    message a line.
    """
    turns: list[tuple[Role, str | None, list[str]]] = []
    named = False
    for line in text.splitlines():
        words = line.strip()
        if not words:
            continue
        match = _LINE.fullmatch(words)
        if match and _is_name(match.group(1)):
            speaker = match.group(1).strip()
            role = _label(speaker)
            turns.append((role or "user", None if role else speaker, [match.group(2) or ""]))
            named = True
        elif named:
            turns[-1][2].append(words)
        else:
            turns.append(("user", None, [words]))
    messages = (Message(role, "\n".join(lines).strip(), name) for role, name, lines in turns)
    return [message for message in messages if message.content]


def speaker_name(name: str | None) -> str | None:
    """Give ``name`` as a person's, or None for a blank one and for a role's, such as "system" or
    "Tool_Result": a fact about "system" would be about nobody."""
    if not name or not name.strip():
        return None
    role = _label(name)
    return None if role and name.strip().casefold() not in _PEOPLE else name


def with_speakers(transcript: Transcript) -> Transcript:
    """Give the transcript with no role's word as a speaker's name."""
    if all(speaker_name(message.name) == message.name for message in transcript.messages):
        return transcript
    messages = (replace(m, name=speaker_name(m.name)) for m in transcript.messages)
    return replace(transcript, messages=tuple(messages))


def _label(text: str) -> Role | None:
    """Give the role that a label means: "Tool result", "TOOL_OUTPUT[1]", "**Assistant**"."""
    words = _NUMBERED.sub("", " ".join(_PARTS.split(folded(text))).strip())
    return _ROLES.get(words) or ("tool" if _TOOL.match(words) else None)


def _is_name(text: str) -> bool:
    """Whether it is a known role, or a few words that begin as names do: "José", "Ana de Souza",
    "प्रिया"; not "Note to self" or "The truth is"."""
    if _label(text):
        return True
    words = unicodedata.normalize("NFC", text).split()
    return 0 < len(words) <= _MOST_WORDS and all(
        word in _SMALL_WORDS if word[0].islower() else word[0].isalpha() for word in words
    )


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
    return isinstance(block, Mapping) and block.get("type") == "tool_result"


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
        elif kind == "tool_result":
            result = block.get("content")
            parts.append("" if result is None else text_of(result) or "[tool_result]")
        elif kind in ("thinking", "redacted_thinking"):
            continue
        else:
            parts.append(f"[{kind.removesuffix('_url').removeprefix('input_')}]")
    return "\n".join(part for part in parts if part)
