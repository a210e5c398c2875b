"""Plan what becomes of facts: each is new, a repetition, a replacement or history. Nothing is read
or written here, so a plan can be made outside the event loop and with no lock held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import numpy as np
import uuid_utils.compat as uuid_utils

from app.db import memory_owners
from app.db.search import ALMOST_ONE
from app.rules.bands import Bands
from app.rules.content_hash import content_hash
from app.rules.decision import Decision, decide
from app.rules.types import (
    Action,
    Fact,
    Neighbour,
    NewEdge,
    NewMemory,
    Reconciled,
    Relation,
    Scope,
    Vector,
)

NEIGHBOURS = 8
"""How many neighbours of a fact are compared by meaning, those among the facts before it included.
Beyond the nearest few, texts have little in common but their owner."""

HISTORY = "older_than_current"
"""The reason of a fact that goes into history at once: something newer is known."""

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
        """What is locked while the fact is written."""
        return memory_owners.of_scope(self.scope)


@dataclass(frozen=True)
class Group:
    """Facts that go to one scope, each with its destination and its vector. ``relations`` between
    them become edges of the graph."""

    facts: Sequence[tuple[Destination, Fact]]
    vectors: Sequence[Vector]
    relations: Sequence[Relation] = ()

    @property
    def to(self) -> Destination:
        """The destination of the first, whose scope is that of all."""
        return self.facts[0][0]

    @cached_property
    def hashes(self) -> list[bytes]:
        """The content hash of each fact."""
        return [content_hash(fact.text) for _, fact in self.facts]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a plan rests on: the live neighbours of each fact (the nearest first), what waits in
    quarantine already, by content hash, and Postgres' time ``now``, at which it was read."""

    now: datetime
    bands: Bands
    model: str
    hashes: Sequence[bytes]
    neighbours: Sequence[Sequence[Neighbour]]
    quarantined: Mapping[bytes, UUID]

    @property
    def chars(self) -> int:
        """How much text the judge has to read, besides the facts themselves."""
        return sum(len(each.fact) for found in self.neighbours for each in found)


@dataclass(frozen=True, slots=True)
class Raised:
    """A memory that was said again by somebody who gives it more importance or trust. ``op_no`` is
    the place of the fact that said it."""

    memory: Neighbour
    importance: float
    trust: float
    op_no: int


class Plan:
    """What becomes of each fact of a group, and what is to be written for all of them.

    A fact without ``valid_from`` is true since ``seen.now``, which is the time of everything that
    the plan writes: the plan is only written when nothing has changed for the owner since then.
    Facts are also compared with those before them. A fact is rejected when there is no room for a
    new memory.
    """

    def __init__(self, group: Group, seen: Seen, room: int | None) -> None:
        self.group, self.seen = group, seen
        self._vectors = np.asarray(group.vectors, dtype=np.float32)
        self._new: dict[int, NewMemory] = {}
        self._places: dict[bytes, int] = {}
        self._waiting = dict(seen.quarantined)
        self.retired: dict[UUID, NewMemory] = {}
        self.repeated: list[UUID] = []
        self.raised: dict[UUID, Raised] = {}
        self.quarantined: list[NewMemory] = []
        self.reconciled = [
            self._decide(n, to, fact, room) for n, (to, fact) in enumerate(group.facts)
        ]

    @property
    def added(self) -> int:
        """By how many live memories the scope grows."""
        alive = sum(
            new.superseded_by is None and new.memory_id not in self.retired
            for new in self._new.values()
        )
        return alive - len(self.retired_before)

    @property
    def retired_before(self) -> dict[UUID, NewMemory]:
        """What is replaced of the memories that were there before, and by what."""
        own = {new.memory_id for new in self._new.values()}
        return {old: by for old, by in self.retired.items() if old not in own}

    @property
    def written(self) -> list[NewMemory]:
        """The new memories, live or history. A fact that a later one has replaced is history from
        the start."""
        return [self._as_written(new) for new in self._new.values()]

    @property
    def heirs(self) -> dict[UUID, UUID]:
        """The live successor of each memory that is replaced."""
        return {old: self._alive(by.memory_id) for old, by in self.retired.items()}

    def history_of(self, written: Sequence[NewMemory]) -> list[tuple[UUID, UUID]]:
        """What came late: memories that are history from the start, with their successors."""
        return [
            (new.memory_id, new.superseded_by)
            for new in written
            if new.superseded_by is not None and new.memory_id not in self.retired
        ]

    def edges(self) -> list[NewEdge]:
        """Give the relations between facts as edges between the memories that now hold them."""
        found = []
        for relation in self.group.relations:
            start, end = (
                self._end(self.reconciled[n]) for n in (relation.from_fact, relation.to_fact)
            )
            if start is not None and end is not None and start != end:
                found.append(NewEdge(start, end, relation.type, relation.weight))
        return found

    def _decide(self, n: int, to: Destination, fact: Fact, room: int | None) -> Reconciled:
        valid_from = fact.valid_from or self.seen.now
        if fact.quarantine_reason is not None:
            return self._quarantine(n, to, fact, valid_from)
        said = min(valid_from, self.seen.now)
        decision = decide(fact.text, said, self._neighbours(n), self.seen.bands, fact.trust)
        if decision.outcome == "review" and decision.neighbour is not None:
            waits = replace(fact, quarantine_reason=decision.reason)
            return self._quarantine(n, to, waits, valid_from, decision.neighbour.memory_id)
        grows = decision.outcome in ("new", "beside")
        if grows and room is not None and self.added >= room:
            return Reconciled(fact, Action.REJECTED, PLAN_LIMIT)
        return self._add(n, to, fact, valid_from, decision)

    def _neighbours(self, n: int) -> list[Neighbour]:
        """Give the nearest neighbours of fact ``n`` as they are by now, those of this group among
        them."""
        alive = [
            each
            for each in [*self.seen.neighbours[n], *self._earlier(n)]
            if each.memory_id not in self.retired
        ]
        return sorted(alive, key=lambda neighbour: -neighbour.similarity)[:NEIGHBOURS]

    def _earlier(self, n: int) -> list[Neighbour]:
        """Give the nearest of the facts before ``n`` that became memories, and the one with the
        same words."""
        places = [
            place
            for place, new in self._new.items()
            if new.superseded_by is None and new.memory_id not in self.retired
        ]
        if not places:
            return []
        cosines = np.minimum(self._vectors[places] @ self._vectors[n], ALMOST_ONE)
        same = self._places.get(self.seen.hashes[n])
        if same in places:
            cosines[places.index(same)] = 1.0
        nearest = np.argsort(-cosines, kind="stable")[:NEIGHBOURS]
        return [
            Neighbour(
                new.memory_id,
                new.fact,
                float(cosines[k]),
                min(new.valid_from, self.seen.now),
                new.trust,
                new.importance,
            )
            for k in nearest
            if cosines[k] >= self.seen.bands.floor
            for new in [self._new[places[k]]]
        ]

    def _add(
        self, n: int, to: Destination, fact: Fact, valid_from: datetime, decision: Decision
    ) -> Reconciled:
        """Record the decision about fact ``n``, and give its result."""
        neighbour = decision.neighbour
        similarity = neighbour.similarity if neighbour else None
        if decision.outcome == "duplicate" and neighbour is not None:
            self.repeated.append(neighbour.memory_id)
            self._raise(n, neighbour, fact)
            return Reconciled(
                fact, Action.DUPLICATE, decision.reason, neighbour.memory_id, similarity=similarity
            )
        replaced = neighbour if decision.outcome == "replaces" else None
        successor = neighbour if decision.outcome == "history" else None
        new = self._memory(n, to, fact, valid_from, successor)
        if decision.outcome == "beside" and neighbour is not None:
            new = replace(new, would_retire=neighbour.memory_id)
        self._new[n] = new
        self._places[self.seen.hashes[n]] = n
        if replaced is not None:
            self.retired[replaced.memory_id] = new
        return Reconciled(
            fact,
            Action.REPLACED if replaced else Action.STORED,
            HISTORY if successor else decision.reason,
            new.memory_id,
            replaced_id=replaced.memory_id if replaced else None,
            similarity=similarity,
        )

    def _raise(self, n: int, neighbour: Neighbour, fact: Fact) -> None:
        """Let the memory have the greater importance and trust of the two: who says it again may
        know better what it is worth, and vouch for it more."""
        standing = (
            max(neighbour.importance, fact.importance),
            max(neighbour.trust, fact.trust),
        )
        if standing == (neighbour.importance, neighbour.trust):
            return
        for place, new in self._new.items():
            if new.memory_id == neighbour.memory_id:
                importance, trust = standing
                self._new[place] = replace(new, importance=importance, trust=trust)
                return
        before = self.raised.get(neighbour.memory_id)
        if before is not None:
            standing = max(standing[0], before.importance), max(standing[1], before.trust)
        self.raised[neighbour.memory_id] = Raised(neighbour, *standing, op_no=n)

    def _quarantine(
        self,
        n: int,
        to: Destination,
        fact: Fact,
        valid_from: datetime,
        would_retire: UUID | None = None,
    ) -> Reconciled:
        """Put the fact into quarantine, unless it is there already: it replaces nothing before it
        is let out."""
        memory_id = self._waiting.get(self.seen.hashes[n])
        if memory_id is None:
            new = replace(self._memory(n, to, fact, valid_from, None), would_retire=would_retire)
            self.quarantined.append(new)
            memory_id = self._waiting[self.seen.hashes[n]] = new.memory_id
        return Reconciled(fact, Action.QUARANTINED, fact.quarantine_reason or "", memory_id)

    def _end(self, reconciled: Reconciled) -> UUID | None:
        """Give the live memory that holds the fact, if one does."""
        if reconciled.memory_id is None or reconciled.action == Action.QUARANTINED:
            return None
        return self._alive(reconciled.memory_id)

    def _alive(self, memory_id: UUID) -> UUID:
        """Give the memory itself or, when one of these facts has replaced it, its successor."""
        while memory_id in self.retired:
            memory_id = self.retired[memory_id].memory_id
        return memory_id

    def _as_written(self, new: NewMemory) -> NewMemory:
        by = self.retired.get(new.memory_id)
        if by is None:
            return new
        until = max(new.valid_from, by.valid_from)
        return replace(new, superseded_by=by.memory_id, valid_until=until)

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
            created_at=self.seen.now,
            content_hash=self.seen.hashes[n],
            embedding_model=self.seen.model,
            vector=self._vectors[n],
            valid_until=successor.valid_from if successor else None,
            superseded_by=successor.memory_id if successor else None,
            trust=fact.trust,
            quarantine_reason=fact.quarantine_reason,
        )
