"""Tenants: callers, keys, agents, teams, and what is kept about requests and erasures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from app.rules.key_reach import UNRESTRICTED, KeyRestriction


@dataclass(frozen=True, slots=True)
class Caller:
    """The tenant and the rights that a request has by its key. ``key_id`` may be logged; the key
    never is."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]
    restriction: KeyRestriction = UNRESTRICTED

    def may(self, scope: str) -> bool:
        """Whether the key has the key scope. ``admin`` includes ``review``."""
        return scope in self.scopes or (scope == "review" and "admin" in self.scopes)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """An API key without its secret."""

    key_id: UUID
    prefix: str
    label: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    users: list[str] | None
    namespaces: list[str] | None
    agents: list[UUID] | None

    @property
    def restriction(self) -> KeyRestriction:
        """What the key is restricted to."""
        return KeyRestriction.of(self.users, self.namespaces, self.agents)


@dataclass(frozen=True, slots=True)
class TenantInfo:
    """A tenant as its operator sees it. ``memories`` counts live ones."""

    tenant_id: UUID
    name: str
    plan: str
    memories: int


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, as an application calls one of its assistants; it has a scope of its own."""

    agent_id: UUID
    owner_id: str
    name: str
    description: str | None
    model: str | None
    system_prompt: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that agents can be given; ``schema`` describes its configuration."""

    skill_id: UUID
    name: str
    description: str | None
    category: str | None
    schema: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttachedSkill(Skill):
    """A skill as one agent has it."""

    config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attachment:
    """Which agent has which skill, and how it is configured."""

    agent_id: UUID
    skill_id: UUID
    config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Team:
    """A group of users who share memories."""

    team_id: UUID
    tenant_id: UUID
    name: str
    slug: str
    created_at: datetime
    member_count: int


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a team. ``role`` is admin (manages), member (reads and writes) or read_only."""

    member_id: UUID
    user_id: str
    email: str | None
    role: str
    invited_by: str | None
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation without its token. ``key_id`` is the API key that made it; None for one from
    before that was noted."""

    tenant_id: UUID
    invitation_id: UUID
    team_id: UUID
    email: str
    role: str
    invited_by: str
    key_id: UUID | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    expired: bool


Counted: TypeAlias = Literal["memories", "agents", "teams"]


@dataclass(frozen=True, slots=True)
class Used:
    """How much the tenant has stored, and the name of its plan. Only live memories count."""

    plan: str
    memories: int
    agents: int
    teams: int


@dataclass(frozen=True, slots=True)
class NewAccess:
    """A request that was answered. ``route`` is the template and never the path; ``via`` is the
    route through which another was called. ``seconds_ago``, since the database has the clock."""

    key_id: UUID
    method: str
    route: str
    via: str | None
    user_hash: bytes | None
    status: int
    seconds_ago: float


@dataclass(frozen=True, slots=True)
class Access:
    """An entry of the audit log."""

    access_id: UUID
    at: datetime
    key_id: UUID
    method: str
    route: str
    via: str | None
    user_hash: bytes | None
    status: int


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An idempotency key that was used before. ``answer`` is None while there is no answer for
    it."""

    body_sha256: bytes
    answer: Any


Redaction: TypeAlias = Literal["off", "memories", "everything"]
"""``memories``: memories hold no personal data. ``everything``: nor does what is accepted, so
nothing that is sent to a provider does."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure that was carried out."""

    erasure_id: UUID
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows of each kind were removed; ``live_memories`` are among the memories. ``agents``
    are those that the user owned."""

    memories: int
    live_memories: int
    conversations: int
    extractions: int
    events: int
    edges: int
    agents: int


@dataclass(frozen=True, slots=True)
class Named:
    """Who must not have been erased, as the database looks for them: digests of the people and of
    the request's idempotency key, and how long ago the request arrived."""

    owner_hashes: Sequence[bytes]
    key_hashes: Sequence[bytes]
    within_seconds: float
