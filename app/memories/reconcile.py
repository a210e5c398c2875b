"""Reconcile facts with the memories of their scope, inside the caller's transaction.

The facts of a conversation and those that a client states directly take the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import numpy as np
import uuid_utils.compat as uuid_utils

from app.db import edges, events, memories, memory_owners, quotas, search, teams
from app.db.pool import TenantTx
from app.db.search import is_large
from app.rules.bands import Bands
from app.rules.content_hash import content_hash
from app.rules.decision import Decision, decide
from app.rules.types import (
    Action,
    Fact,
    Neighbour,
    NewEdge,
    NewMemory,
    OwnerLock,
    Reconciled,
    Relation,
    Scope,
    Vector,
)
from app.tenancy.quotas import room_for_memories

NEIGHBOURS = 8
"""How many neighbours of a fact are compared by meaning. Beyond the nearest few, texts have little
in common but their owner."""

PLAN_LIMIT = "plan_limit"
"""The reason of a fact for which the tenant's plan has no room."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a fact goes, and where it comes from. ``team_id`` is the team that it is meant for,
    whether it is shared or not."""

    scope: Scope
    user_id: str
    visibility: str
    source: str
    team_id: UUID | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    conversation_id: UUID | None = None
    run: int = 0

    @property
    def owner_key(self) -> str:
        """What is locked while the fact is reconciled."""
        return memory_owners.of_scope(self.scope)


async def current_destination(tx: TenantTx, destination: Destination) -> Destination:
    """Give the destination as it is now: what was meant for a dissolved team goes where the team's
    memories went, to its author. The caller has locked the destination's owner."""
    team_id = destination.scope.team_id
    tenant_id = destination.scope.tenant_id
    if team_id is None or await teams.get(tx, team_id) is not None:
        return destination
    own = Scope(tenant_id, destination.scope.namespace, destination.user_id)
    return replace(destination, scope=own, visibility="private", team_id=None)


async def reconcile(
    tx: TenantTx,
    facts: Sequence[tuple[Destination, Fact]],
    vectors: Sequence[Vector],
    *,
    lock: OwnerLock,
    model: str,
    bands: Bands,
    relations: Sequence[Relation] = (),
) -> list[Reconciled]:
    """Write each fact as a new memory, or find it a duplicate, or let it replace what it
    contradicts. All of them belong to one scope.

    The caller's transaction has the owner's ``lock``. A fact without ``valid_from`` is true since
    ``lock.now``, which is the time of everything that is written here. ``vectors`` are of the
    embedding ``model``, and ``bands`` are for its similarities. Facts are also compared with those
    before them in ``facts``, and ``relations`` between them become edges of the graph. A fact is
    rejected when the tenant's plan has no room for a new memory.
    """
    if not facts:
        return []
    to = facts[0][0]
    scope = to.scope
    hashes = [content_hash(fact.text) for _, fact in facts]
    found = await search.nearest(
        tx,
        scope,
        vectors,
        hashes,
        floor=bands.floor,
        limit=NEIGHBOURS,
        large=await is_large(tx, [scope]),
    )
    batch = _Reconciliation(vectors, hashes, model, bands.floor, lock.now)
    room = await room_for_memories(tx, lock.plan)
    waiting = await _waiting(tx, scope, [fact for _, fact in facts], hashes)
    reconciled: list[Reconciled] = []
    for n, (destination, fact) in enumerate(facts):
        valid_from = fact.valid_from or lock.now
        if fact.quarantine_reason is not None:
            reconciled.append(batch.quarantine(n, destination, fact, valid_from, waiting))
            continue
        decision = decide(fact.text, valid_from, batch.neighbours(n, found[n]), bands)
        if decision.outcome == "new" and room is not None and batch.added >= room:
            reconciled.append(Reconciled(fact, Action.REJECTED, PLAN_LIMIT))
        else:
            reconciled.append(batch.add(n, destination, fact, valid_from, decision))
    await batch.write(tx, scope)
    related = batch.edges(relations, reconciled)
    await edges.add(tx, related, conversation_id=to.conversation_id)
    await events.record(tx, reconciled, at=lock.now, conversation_id=to.conversation_id, run=to.run)
    await quotas.add(tx, "memories", batch.added)
    return reconciled


async def _waiting(
    tx: TenantTx, scope: Scope, facts: Sequence[Fact], hashes: Sequence[bytes]
) -> dict[bytes, UUID]:
    """Find which facts to be quarantined are in quarantine already."""
    suspicious = [
        content_hash
        for fact, content_hash in zip(facts, hashes, strict=True)
        if fact.quarantine_reason is not None
    ]
    return await memories.quarantined(tx, scope, suspicious) if suspicious else {}


class _Reconciliation:
    """The facts that are reconciled together: what becomes of each, and what is to be written for
    all of them."""

    def __init__(
        self,
        vectors: Sequence[Vector],
        hashes: Sequence[bytes],
        model: str,
        floor: float,
        now: datetime,
    ) -> None:
        self._hashes, self._model, self._floor, self._now = hashes, model, floor, now
        self._vectors = np.asarray(vectors, dtype=np.float32)
        self._new: dict[int, NewMemory] = {}
        self._retired: dict[UUID, NewMemory] = {}
        self._repeated: list[UUID] = []
        self._quarantined: list[NewMemory] = []

    @property
    def added(self) -> int:
        """By how many live memories the scope grows."""
        alive = sum(
            new.superseded_by is None and new.memory_id not in self._retired
            for new in self._new.values()
        )
        own = {new.memory_id for new in self._new.values()}
        return alive - len(self._retired.keys() - own)

    def neighbours(self, n: int, found: Sequence[Neighbour]) -> list[Neighbour]:
        """Give the neighbours of fact ``n`` as they are by now, those of this batch among them, the
        best first."""
        alive = [
            each for each in [*found, *self._earlier(n)] if each.memory_id not in self._retired
        ]
        return sorted(alive, key=lambda neighbour: -neighbour.similarity)

    def _earlier(self, n: int) -> list[Neighbour]:
        """Give the nearest of the facts before ``n`` that became memories."""
        places = [place for place, new in self._new.items() if new.superseded_by is None]
        if not places:
            return []
        cosines = np.minimum(self._vectors[places] @ self._vectors[n], search.ALMOST_ONE)
        same = np.fromiter((self._hashes[place] == self._hashes[n] for place in places), bool)
        cosines = np.where(same, 1.0, cosines)
        return [
            Neighbour(new.memory_id, new.fact, float(cosines[k]), new.valid_from)
            for k in np.flatnonzero(cosines >= self._floor)
            for new in [self._new[places[k]]]
        ]

    def add(
        self, n: int, to: Destination, fact: Fact, valid_from: datetime, decision: Decision
    ) -> Reconciled:
        """Record the decision about fact ``n``, and give its result."""
        neighbour = decision.neighbour
        similarity = neighbour.similarity if neighbour else None
        if decision.outcome == "duplicate" and neighbour is not None:
            self._repeated.append(neighbour.memory_id)
            return Reconciled(
                fact, Action.DUPLICATE, decision.reason, neighbour.memory_id, similarity=similarity
            )
        replaced = neighbour if decision.outcome == "replaces" else None
        successor = neighbour if decision.outcome == "history" else None
        new = self._memory(n, to, fact, valid_from, successor)
        self._new[n] = new
        if replaced is not None:
            self._retired[replaced.memory_id] = new
        return Reconciled(
            fact,
            Action.REPLACED if replaced else Action.STORED,
            "older_than_current" if successor else decision.reason,
            new.memory_id,
            replaced_id=replaced.memory_id if replaced else None,
            similarity=similarity,
        )

    def quarantine(
        self,
        n: int,
        to: Destination,
        fact: Fact,
        valid_from: datetime,
        waiting: dict[bytes, UUID],
    ) -> Reconciled:
        """Put the fact into quarantine: it is compared with nothing and replaces nothing.
        ``waiting`` holds what is there already, and gains this one."""
        memory_id = waiting.get(self._hashes[n])
        if memory_id is None:
            new = self._memory(n, to, fact, valid_from, None)
            self._quarantined.append(new)
            memory_id = waiting[self._hashes[n]] = new.memory_id
        return Reconciled(fact, Action.QUARANTINED, fact.quarantine_reason or "", memory_id)

    async def write(self, tx: TenantTx, scope: Scope) -> None:
        """Supersede first, then write: a value may come back that a fact before it has replaced. A
        fact of this batch that a later one has replaced is history from the start."""
        own = {new.memory_id for new in self._new.values()}
        for memory_id, by in sorted(
            self._retired.items(), key=itemgetter(0)
        ):  # In the same order as `connect` of memories/graph.py locks them.
            if memory_id in own:
                continue
            await memories.supersede(
                tx, memory_id, by=by.memory_id, at=self._now, valid_until=by.valid_from
            )
        written = [self._as_written(new) for new in self._new.values()]
        await memories.insert(tx, [*written, *self._quarantined])
        for new in written:
            if new.superseded_by is not None and new.memory_id not in self._retired:
                await memories.date_history(tx, new.memory_id, new.superseded_by)
        for memory_id in self._repeated:
            await memories.reinforce(tx, scope, memory_id, self._now)
        await self._link(tx, written)

    async def _link(self, tx: TenantTx, written: Sequence[NewMemory]) -> None:
        """Move the edges of what was replaced to its successor, and connect the two."""
        heirs = {old: self._alive(by.memory_id) for old, by in self._retired.items()}
        await edges.carry(tx, heirs)
        supersedes = [
            NewEdge(by.memory_id, old, edges.SUPERSEDES) for old, by in self._retired.items()
        ]
        supersedes += [
            NewEdge(new.superseded_by, new.memory_id, edges.SUPERSEDES)
            for new in written
            if new.superseded_by is not None and new.memory_id not in self._retired
        ]
        await edges.add(tx, supersedes)

    def edges(
        self, relations: Sequence[Relation], reconciled: Sequence[Reconciled]
    ) -> list[NewEdge]:
        """Give the relations between facts as edges between the memories that now hold them."""
        found = []
        for relation in relations:
            start, end = (self._end(reconciled[n]) for n in (relation.from_fact, relation.to_fact))
            if start is None or end is None:
                continue
            if start != end:
                found.append(NewEdge(start, end, relation.type, relation.weight))
        return found

    def _end(self, reconciled: Reconciled) -> UUID | None:
        """Give the live memory that holds the fact, if one does."""
        if reconciled.memory_id is None or reconciled.action == Action.QUARANTINED:
            return None
        return self._alive(reconciled.memory_id)

    def _alive(self, memory_id: UUID) -> UUID:
        """Give the memory itself or, when one of these facts has replaced it, its successor."""
        while memory_id in self._retired:
            memory_id = self._retired[memory_id].memory_id
        return memory_id

    def _as_written(self, new: NewMemory) -> NewMemory:
        by = self._retired.get(new.memory_id)
        if by is None:
            return new
        return replace(new, superseded_by=by.memory_id, valid_until=by.valid_from)

    def _memory(
        self, n: int, to: Destination, fact: Fact, valid_from: datetime, successor: Neighbour | None
    ) -> NewMemory:
        return NewMemory(
            memory_id=uuid_utils.uuid7(),
            scope=to.scope,
            user_id=to.user_id,
            team_id=to.team_id,
            visibility=to.visibility,
            fact=fact.text,
            about=fact.about,
            importance=fact.importance,
            source=to.source,
            metadata=to.metadata,
            conversation_id=to.conversation_id,
            message_indexes=fact.message_indexes,
            quote=fact.quote,
            valid_from=valid_from,
            created_at=self._now,
            content_hash=self._hashes[n],
            embedding_model=self._model,
            vector=self._vectors[n],
            valid_until=successor.valid_from if successor else None,
            superseded_by=successor.memory_id if successor else None,
            trust=fact.trust,
            quarantine_reason=fact.quarantine_reason,
        )
