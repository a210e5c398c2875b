"""Reconcile facts with the memories of their scope: decide with no lock held, then write under it.

The facts of a conversation and those that a client states directly take the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from app.concurrency import off_loop_if_long
from app.db import edges, events, memories, memory_owners, quotas, search, teams
from app.db.pool import TenantTx, read_only
from app.memories.plan import NEIGHBOURS, Destination, Group, Plan, Seen
from app.providers.registry import get_providers
from app.rules.types import NewEdge, OwnerState, Reconciled, Scope
from app.tenancy.quotas import room_for_memories

DECISIONS = 3
"""How often facts are decided with no lock held. When the owner's memories have changed each time
before they could be written, they are decided once more, under the lock."""


async def current_destination(tx: TenantTx, destination: Destination) -> Destination:
    """Give the destination as it is now: what was meant for a dissolved team goes where the team's
    memories went, to its author. The caller has locked the destination's owner."""
    team_id = destination.scope.team_id
    tenant_id = destination.scope.tenant_id
    if team_id is None or await teams.get(tx, team_id) is not None:
        return destination
    own = Scope(tenant_id, destination.scope.namespace, destination.user_id)
    return replace(destination, scope=own, visibility="private", team_id=None)


class Outdated(Exception):
    """What was decided rests on memories that have changed since. The transaction rolls back, and
    the facts are decided again."""


class Reconciliation:
    """Groups of facts of one tenant on their way into memory, each group to a scope of its own.

    Call ``decide``, then ``write`` in a transaction that has locked the owners, until it no longer
    raises Outdated.
    """

    def __init__(self, tenant_id: UUID, groups: Sequence[Group]) -> None:
        self._tenant_id = tenant_id
        self._groups = [group for group in groups if group.facts]
        self._decided = 0
        self._plans: list[Plan] | None = None
        self._versions: dict[str, int] = {}

    async def decide(self) -> None:
        """Read the facts' neighbours in a transaction of its own, then judge outside of it.

        After DECISIONS calls it does nothing: then `write` decides, under the lock.
        """
        self._plans = None
        if self._decided == DECISIONS:
            return
        self._decided += 1
        await self._hash()
        async with read_only(self._tenant_id) as tx:
            states = {
                group.to.owner_key: await memory_owners.look(tx, group.to.owner_key)
                for group in self._groups
            }
            seen = [await _look(tx, group, states[group.to.owner_key]) for group in self._groups]
            room = await self._room(tx, states, lock=False)
        self._versions = {owner_key: state.version for owner_key, state in states.items()}
        self._plans = await self._judge(seen, room)

    async def write(self, tx: TenantTx, locks: Mapping[str, OwnerState]) -> list[list[Reconciled]]:
        """Write what was decided, and say what became of each group's facts. ``locks`` has each
        group's owner, locked by this transaction. Raises Outdated."""
        if self._plans is None:
            await self._hash()
            seen = [await _look(tx, group, locks[group.to.owner_key]) for group in self._groups]
            plans = await self._judge(seen, await self._room(tx, locks, lock=True))
        else:
            plans = self._plans
            # Locking the owner has counted its version up by one.
            if any(locks[key].version != seen + 1 for key, seen in self._versions.items()):
                raise Outdated
            room = await self._room(tx, locks, lock=True)
            if room is not None and sum(plan.added for plan in plans) > room:
                raise Outdated
        for plan in plans:
            await _write(tx, plan)
        await quotas.add(tx, "memories", sum(plan.added for plan in plans))
        return [plan.reconciled for plan in plans]

    async def _hash(self) -> None:
        """Make what takes long, once, before it is wanted in a transaction."""
        await off_loop_if_long(self._chars(), lambda: [group.hashes for group in self._groups])

    def _chars(self) -> int:
        return sum(len(fact.text) for group in self._groups for _, fact in group.facts)

    async def _room(
        self, tx: TenantTx, states: Mapping[str, OwnerState], *, lock: bool
    ) -> int | None:
        for state in states.values():
            return await room_for_memories(tx, state.plan, lock=lock)
        return None

    async def _judge(self, seen: Sequence[Seen], room: int | None) -> list[Plan]:
        chars = sum(each.chars for each in seen) + self._chars()
        return await off_loop_if_long(
            chars, _plans, list(zip(self._groups, seen, strict=True)), room
        )


def _plans(groups: Sequence[tuple[Group, Seen]], room: int | None) -> list[Plan]:
    """Plan one group after the other; each leaves less room to the next."""
    plans = []
    for group, seen in groups:
        plan = Plan(group, seen, room)
        room = None if room is None else room - plan.added
        plans.append(plan)
    return plans


async def _look(tx: TenantTx, group: Group, state: OwnerState) -> Seen:
    """Read what a plan for the group rests on."""
    providers, scope = get_providers(), group.to.scope
    bands = state.tuning.bands(providers.bands)
    neighbours = await search.nearest(
        tx,
        scope,
        group.vectors,
        group.hashes,
        floor=bands.floor,
        limit=NEIGHBOURS,
        large=await search.is_large(tx, [scope]),
    )
    suspicious = [
        content_hash
        for (_, fact), content_hash, found in zip(
            group.facts, group.hashes, neighbours, strict=True
        )
        if fact.quarantine_reason is not None or any(each.trust > fact.trust for each in found)
    ]
    return Seen(
        now=state.now,
        bands=bands,
        model=providers.embedder.model,
        hashes=group.hashes,
        neighbours=neighbours,
        quarantined=await memories.quarantined(tx, scope, suspicious) if suspicious else {},
    )


async def _write(tx: TenantTx, plan: Plan) -> None:
    """Supersede first, then write: a value may come back that a fact before it has replaced."""
    to, now = plan.group.to, plan.seen.now
    # In the same order as `connect` of memories/graph.py locks them.
    for old, by in sorted(plan.retired_before.items()):
        await memories.supersede(tx, old, by=by.memory_id, at=now, valid_until=by.valid_from)
    written = plan.written
    await memories.insert(tx, [*written, *plan.quarantined])
    history = plan.history_of(written)
    for memory_id, successor in history:
        await memories.date_history(tx, memory_id, successor)
    for memory_id in plan.repeated:
        await memories.reinforce(tx, to.scope, memory_id, now)
    await _raise(tx, plan)
    await edges.carry(tx, plan.heirs)
    supersedes = [(by.memory_id, old) for old, by in plan.retired.items()]
    supersedes += [(successor, memory_id) for memory_id, successor in history]
    await edges.add(tx, [NewEdge(new, old, edges.SUPERSEDES) for new, old in supersedes])
    await edges.add(tx, plan.edges(), conversation_id=to.conversation_id)
    await events.record(tx, plan.reconciled, at=now, conversation_id=to.conversation_id, run=to.run)


async def _raise(tx: TenantTx, plan: Plan) -> None:
    """Write the greater importance and trust of what was said again, and how it was before."""
    to = plan.group.to
    for raised in plan.raised.values():
        after = {"importance": raised.importance, "trust": raised.trust}
        await memories.change(tx, raised.memory.memory_id, after)
        await events.note(
            tx,
            raised.memory.memory_id,
            action="raised",
            reason="said_again",
            before={"importance": raised.memory.importance, "trust": raised.memory.trust},
            after=after,
            of=events.Cause(to.conversation_id, to.run, raised.op_no),
        )
