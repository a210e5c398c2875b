"""Memories: facts, where they belong, what became of them, and what links them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias
from uuid import UUID

from app.rules.tuning import Tuning

Vector: TypeAlias = Sequence[float]
"""A unit vector of the deployment's dimension."""


Visibility: TypeAlias = Literal["private", "team"]
"""Whether a memory is its author's alone or its team's."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement drawn from messages: third person, understood without its conversation.

    ``importance`` is in [0, 1]. ``message_indexes`` count from 0 in the transcript, and ``quote``
    stands word for word in the first of them. ``valid_from`` is when it became true in the world,
    as far as the transcript tells. ``about`` is the name that ``text`` opens with ("Caroline",
    "User"). ``trust`` is in [0, 1] (app/rules/trust.py); ``quarantine_reason`` says why it reads as
    an order to an agent, if it does (app/rules/injection/screen.py)."""

    text: str
    importance: float
    message_indexes: tuple[int, ...] = ()
    quote: str = ""
    valid_from: datetime | None = None
    about: str = "User"
    trust: float = 1.0
    quarantine_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The set of memories within which duplicates and contradictions are looked for.

    private: tenant, user, namespace; agent: the same plus ``agent_id``; team: tenant, team,
    namespace.
    """

    tenant_id: UUID
    namespace: str
    user_id: str | None = None
    agent_id: UUID | None = None
    team_id: UUID | None = None

    @staticmethod
    def of(
        tenant_id: UUID,
        namespace: str,
        user_id: str,
        *,
        agent_id: UUID | None,
        team_id: UUID | None,
        visibility: str,
    ) -> Scope:
        """Give the scope that a fact belongs to: what is shared with a team is the team's,
        everything else its author's."""
        if visibility == "team":
            return Scope(tenant_id, namespace, team_id=team_id)
        return Scope(tenant_id, namespace, user_id, agent_id)

    @property
    def key(self) -> UUID:
        """A fixed-size name for the scope inside its tenant, the same on every machine."""
        if self.team_id is not None:
            parts: list[str | None] = ["team", str(self.team_id), self.namespace]
        elif self.agent_id is not None:
            parts = ["agent", str(self.agent_id), self.user_id, self.namespace]
        else:
            parts = ["private", self.user_id, self.namespace]
        digest = hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).digest()
        return UUID(bytes=digest)


class Action(StrEnum):
    """What became of a fact."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Relation:
    """How one fact bears on another: their places among the facts, and the kind of edge that this
    becomes. ``weight`` is in [0, 1]."""

    from_fact: int
    to_fact: int
    type: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A live memory near a vector. ``similarity`` is cosine, in [-1, 1]; ``valid_from`` is its
    event time, no later than its arrival; ``trust`` and ``importance`` are in [0, 1].
    ``said_again`` is the last event time at which it was said since, None when it was said once.
    """

    memory_id: UUID
    fact: str
    similarity: float
    valid_from: datetime
    trust: float = 1.0
    importance: float = 0.0
    said_again: datetime | None = None

    @property
    def said_last(self) -> datetime:
        """When it was said for the last time."""
        return max(self.valid_from, self.said_again or self.valid_from)


@dataclass(frozen=True, slots=True)
class Recalled:
    """A memory that was found. ``similarity``, ``retention`` and ``score`` are in [0, 1];
    ``age_days``, ``half_life_days``, ``reinforcements`` and ``similarity_weight`` are what they
    were made from."""

    memory_id: UUID
    fact: str
    importance: float
    retention: float
    similarity: float
    score: float
    source: str
    namespace: str
    user_id: str
    agent_id: UUID | None
    team_id: UUID | None
    visibility: Visibility
    metadata: dict[str, Any]
    created_at: datetime
    valid_from: datetime
    conversation_id: UUID | None
    message_indexes: Sequence[int]
    trust: float
    age_days: float
    half_life_days: float
    reinforcements: int
    similarity_weight: float


@dataclass(frozen=True, slots=True)
class Memory:
    """A stored memory. ``retention`` and ``trust`` are in [0, 1]; a superseded one says since
    when and by which, a quarantined one why. ``valid_until`` None: it is still true, as far as
    we know."""

    memory_id: UUID
    scope_key: UUID
    fact: str
    about: str
    importance: float
    retention: float
    source: str
    namespace: str
    user_id: str
    agent_id: UUID | None
    team_id: UUID | None
    visibility: Visibility
    metadata: dict[str, Any]
    conversation_id: UUID | None
    message_indexes: Sequence[int]
    quote: str
    valid_from: datetime
    valid_until: datetime | None
    created_at: datetime
    updated_at: datetime | None
    state: str
    superseded_at: datetime | None
    superseded_by: UUID | None
    embedding_model: str
    trust: float
    quarantine_reason: str | None
    would_retire: UUID | None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of one fact, and why: an entry of a conversation's receipt.

    ``memory_id`` is the memory that now holds the fact (None when it was rejected); ``replaced_id``
    is the one that it replaced. ``reason`` is a stable code.
    """

    fact: Fact
    action: Action
    reason: str
    memory_id: UUID | None = None
    replaced_id: UUID | None = None
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class NewMemory:
    """A fact about to become a row. With ``superseded_by`` it is history from the start: an older
    truth that came late. ``created_at`` is since when its owner is locked."""

    memory_id: UUID
    scope: Scope
    user_id: str
    visibility: str
    fact: str
    about: str
    importance: float
    source: str
    metadata: dict[str, Any]
    conversation_id: UUID | None
    message_indexes: Sequence[int]
    quote: str
    valid_from: datetime
    created_at: datetime
    content_hash: bytes
    embedding_model: str
    vector: Vector
    team_id: UUID | None = None
    valid_until: datetime | None = None
    superseded_by: UUID | None = None
    trust: float = 1.0
    quarantine_reason: str | None = None
    would_retire: UUID | None = None

    @property
    def state(self) -> str:
        """The state that it has from the start: live, superseded or quarantined."""
        if self.quarantine_reason is not None:
            return "quarantined"
        return "superseded" if self.superseded_by else "live"


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed relationship between two memories. ``weight`` is in [0, 1]."""

    edge_id: UUID
    from_memory_id: UUID
    to_memory_id: UUID
    relationship_type: str
    weight: float
    metadata: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewEdge:
    """A relationship about to be written down."""

    from_memory_id: UUID
    to_memory_id: UUID
    relationship_type: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Node:
    """A memory that the traversal has reached, and the edge that led there. ``depth`` counts from
    1."""

    memory_id: UUID
    fact: str
    importance: float
    source: str
    namespace: str
    created_at: datetime
    edge_id: UUID
    relationship_type: str
    weight: float
    metadata: dict[str, Any]
    edge_created_at: datetime
    from_memory_id: UUID
    to_memory_id: UUID
    depth: int


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a memory. ``other_memory_id`` is what it replaced; ``before`` and
    ``after`` are what an edit changed."""

    event_id: UUID
    at: datetime
    memory_id: UUID
    action: str
    reason: str
    similarity: float | None
    other_memory_id: UUID | None
    conversation_id: UUID | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Born:
    """A memory that the conversation has stored, where it is by now; ``superseded_by`` is what
    replaced it since."""

    memory_id: UUID
    state: str
    superseded_by: UUID | None
    user_id: str
    namespace: str
    agent_id: UUID | None


@dataclass(frozen=True, slots=True)
class Heir:
    """Who said a memory's fact again: another conversation, or without one the application.
    ``said`` is the fact in its words, with message indexes and quote, as its receipt has it;
    ``trust`` is that of the words, where it is known."""

    conversation_id: UUID | None
    user_id: str | None
    source: str | None
    metadata: dict[str, Any] | None
    said: dict[str, Any] | None
    trust: float | None = None


@dataclass(frozen=True, slots=True)
class OwnerState:
    """What reconciling needs to know of an owner: the version of their memories, which counts up
    with each time that they are locked, Postgres' time at which it was read, and the tenant's plan
    and settings. Who locks the owner later has a later ``now``, whichever transaction began
    first."""

    version: int
    now: datetime
    plan: str
    tuning: Tuning
