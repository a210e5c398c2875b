"""Use case: one fact → settled.

A conversation's facts and a single stored fact come through the same ``settle``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import uuid_utils.compat as uuid_utils

from app.db import events, memories, subjects
from app.db.memories import NewMemory
from app.db.pool import Connection, transaction
from app.db.sizes import is_large
from app.ledger import paid_embedding
from app.memory.bands import Bands
from app.memory.fingerprint import content_hash
from app.memory.settling import Decision, decide
from app.memory.types import Action, Fact, Neighbour, Scope, Settled, Vector
from app.memory.wording import document_text
from app.providers import get_providers

NEIGHBOURS = 8
"""How many neighbours of a fact are compared by meaning; beyond the nearest few, texts only share
their subject."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where facts go, and where they come from."""

    subject: str
    scope: Scope
    user_id: str
    visibility: str
    source: str
    metadata: dict[str, Any] = field(default_factory=dict)
    conversation_id: UUID | None = None
    run: int = 0


async def store(destination: Destination, fact: Fact) -> Settled:
    """Settle one fact that a client states itself; it is embedded here and now.

    Raises ProviderError when the embedder gives no answer: nothing is stored then.
    """
    providers = get_providers()
    texts = [document_text(fact)]
    if providers.paid_embedder:
        embeddings = await paid_embedding(
            lambda: providers.embedder.embed_documents(texts),
            tenant_id=destination.scope.tenant_id,
            conversation_id=None,
            model=providers.embedder.model,
        )
    else:
        embeddings = await providers.embedder.embed_documents(texts)
    async with transaction() as connection:
        now = await subjects.lock(connection, destination.scope.tenant_id, destination.subject)
        [settled] = await settle(
            connection,
            destination,
            [fact],
            embeddings.vectors,
            now=now,
            model=providers.embedder.model,
            bands=providers.bands,
        )
    return settled


async def settle(
    connection: Connection,
    destination: Destination,
    facts: Sequence[Fact],
    vectors: Sequence[Vector],
    *,
    now: datetime,
    model: str,
    bands: Bands,
) -> list[Settled]:
    """Write each fact as a new memory, or find it a duplicate, or let it replace what it
    contradicts.

    The caller's transaction holds the subject's lock; a fact that does not say since when it is
    true is so since ``now``. Facts are also compared with those before them in ``facts``.
    """
    if not facts:
        return []
    scope = destination.scope
    hashes = [content_hash(fact.text) for fact in facts]
    found = await memories.nearest(
        connection,
        scope,
        vectors,
        hashes,
        floor=bands.candidate,
        limit=NEIGHBOURS,
        large=await is_large(connection, [scope]),
    )
    batch = _Batch(destination, vectors, hashes, model)
    settled: list[Settled] = []
    for n, fact in enumerate(facts):
        valid_from = fact.valid_from or now
        decision = decide(fact.text, valid_from, batch.neighbours(n, found[n]), bands)
        settled.append(batch.add(n, fact, valid_from, decision))
    await batch.write(connection)
    await events.record(
        connection,
        scope.tenant_id,
        settled,
        conversation_id=destination.conversation_id,
        run=destination.run,
    )
    return settled


class _Batch:
    """The facts being settled together: what each comes to, and what is to be written for all of
    them."""

    def __init__(
        self,
        destination: Destination,
        vectors: Sequence[Vector],
        hashes: Sequence[bytes],
        model: str,
    ) -> None:
        self._destination, self._hashes, self._model = destination, hashes, model
        self._vectors = np.asarray(vectors, dtype=np.float32)
        self._new: dict[int, NewMemory] = {}
        self._retired: dict[UUID, NewMemory] = {}
        self._repeated: list[UUID] = []

    def neighbours(self, n: int, found: Sequence[Neighbour]) -> list[Neighbour]:
        """The neighbours of fact ``n`` as they are by now, those of this batch among them, best
        first."""
        neighbours = [
            Neighbour(new.memory_id, new.fact, self._similarity(earlier, n), new.valid_from)
            for earlier, new in self._new.items()
            if new.superseded_by is None
        ]
        alive = [each for each in [*found, *neighbours] if each.memory_id not in self._retired]
        return sorted(alive, key=lambda neighbour: -neighbour.similarity)

    def add(self, n: int, fact: Fact, valid_from: datetime, decision: Decision) -> Settled:
        """Take the decision down; what it came to."""
        neighbour = decision.neighbour
        similarity = neighbour.similarity if neighbour else None
        if decision.outcome == "duplicate" and neighbour is not None:
            self._repeated.append(neighbour.memory_id)
            return Settled(
                fact, Action.DUPLICATE, decision.reason, neighbour.memory_id, similarity=similarity
            )
        replaced = neighbour if decision.outcome == "replaces" else None
        successor = neighbour if decision.outcome == "history" else None
        new = self._memory(n, fact, valid_from, successor)
        self._new[n] = new
        if replaced is not None:
            self._retired[replaced.memory_id] = new
        return Settled(
            fact,
            Action.REPLACED if replaced else Action.STORED,
            "older_than_current" if successor else decision.reason,
            new.memory_id,
            replaced_id=replaced.memory_id if replaced else None,
            similarity=similarity,
        )

    async def write(self, connection: Connection) -> None:
        """Retire first, then write: a value may come back that a fact before it has replaced. One
        of these facts that a later one has replaced is history from the start."""
        scope = self._destination.scope
        own = {new.memory_id for new in self._new.values()}
        for memory_id, by in self._retired.items():
            if memory_id in own:
                continue
            await memories.supersede(
                connection, scope.tenant_id, memory_id, by=by.memory_id, valid_until=by.valid_from
            )
        await memories.insert(connection, [self._as_written(new) for new in self._new.values()])
        for memory_id in self._repeated:
            await memories.reinforce(connection, scope, memory_id)

    def _as_written(self, new: NewMemory) -> NewMemory:
        by = self._retired.get(new.memory_id)
        if by is None:
            return new
        return replace(new, superseded_by=by.memory_id, valid_until=by.valid_from)

    def _similarity(self, earlier: int, n: int) -> float:
        if self._hashes[earlier] == self._hashes[n]:
            return 1.0
        return min(float(self._vectors[earlier] @ self._vectors[n]), memories.ALMOST_ONE)

    def _memory(
        self, n: int, fact: Fact, valid_from: datetime, successor: Neighbour | None
    ) -> NewMemory:
        to = self._destination
        return NewMemory(
            memory_id=uuid_utils.uuid7(),
            scope=to.scope,
            user_id=to.user_id,
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
            content_hash=self._hashes[n],
            embedding_model=self._model,
            vector=self._vectors[n],
            valid_until=successor.valid_from if successor else None,
            superseded_by=successor.memory_id if successor else None,
        )
