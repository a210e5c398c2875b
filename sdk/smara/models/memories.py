"""Memories: as stored, found, listed and read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from smara.models._base import Model


class StoreResult(Model):
    """What became of a fact.

    ``action`` is ``stored`` (new), ``duplicate`` (``id`` is the memory that already says so) or
    ``replaced`` (``replaced_id`` is the memory that this one contradicts and has replaced).
    """

    action: str
    id: str
    replaced_id: str | None = None
    source: str | None = None
    namespace: str | None = None
    agent_id: str | None = None
    team_id: str | None = None

    def __str__(self) -> str:
        shown = ("action", "id", "replaced_id")
        return json.dumps({name: self[name] for name in shown if self.get(name) is not None})


class BatchItem(Model):
    """What became of one fact of many; ``rejected`` says why in ``reason`` and has no id."""

    action: str
    id: str | None = None
    replaced_id: str | None = None
    reason: str | None = None


class BatchResult(Model):
    """What became of each fact, in the order in which they were given, and how many by action."""

    results: list[BatchItem] = []
    stored: int = 0
    replaced: int = 0
    duplicates: int = 0
    rejected: int = 0

    @classmethod
    def joined(cls, parts: Iterable[BatchResult]) -> BatchResult:
        """Join the results of several requests into one."""
        parts = list(parts)
        return cls(
            results=[item for part in parts for item in part.results],
            stored=sum(part.stored for part in parts),
            replaced=sum(part.replaced for part in parts),
            duplicates=sum(part.duplicates for part in parts),
            rejected=sum(part.rejected for part in parts),
        )


class Memory(Model):
    """A stored fact.

    ``importance`` is in [0, 1] and sets the half-life, ten days times it; ``decay_score`` is what
    age has left, 1 when new. ``conversation_id`` and ``message_indexes`` (from 0) say what it was
    drawn from, if anything. ``valid_from`` is when it became true, ``created_at`` when it was
    learned. ``state`` is ``live``, ``superseded`` or ``quarantined``; ``trust`` is in [0, 1].
    """

    id: str
    fact: str = ""
    importance: float = 0.5
    decay_score: float | None = None
    source: str | None = None
    namespace: str = "default"
    user_id: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    visibility: str = "private"
    metadata: dict[str, Any] = {}
    state: str = "live"
    trust: float | None = None
    quarantine_reason: str | None = None
    would_retire: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    valid_from: datetime | None = None
    conversation_id: str | None = None
    message_indexes: list[int] = []


class Explanation(Model):
    """The parts of a score: ``similarity_part`` and ``retention_part`` add up to it."""

    age_days: float | None = None
    half_life_days: float | None = None
    reinforcements: float | None = None
    similarity_part: float | None = None
    retention_part: float | None = None


class FoundMemory(Memory):
    """A memory that a search or a context found; ``score`` orders this one answer."""

    score: float = 0.0
    similarity: float = 0.0
    decay_score: float = 0.0
    explain: Explanation | None = None


class HistoryEvent(Model):
    """One thing that happened to a memory, and why."""

    at: datetime | None = None
    action: str = ""
    reason: str | None = None
    similarity: float | None = None
    memory_id: str | None = None
    other_memory_id: str | None = None
    conversation_id: str | None = None
    before: Any = None
    after: Any = None


class Version(Model):
    """A memory that this one replaced."""

    id: str
    fact: str = ""
    created_at: datetime | None = None
    superseded_at: datetime | None = None


class MemoryDetail(Memory):
    """A memory with its origin and its history.

    ``quote`` is the words that it was drawn from, ``versions`` what it replaced, newest first.
    """

    quote: str | None = None
    valid_until: datetime | None = None
    superseded_at: datetime | None = None
    superseded_by: str | None = None
    embedding_model: str | None = None
    history: list[HistoryEvent] = []
    versions: list[Version] = []


class Deleted(Model):
    """What was deleted."""

    id: str
    deleted: bool = True


class SearchAnswer(Model):
    """A search as the service sends it; callers get ``SearchResults``."""

    results: list[FoundMemory] = []
    degraded: bool = False
    degraded_reason: str | None = None
    explain: dict[str, Any] | None = None


class SearchResults(list[FoundMemory]):
    """The memories found, the best first.

    ``degraded``: the question could not be embedded, so its words were searched;
    ``degraded_reason`` says why. ``explain``: the settings in force, if they were asked for.
    """

    def __init__(
        self,
        memories: Iterable[FoundMemory] = (),
        degraded: bool = False,
        degraded_reason: str | None = None,
        explain: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(memories)
        self.degraded = degraded
        self.degraded_reason = degraded_reason
        self.explain = explain


class ContextAnswer(Model):
    """A context as the service sends it; callers get ``Context``."""

    context: str = ""
    memories: list[FoundMemory] = []
    degraded: bool = False
    degraded_reason: str | None = None


class Context(str):
    """A block of text for a prompt, one line for each memory; ``memories`` are the same, in that
    order.

    Without any memory the text is a one-line notice and ``memories`` is empty.
    """

    memories: list[FoundMemory]
    degraded: bool
    degraded_reason: str | None

    def __new__(
        cls,
        text: str = "",
        memories: Iterable[FoundMemory] = (),
        degraded: bool = False,
        degraded_reason: str | None = None,
    ) -> Context:
        self = super().__new__(cls, text)
        self.memories = list(memories)
        self.degraded = degraded
        self.degraded_reason = degraded_reason
        return self


class MemoryPage(Model):
    """One page of a listing, newest first. ``total`` counts all pages."""

    memories: list[Memory] = []
    total: int | None = None
    next_cursor: str | None = None
    limit: int | None = None
    offset: int | None = None
