"""Format memories as the block of text for a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from app.rules.types import Recalled

_BRACKETS = str.maketrans("", "", "()[]<>{}")

NOTHING_KNOWN = "No memories of this user yet."


def context_block(memories: Sequence[Recalled]) -> str:
    """Format one line for each memory, numbered from 1 in the given order; a one-line notice when
    there is none.

    White space inside a fact is folded, so that a fact can never add a line of its own to the
    block. The source of what a team shares is the team, and who said it: it is not known of the
    user who asks.
    """
    if not memories:
        return NOTHING_KNOWN
    return "\n".join(
        f"[{number}] (importance: {memory.importance:g}, decay: {memory.retention:.2f}, source: "
        f"{_label(_source(memory))}) {folded(memory.fact)}"
        for number, memory in enumerate(memories, start=1)
    )


def _source(memory: Recalled) -> str:
    return f"team, by {memory.user_id}" if memory.visibility == "team" else memory.source


def _label(source: str) -> str:
    """Give a source without the brackets with which it could end its place in the line."""
    return folded(source.translate(_BRACKETS))


def folded(text: str) -> str:
    """Give ``text`` on one line, each run of white space as one space."""
    return " ".join(text.split())
