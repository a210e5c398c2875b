"""Use case: erase everything that is kept of a person."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from app.db import (
    api_keys,
    idempotency,
    memory_owners,
    observations,
    teams,
    tombstones,
    undo,
    user_data,
)
from app.db import quotas as counters
from app.db.pool import TenantTx, transaction
from app.privacy.tombstones import Receipt, record, sign
from app.rules.content_hash import content_hash
from app.rules.types import Caller
from app.tenancy import installation
from app.tenancy.access import must_reach_all_of
from app.tenancy.idempotency import whose
from app.tenancy.teams import remove as remove_team
from app.tenancy.tombstones import key_hash


async def erase_person(caller: Caller, user_id: str) -> Receipt:
    """Erase everything that is kept about or from a user, in every namespace, agent and team:
    conversations, extractions, memories and their history. Teams of which the user was the only
    member go too. Work that is under way stores nothing, and a request that is sent again late is
    refused. A second call erases nothing more.

    Raises Forbidden when the key does not reach the whole user.
    """
    must_reach_all_of(caller, user_id)
    async with transaction(caller.tenant_id) as tx:
        await tombstones.keep_writers_out(tx, memory_owners.of_user(user_id))
        alone = await teams.hold_alone(tx, user_id)
        held = await _owners_of(tx, user_id, alone)
        for owner_key in held:
            await memory_owners.lock(tx, owner_key)
        await _leave_to_others(tx, user_id)
        secret = await installation.secret(tx)
        digest = whose(secret, caller.tenant_id, user_id)
        keys = await tombstones.keys_of(tx, user_id, digest)
        await tombstones.spend_keys(tx, [key_hash(secret, caller.tenant_id, key) for key in keys])
        await api_keys.forget_label_of(tx, user_id)
        erased = await user_data.erase(tx, user_id, held)
        for team_id in alone:
            await remove_team(tx, caller.tenant_id, team_id)
        await idempotency.forget_of(tx, digest)
        counts = {
            field.name: getattr(erased, field.name)
            for field in fields(erased)
            if field.name != "live_memories"
        }
        receipt = await record(tx, user_id, memory_owners.of_user(user_id), counts)
        await counters.add(tx, "memories", -erased.live_memories)
        await counters.add(tx, "agents", -erased.agents)
    return receipt


async def _owners_of(tx: TenantTx, user_id: str, alone: Sequence[UUID]) -> list[str]:
    """Find whose memories change: the user's, those of the teams that they wrote for, and what
    others wrote for the teams that go with the user."""
    others = {author for team_id in alone for author, _ in await teams.authors_of(tx, team_id)}
    return sorted(
        {
            *await user_data.owner_keys_of(tx, user_id),
            *map(memory_owners.of_team, alone),
            *map(memory_owners.of_user, others),
        }
    )


async def _leave_to_others(tx: TenantTx, user_id: str) -> None:
    """Keep what both the user and others have told a team, in the others' words."""
    for memory_id in await undo.shared_by(tx, user_id):
        heir = await undo.heir_of(tx, memory_id, but_user=user_id)
        if heir is None or heir.said is None:
            heir = await observations.heir_of(tx, memory_id, but_user=user_id)
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
    """Check the receipt of an erasure: this installation issued it for this tenant, and it is
    unchanged."""
    expected = sign(
        await installation.secret(),
        caller.tenant_id,
        user_id=user_id,
        erasure_id=erasure_id,
        erased_at=erased_at,
        erased=erased,
    )
    return hmac.compare_digest(expected.encode(), signature.encode())
