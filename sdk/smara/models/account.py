"""Keys, settings, usage, health, and the receipt of an erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from smara.models._base import Model


class Key(Model):
    """An API key without its secret."""

    id: str
    prefix: str = ""
    label: str = ""
    scopes: list[str] = []
    users: list[str] | None = None
    namespaces: list[str] | None = None
    agents: list[str] | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class NewKey(Key):
    """A key with its secret, ``api_key``: keep it, it is not shown again."""

    api_key: str = Field(repr=False)


class KeyList(Model):
    """Keys, oldest first, revoked ones too."""

    keys_: list[Key] = Field([], validation_alias="keys")


class Settings(Model):
    """How the tenant's memories are ranked, fade and are compared.

    ``redaction`` says where personal data is replaced: ``off``, ``memories`` or ``everything``.
    """

    similarity_weight: float | None = None
    retention_weight: float | None = None
    half_life_days: float | None = None
    lowest_importance: float | None = None
    duplicate_similarity: float | None = None
    contradiction_similarity: float | None = None
    redaction: str | None = None


class Quota(Model):
    """How many there are, and how many the plan allows; None means no limit."""

    used: int = 0
    limit: int | None = None


class Usage(Model):
    """The plan, and how much of it is used. None as a limit means that there is none."""

    plan: str = ""
    memory_limit: int | None = None
    memories_used: int = 0
    memories_remaining: int | None = None
    usage: dict[str, Quota] = {}


class Health(Model):
    """Whether the service can work."""

    status: str = ""
    db: str = ""
    version: str | None = None
    embedded: list[str] = []
    extractor: dict[str, Any] | None = None
    embedder: dict[str, Any] | None = None
    queue_oldest_due_seconds: float | None = None


class Pipeline(Model):
    """The tenant's queue of conversations."""

    by_state: dict[str, int] = {}
    oldest_due_seconds: float | None = None
    window_minutes: int | None = None
    done_in_window: int | None = None
    per_second: float | None = None
    stages: dict[str, dict[str, float]] = {}
    dead_by_reason: dict[str, int] = {}
    at: datetime | None = None


class Installed(Model):
    """A new tenant and its first API key: keep it, it is not shown again."""

    api_key: str = Field(repr=False)
    tenant_id: str | None = None
    tenant_name: str | None = None
    note: str | None = None
    message: str | None = None


class Erased(Model):
    """The receipt of an erasure: what was erased of a user, counted by kind, and when.

    ``signature`` is the service's; ``users.verify`` checks the receipt as a whole.
    """

    user_id: str
    erased: dict[str, int] = {}
    erasure_id: str | None = None
    erased_at: datetime | None = None
    signature: str | None = None


class Verified(Model):
    """Whether the service issued the receipt, and it is unchanged."""

    valid: bool


class Access(Model):
    """A request that was answered: by which key, and about whom, as a digest."""

    id: str
    at: datetime
    key_id: str
    method: str
    route: str
    via: str | None = None
    user_hash: str | None = None
    status: int


class AccessPage(Model):
    """One page of the audit log, newest first."""

    accesses: list[Access] = []
    next_cursor: str | None = None


class Tools(Model):
    """Tool definitions, ready to pass as ``tools=``."""

    tools: list[dict[str, Any]] = []
