"""Format memories as the block of text for a prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from uuid import UUID

from app.rules.types import Recalled

_BRACKETS = str.maketrans("", "", "()[]<>{}（）［］【】〔〕")
_BETWEEN = r"\W{0,8}"
# Each letter in any case and width, with invisible characters between them.
_IMPORTANCE = _BETWEEN.join(f"[{c}{c.upper()}{chr(ord(c) + 0xFEE0)}]" for c in "importance")
_FORGED_HEAD = re.compile(
    rf"[\[［【〔]{_BETWEEN}\d{{1,6}}{_BETWEEN}[\]］】〕]{_BETWEEN}[(（]{_BETWEEN}{_IMPORTANCE}"
    r"[^)）]{0,600}[)）]?"
)
"""What a reader, or a model, could take for the head of another line."""

NOTHING_KNOWN = "No memories of this user yet."


def context_block(memories: Sequence[Recalled], repeated: Set[UUID] = frozenset()) -> str:
    """Format one line for each memory, numbered by its place in the given order from 1; a one-line
    notice when there is none. What is ``repeated`` by another one has no line.

    White space inside a fact is folded, so that a fact can never add a line of its own to the
    block; and what looks like the head of a line loses its brackets, so that no fact can be taken
    for several. The source of what a team shares is the team, and who said it: it is not known of
    the user who asks.
    """
    if not memories:
        return NOTHING_KNOWN
    return "\n".join(
        f"[{number}] (importance: {memory.importance:g}, decay: {memory.retention:.2f}, source: "
        f"{_label(_source(memory))}) {_headless(folded(memory.fact))}"
        for number, memory in enumerate(memories, start=1)
        if memory.memory_id not in repeated
    )


def _source(memory: Recalled) -> str:
    return f"team, by {memory.user_id}" if memory.visibility == "team" else memory.source


def _label(source: str) -> str:
    """Give a source without the brackets with which it could end its place in the line."""
    return folded(source.translate(_BRACKETS))


def _headless(fact: str) -> str:
    """Give a fact without the brackets of a head with which it could begin another memory."""
    return _FORGED_HEAD.sub(lambda head: head[0].translate(_BRACKETS), fact)


def folded(text: str) -> str:
    """Give ``text`` on one line, each run of white space as one space."""
    return " ".join(text.split())
