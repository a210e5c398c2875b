"""Use case: erase all that is kept of a person."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from app.db import idempotency, memory_owners, tenants, undo, user_data
from app.db import quotas as counters
from app.db.pool import TenantTx, transaction
from app.privacy.tombstones import Receipt, record, sign
from app.rules.content_hash import content_hash
from app.rules.types import Caller
from app.tenancy import installation
from app.tenancy.access import must_reach_all_of
from app.tenancy.idempotency import whose


async def erase_person(caller: Caller, user_id: str) -> Receipt:
    """Erase all that is kept about or from a user, in every namespace, agent and team: what was
    accepted, drawn, remembered and noted. What is under way comes to nothing. A second call erases
    nothing more.

    Raises Forbidden when the key is restricted to less than the whole user.
    """
    must_reach_all_of(caller, user_id)
    async with transaction(caller.tenant_id) as tx:
        held = await user_data.owner_keys_of(tx, user_id)
        for owner_key in held:
            await memory_owners.lock(tx, owner_key)
        await _leave_to_others(tx, user_id)
        erased = await user_data.erase(tx, user_id, held)
        secret = await tenants.installation_secret(tx)
        await idempotency.forget_of(tx, whose(secret, caller.tenant_id, user_id))
        counts = {
            field.name: getattr(erased, field.name)
            for field in fields(erased)
            if field.name != "live_memories"
        }
        receipt = await record(tx, user_id, memory_owners.of_user(user_id), counts)
        await counters.add(tx, "memories", -erased.live_memories)
        await counters.add(tx, "agents", -erased.agents)
    return receipt


async def _leave_to_others(tx: TenantTx, user_id: str) -> None:
    """What a user has told a team and others have told it too stays, in their words."""
    for memory_id in await undo.shared_by(tx, user_id):
        heir = await undo.heir_of(tx, memory_id, but_user=user_id)
        if heir is not None and heir.said is not None:
            words = content_hash(heir.said["fact"])
            await undo.reword(tx, memory_id, heir, words)


async def verify(
    caller: Caller,
    *,
    user_id: str,
    erasure_id: UUID,
    erased_at: datetime,
    erased: Mapping[str, int],
    signature: str,
) -> bool:
    """Check the receipt of an erasure: it was made here, for this tenant, and says what it said."""
    expected = sign(
        await installation.secret(),
        caller.tenant_id,
        user_id=user_id,
        erasure_id=erasure_id,
        erased_at=erased_at,
        erased=erased,
    )
    return hmac.compare_digest(expected.encode(), signature.encode())
