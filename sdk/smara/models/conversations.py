"""Conversations: as accepted, on their way, and what they came to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from smara.models._base import Model


class Accepted(Model):
    """A conversation that the service has and will work on, whatever happens from here on."""

    id: str
    status: str = "queued"
    status_url: str | None = None
    created_at: datetime | None = None


class ConversationProblem(Model):
    """Why a conversation is dead, or waits for another attempt."""

    code: str = ""
    message: str = ""
    replayable: bool = False


class FactReceipt(Model):
    """What became of one fact: ``stored``, ``duplicate``, ``replaced`` or ``rejected``, and why."""

    fact: str
    importance: float | None = None
    action: str
    reason: str | None = None
    memory_id: str | None = None
    replaced_id: str | None = None
    message_indexes: list[int] = []
    quote: str | None = None


class Receipt(Model):
    """What a conversation came to: each fact with its fate, and what it cost."""

    facts: list[FactReceipt] = []
    models: dict[str, str | None] = {}
    tokens: dict[str, int] = {}
    cost_usd: float = 0.0


class Conversation(Model):
    """Where a conversation stands: ``queued``, ``processing``, ``done``, ``dead`` or ``cancelled``.

    ``receipt`` is there when it is done. ``waiting_for`` says what keeps it queued, if not
    its turn: ``provider`` or ``budget``. The text itself is not returned.
    """

    id: str
    status: str = ""
    user_id: str | None = None
    namespace: str = "default"
    source: str | None = None
    external_id: str | None = None
    metadata: dict[str, Any] = {}
    message_count: int | None = None
    attempts: int = 0
    occurred_at: datetime | None = None
    created_at: datetime | None = None
    next_attempt_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stages: dict[str, float] = {}
    error: ConversationProblem | None = None
    waiting_for: str | None = None
    receipt: Receipt | None = None
    reverted_at: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.status in ("done", "dead", "cancelled")


class ConversationPage(Model):
    """One page of a listing, newest first."""

    conversations: list[Conversation] = []
    next_cursor: str | None = None


class Reverted(Model):
    """What was undone of a conversation: memories that it had made, memories alive again, edges,
    and memories that it had repeated."""

    id: str
    deleted: int = 0
    restored: int = 0
    edges: int = 0
    weakened: int = 0
