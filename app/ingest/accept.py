"""Use case: accept a conversation: mask it, commit it with one INSERT, then wake the workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.db import conversations, memory_owners
from app.db.pool import TenantTx, transaction
from app.ingest.admission import Admission
from app.ingest.wakeups import wake_workers
from app.privacy.sanitize import clean_chat, mask_text
from app.rules.types import Accepted, Caller, Message, NewConversation, Visibility
from app.startup import runtime
from app.tenancy import access, tombstones
from app.tenancy.access import Place
from app.tenancy.idempotency import kept_as, reused


@dataclass(frozen=True, slots=True)
class ConversationToAccept:
    """A conversation as it was sent. ``body_sha256`` is the digest of the request's body, which an
    ``idempotency_key`` stands for; both are given or neither."""

    place: Place
    visibility: Visibility | None
    messages: Sequence[Message]
    occurred_at: datetime | None
    instructions: str | None
    source: str
    external_id: str | None
    metadata: Mapping[str, Any]
    backfill: bool
    idempotency_key: str | None = None
    body_sha256: bytes | None = None


async def accept(caller: Caller, new: ConversationToAccept) -> Accepted:
    """Commit a conversation; a worker turns it into memories. The same key and body give the first
    answer again.

    Raises RateLimited or Overloaded when too much is queued, NotFound and Forbidden for a place
    that the key or the user may not write to, Unprocessable for a key that stands for another body,
    Conflict for a user who was erased since the request arrived.
    """
    since = tombstones.arrived()
    await runtime().one(Admission).admit(caller.tenant_id)
    messages, metadata = await clean_chat(caller.tenant_id, new.messages, dict(new.metadata))
    async with transaction(caller.tenant_id) as tx:
        key = new.idempotency_key and await kept_as(tx, caller, new.idempotency_key)
        named = await tombstones.keep_off(tx, [new.place.user_id], since=since, key=key)
        target = await access.target(tx, caller, new.place, new.visibility)
        accepted = await _older(tx, caller, new) or await conversations.accept(
            tx,
            NewConversation(
                owner_key=memory_owners.of_scope(target.scope),
                scope=target.scope,
                user_id=new.place.user_id,
                team_id=target.team_id,
                visibility=target.visibility,
                messages=messages,
                occurred_at=new.occurred_at,
                instructions=mask_text(new.instructions) if new.instructions else None,
                source=new.source,
                external_id=new.external_id,
                metadata=metadata,
                priority=1 if new.backfill else 0,
                idempotency_key=key,
                body_sha256=new.body_sha256,
            ),
            named,
        )
    if accepted is None:
        raise tombstones.just_erased()
    if accepted.body_sha256 != new.body_sha256:
        raise reused()
    if not accepted.replayed:
        wake_workers()
    return accepted


async def _older(tx: TenantTx, caller: Caller, new: ConversationToAccept) -> Accepted | None:
    """Find what a restricted API key sent with this very body when the tenant's idempotency keys
    were still one space."""
    if new.idempotency_key is None or caller.restriction.unrestricted:
        return None
    kept = await conversations.accepted_before(tx, new.idempotency_key)
    return kept if kept is not None and kept.body_sha256 == new.body_sha256 else None
