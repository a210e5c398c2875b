"""Use case: one fact → settled.

A conversation's facts and a single stored fact come through the same ``settle``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import uuid_utils.compat as uuid_utils

from app.db import events, memories, subjects
from app.db.clock import now
from app.db.pool import Connection, transaction
from app.memory.bands import Bands
from app.memory.fingerprint import content_hash
from app.memory.settling import Decision, decide
from app.memory.types import Action, Fact, Neighbour, Scope, Settled, Vector
from app.memory.wording import document_text
from app.providers import get_providers

NEIGHBOURS = 8
"""How many neighbours of a fact are compared by meaning; beyond the nearest few, texts only share their subject."""


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
    embeddings = await providers.embedder.embed_documents([document_text(fact)])
    async with transaction() as connection:
        await subjects.lock(connection, destination.scope.tenant_id, destination.subject)
        [settled] = await settle(
            connection,
            destination,
            [fact],
            embeddings.vectors,
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
    model: str,
    bands: Bands,
) -> list[Settled]:
    """Write each fact as a new memory, or find it a duplicate, or let it replace what it contradicts.

    The caller's transaction holds the subject's lock. Facts are also compared with those before them in ``facts``.
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
        large=await memories.is_large(connection, [scope]),
    )
    arrived_at = await now(connection)
    batch = _Batch(vectors, hashes)
    settled: list[Settled] = []
    for n, fact in enumerate(facts):
        valid_from = fact.valid_from or arrived_at
        decision = decide(fact.text, valid_from, batch.with_own(n, found[n]), bands)
        settled.append(await _apply(connection, destination, n, fact, valid_from, decision, batch, model))
    await events.record(
        connection, scope.tenant_id, settled, conversation_id=destination.conversation_id, run=destination.run
    )
    return settled


class _Batch:
    """The facts being settled together: which of them are memories now, and which memories they retired."""

    def __init__(self, vectors: Sequence[Vector], hashes: Sequence[bytes]) -> None:
        self.vectors = np.asarray(vectors, dtype=np.float32)
        self.hashes = hashes
        self.stored: dict[int, tuple[UUID, Fact, datetime]] = {}
        self.retired: set[UUID] = set()

    def with_own(self, n: int, found: Sequence[Neighbour]) -> list[Neighbour]:
        """The neighbours of fact ``n`` as they are by now, best first."""
        neighbours = [neighbour for neighbour in found if neighbour.memory_id not in self.retired]
        for earlier, (memory_id, fact, valid_from) in self.stored.items():
            if memory_id not in self.retired:
                same = self.hashes[earlier] == self.hashes[n]
                similarity = 1.0 if same else float(self.vectors[earlier] @ self.vectors[n])
                neighbours.append(Neighbour(memory_id, fact.text, similarity, valid_from))
        return sorted(neighbours, key=lambda neighbour: -neighbour.similarity)


async def _apply(
    connection: Connection,
    destination: Destination,
    n: int,
    fact: Fact,
    valid_from: datetime,
    decision: Decision,
    batch: _Batch,
    model: str,
) -> Settled:
    tenant_id, neighbour = destination.scope.tenant_id, decision.neighbour
    similarity = neighbour.similarity if neighbour else None
    if decision.outcome == "duplicate" and neighbour is not None:
        await memories.reinforce(connection, destination.scope, neighbour.memory_id)
        return Settled(fact, Action.DUPLICATE, decision.reason, neighbour.memory_id, similarity=similarity)

    memory_id = uuid_utils.uuid7()
    replaced = neighbour if decision.outcome == "replaces" else None
    successor = neighbour if decision.outcome == "history" else None
    if replaced is not None:
        await memories.supersede(connection, tenant_id, replaced.memory_id, by=memory_id, valid_until=valid_from)
        batch.retired.add(replaced.memory_id)
    new = memories.NewMemory(
        memory_id=memory_id,
        scope=destination.scope,
        user_id=destination.user_id,
        visibility=destination.visibility,
        fact=fact.text,
        about=fact.about,
        importance=fact.importance,
        source=destination.source,
        metadata=destination.metadata,
        conversation_id=destination.conversation_id,
        message_indexes=fact.message_indexes,
        quote=fact.quote,
        valid_from=valid_from,
        content_hash=batch.hashes[n],
        embedding_model=model,
        vector=batch.vectors[n],
        valid_until=successor.valid_from if successor else None,
        superseded_by=successor.memory_id if successor else None,
    )
    await memories.insert(connection, new)
    if successor is None:
        batch.stored[n] = (memory_id, fact, valid_from)
    return Settled(
        fact,
        Action.REPLACED if replaced else Action.STORED,
        "older_than_current" if successor else decision.reason,
        memory_id,
        replaced_id=replaced.memory_id if replaced else None,
        similarity=similarity,
    )
