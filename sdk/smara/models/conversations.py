"""Conversations: as accepted, in progress, and finished."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from smara.models._base import Model


class Accepted(Model):
    """A conversation that the service has stored and will process."""

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
    """What became of a conversation: each fact with its action, and the cost."""

    facts: list[FactReceipt] = []
    models: dict[str, str | None] = {}
    tokens: dict[str, int] = {}
    cost_usd: float = 0.0


class Conversation(Model):
    """The state of a conversation: ``queued``, ``processing``, ``done``, ``dead`` or ``cancelled``.

    ``receipt`` is there when it is done. ``waiting_for`` says what blocks it while it is queued,
    other than its turn: ``provider`` or ``budget``. The text itself is not returned.
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
        """Whether it is finished: nothing more will happen to it by itself."""
        return self.status in ("done", "dead", "cancelled")


class ConversationPage(Model):
    """One page of a listing, newest first."""

    conversations: list[Conversation] = []
    next_cursor: str | None = None


class Reverted(Model):
    """What was undone of a conversation: memories that it had stored, memories live again, edges,
    and memories that it no longer reinforces."""

    id: str
    deleted: int = 0
    restored: int = 0
    edges: int = 0
    weakened: int = 0
