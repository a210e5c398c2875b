"""Use case: correct, move, share, restore or delete a memory, with its history kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.db import edges, events, memories, memory_owners, quotas
from app.db.pool import TenantTx, clock, transaction
from app.errors import Conflict, Duplicate, NotFound, Unprocessable
from app.memories.embed import embed_facts
from app.privacy.sanitize import clean_facts
from app.providers.registry import get_providers
from app.rules.content_hash import content_hash
from app.rules.standing import Author, Standing, stated_by
from app.rules.types import Caller, Fact, Memory, NewEdge, Scope, Visibility
from app.tenancy import access
from app.tenancy.access import Place
from app.tenancy.quotas import count_one_more
from app.tenancy.versions import must_be_current


@dataclass(frozen=True, slots=True)
class Revision:
    """What to change; None leaves a field as it is. ``acting`` is the user on whose behalf, if one
    is named; ``stated_by`` who decided on the new words;
    ``if_match`` in which version the memory must be."""

    fact: str | None = None
    metadata: dict[str, Any] | None = None
    importance: float | None = None
    visibility: Visibility | None = None
    namespace: str | None = None
    team_id: UUID | None = None
    acting: str | None = None
    stated_by: Author = "application"
    if_match: str | None = None


async def revise(caller: Caller, memory_id: UUID, revision: Revision) -> Memory:
    """Change a live memory, and record how it was. A new fact is embedded, and has the standing of
    who states it: one that reads as an order to an agent puts the memory into quarantine.

    Raises NotFound, Forbidden (for a team's memory without a role that writes), PreconditionFailed,
    Conflict when the scope has the same fact already, ProviderError when a new fact cannot be
    embedded.
    """
    [(fact, metadata)] = await clean_facts(
        caller.tenant_id, [(revision.fact or "", revision.metadata or {})]
    )
    revision = replace(
        revision,
        fact=None if revision.fact is None else fact,
        metadata=None if revision.metadata is None else metadata,
    )
    vector = None
    if revision.fact is not None:
        async with transaction(caller.tenant_id) as tx:  # Check this before the embedder is paid.
            seen = await _changeable(tx, caller, memory_id, revision.acting)
            must_be_current(revision.if_match, seen)
        embedded = await embed_facts(caller.tenant_id, [Fact(revision.fact, 0.0, about="")])
        [vector] = embedded.vectors
    try:
        async with transaction(caller.tenant_id) as tx:
            before = await _locked_for(tx, caller, memory_id, revision)
            after = await _after(tx, caller, before, revision)
            changes = {
                name: value for name, value in after.items() if getattr(before, name) != value
            }
            if "fact" in changes and vector is not None:
                changes |= {
                    "content_hash": content_hash(changes["fact"]),
                    "embedding": vector,
                    "embedding_model": get_providers().embedder.model,
                }
            if changes:
                await memories.change(tx, memory_id, changes)
                await _note_edit(tx, before, changes)
            changed = await memories.get(tx, memory_id)
    except Duplicate:
        raise _said_already() from None
    assert changed is not None, "it is held by the transaction"
    return changed


async def restore(caller: Caller, memory_id: UUID, acting: str | None = None) -> Memory:
    """Make a superseded memory live again; its successor stays live too. One that waits for review
    is accepted only with the key scope ``review``: it is trusted then as one that a person has
    reviewed, and retires what it contradicts.

    Raises NotFound, Forbidden, Conflict when it is live or the scope now says the same, PlanLimit.
    """
    try:
        async with transaction(caller.tenant_id) as tx:
            memory = await _locked(tx, caller, memory_id, acting)
            waits = memory.state == "quarantined" or memory.would_retire is not None
            if memory.state == "live" and not waits:
                raise Conflict("This memory is live; only a superseded one can be restored.")
            if waits:
                access.may_review(caller)
            retired = await _retire(tx, memory)
            if memory.state != "live":
                await count_one_more(tx, "memories")
            await memories.restore(tx, memory_id)
            if retired:
                await quotas.add(tx, "memories", -1)
            await events.note(tx, memory_id, action="restored", reason="by_request")
            restored = await memories.get(tx, memory_id)
    except Duplicate:
        raise _said_already() from None
    assert restored is not None, "it is held by the transaction"
    return restored


async def _retire(tx: TenantTx, memory: Memory) -> bool:
    """Retire what the memory contradicts, now that it is accepted; False when that is not live any
    more. The caller has locked the owner, which is one for both."""
    if memory.would_retire is None:
        return False
    old = await memories.get(tx, memory.would_retire, lock=True)
    if old is None or old.state != "live" or old.scope_key != memory.scope_key:
        return False
    now = await clock(tx)
    await memories.supersede(
        tx, old.memory_id, by=memory.memory_id, at=now, valid_until=memory.valid_from
    )
    await edges.carry(tx, {old.memory_id: memory.memory_id})
    await edges.add(tx, [NewEdge(memory.memory_id, old.memory_id, edges.SUPERSEDES)])
    await events.note(tx, old.memory_id, action="superseded", reason="reviewed")
    return True


async def delete(caller: Caller, memory_id: UUID, acting: str | None = None) -> None:
    """Delete a memory, live or superseded; an event without text stays. Raises NotFound."""
    async with transaction(caller.tenant_id) as tx:
        memory = await _locked(tx, caller, memory_id, acting)
        await events.note(tx, memory_id, action="deleted", reason="by_request")
        await memories.delete(tx, memory_id)
        if memory.state == "live":
            await quotas.add(tx, "memories", -1)


async def _changeable(
    tx: TenantTx, caller: Caller, memory_id: UUID, acting: str | None, *, lock: bool = False
) -> Memory:
    memory = await memories.get(tx, memory_id, restriction=caller.restriction, lock=lock)
    if memory is None:
        raise NotFound("There is no memory of this id.")
    if acting is not None:
        shared_with = memory.team_id if memory.visibility == "team" else None
        await access.may_change(tx, caller, memory.user_id, shared_with, acting)
    return memory


async def _locked(tx: TenantTx, caller: Caller, memory_id: UUID, acting: str | None) -> Memory:
    """Read the memory with its owner locked, as every change to a scope needs it."""
    memory = await _changeable(tx, caller, memory_id, acting)
    await memory_owners.lock(tx, _owner_key(caller, memory))
    return await _changeable(tx, caller, memory_id, acting, lock=True)


async def _locked_for(tx: TenantTx, caller: Caller, memory_id: UUID, revision: Revision) -> Memory:
    """Read the live memory, with both owners locked when it moves from one scope to another."""
    memory = await _changeable(tx, caller, memory_id, revision.acting)
    moved = replace(memory, **await _place(tx, caller, memory, revision))
    for owner_key in sorted({_owner_key(caller, memory), _owner_key(caller, moved)}):
        await memory_owners.lock(tx, owner_key)
    memory = await _changeable(tx, caller, memory_id, revision.acting, lock=True)
    must_be_current(revision.if_match, memory)
    if memory.state != "live":
        raise Conflict("This memory has been superseded; only a live one can be changed.")
    return memory


async def _after(
    tx: TenantTx, caller: Caller, before: Memory, revision: Revision
) -> dict[str, Any]:
    """Give the columns after the change."""
    own = {"fact": revision.fact, "metadata": revision.metadata, "importance": revision.importance}
    after: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
    after |= await _place(tx, caller, before, revision)
    after["scope_key"] = _scope(caller, replace(before, **after)).key
    if revision.fact is not None and revision.fact != before.fact:
        after |= _with_standing(stated_by(revision.stated_by, revision.fact))
    return after


def _with_standing(standing: Standing) -> dict[str, Any]:
    """Give the columns of a memory that was put into other words."""
    words: dict[str, Any] = {"trust": standing.trust}
    if standing.quarantine_reason is not None:
        words |= {"state": "quarantined", "quarantine_reason": standing.quarantine_reason}
    return words


async def _note_edit(tx: TenantTx, before: Memory, changes: Mapping[str, Any]) -> None:
    """Record the edit; and that the memory waits for review and is no longer counted, if so."""
    noted = _noted(changes)
    await events.note(
        tx,
        before.memory_id,
        action="edited",
        reason="by_request",
        before={name: getattr(before, name) for name in noted},
        after={name: changes[name] for name in noted},
    )
    if changes.get("state") == "quarantined":
        reason = changes["quarantine_reason"]
        await events.note(tx, before.memory_id, action="quarantined", reason=reason)
        await quotas.add(tx, "memories", -1)


async def _place(
    tx: TenantTx, caller: Caller, memory: Memory, revision: Revision
) -> dict[str, Any]:
    """Find where the memory belongs after the change: namespace, visibility, team."""
    place: dict[str, Any] = {}
    if revision.namespace is not None:
        access.check_key(caller, Place(memory.user_id, revision.namespace, memory.agent_id))
        place["namespace"] = revision.namespace
    if revision.visibility == "private":
        if revision.team_id is not None:
            raise Unprocessable("A memory that becomes private leaves its team: omit team_id.")
        place |= {"visibility": "private", "team_id": None}
    elif revision.visibility == "team" or revision.team_id is not None:
        if memory.agent_id is not None:
            raise Conflict("An agent's memory stays in the agent's scope; store it for the team.")
        user = revision.acting or memory.user_id
        team = revision.team_id or memory.team_id
        place |= {
            "visibility": revision.visibility or memory.visibility,
            "team_id": await access.team_to_share_with(tx, caller, user, team),
        }
    return place


def _scope(caller: Caller, memory: Memory) -> Scope:
    return Scope.of(
        caller.tenant_id,
        memory.namespace,
        memory.user_id,
        agent_id=memory.agent_id,
        team_id=memory.team_id,
        visibility=memory.visibility,
    )


def _owner_key(caller: Caller, memory: Memory) -> str:
    return memory_owners.of_scope(_scope(caller, memory))


def _noted(changes: Mapping[str, Any]) -> list[str]:
    return [
        name
        for name in changes
        if name in ("fact", "metadata", "importance", "visibility", "namespace")
    ]


def _said_already() -> Conflict:
    return Conflict("A live memory of the same scope says this already.", code="duplicate_memory")
