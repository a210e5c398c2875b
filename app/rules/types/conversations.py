"""Conversations: what was said, the work on it, and the queue in figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from app.rules.types.memories import Scope

Role: TypeAlias = Literal["user", "assistant", "system", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a transcript. ``name`` tells speakers of one role apart; ``at`` is when it was
    said.
    """

    role: Role
    content: str
    name: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said, in order. ``occurred_at`` dates every message without an ``at`` of its own."""

    messages: tuple[Message, ...]
    occurred_at: datetime
    instructions: str | None = None

    def said_at(self, index: int) -> datetime:
        """Give when the message at ``index`` (from 0) was said."""
        return self.messages[index].at or self.occurred_at


@dataclass(frozen=True, slots=True)
class Window:
    """Messages ``start`` to ``stop`` (exclusive) of a transcript, sent to the extractor in one
    call.

    Messages before ``fresh_from`` overlap the window before: they are context, and their facts are
    already drawn.
    """

    start: int
    stop: int
    fresh_from: int


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A validated conversation on its way in. ``priority`` 0 is live, 1 is backfill."""

    owner_key: str
    scope: Scope
    user_id: str
    visibility: str
    messages: Sequence[Message]
    occurred_at: datetime | None
    instructions: str | None
    source: str
    external_id: str | None
    metadata: dict[str, Any]
    priority: int
    idempotency_key: str | None
    body_sha256: bytes | None
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The row behind a 202. ``replayed``: a request with the same key was accepted before."""

    conversation_id: UUID
    state: str
    created_at: datetime
    replayed: bool
    body_sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A conversation without its text: its state, and what came of it."""

    conversation_id: UUID
    user_id: str
    namespace: str
    source: str
    external_id: str | None
    metadata: dict[str, Any]
    message_count: int
    occurred_at: datetime
    created_at: datetime
    state: str
    attempts: int
    crash_attempts: int
    next_attempt_at: datetime
    error_code: str | None
    error_detail: str | None
    claimed_at: datetime | None
    finished_at: datetime | None
    stages: dict[str, float]
    receipt: dict[str, Any] | None
    reverted_at: datetime | None
    erased: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A conversation that this process may work on until its lease runs out, without its words.
    ``attempts`` are those that counted against the conversation, ``claims`` all of them.
    ``seen_before``: some process has claimed it before, and may have stored an extraction.
    ``probe``: it finds out whether a provider whose circuit is open answers again."""

    tenant_id: UUID
    conversation_id: UUID
    lease_token: UUID
    run: int
    attempts: int
    claims: int
    seen_before: bool
    owner_key: str
    probe: UUID | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a claimed conversation says, and where its memories go."""

    scope: Scope
    team_id: UUID | None
    user_id: str
    visibility: str
    source: str
    metadata: dict[str, Any]
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One tenant's queue. Times are in seconds; ``stages`` has p50 and p95 of each stage in
    milliseconds."""

    by_state: dict[str, int]
    oldest_due_seconds: float
    window_minutes: int
    done_in_window: int
    stages: dict[str, dict[str, float]]
    dead_by_reason: dict[str, int]
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole installation in figures. ``conversations`` counts those that are not done, by
    state."""

    conversations: dict[str, int]
    oldest_due_seconds: float
    pending_deliveries: int
