"""Webhooks: endpoints, and what is delivered to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint without its secret. ``events`` empty is all of them; ``failing_since`` is since
    when nothing has arrived."""

    endpoint_id: UUID
    url: str
    description: str
    events: list[str]
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that this process tries now, for the ``attempts``-th time."""

    tenant_id: UUID
    delivery_id: UUID
    attempts: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery to an endpoint, and its state."""

    delivery_id: UUID
    event: str
    happened_at: datetime
    user_id: str | None
    memory_id: UUID | None
    replaced_id: UUID | None
    conversation_id: UUID | None
    reason: str | None
    state: str
    attempts: int
    next_attempt_at: datetime
    last_status: int | None
    last_error: str | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What to send, where, and signed with which secrets, the newest first. ``timed_out``: the
    endpoint has not answered in time, and in no way since."""

    endpoint_id: UUID
    url: str
    secrets: list[bytes]
    delivery: Delivery
    failing_seconds: float
    timed_out: bool
