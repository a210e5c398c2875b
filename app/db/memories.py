"""Memories: near a vector, ranked for a question, written down, retired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from app.db.pool import Connection
from app.memory import ranking, retention
from app.memory.types import Neighbour, Recalled, Scope, Vector


@dataclass(frozen=True, slots=True)
class NewMemory:
    """A fact about to become a row. With ``superseded_by`` it is history from the start: an older
    truth that came late."""

    memory_id: UUID
    scope: Scope
    user_id: str
    visibility: str
    fact: str
    about: str
    importance: float
    source: str
    metadata: dict[str, Any]
    conversation_id: UUID | None
    message_indexes: Sequence[int]
    quote: str
    valid_from: datetime
    content_hash: bytes
    embedding_model: str
    vector: Vector
    valid_until: datetime | None = None
    superseded_by: UUID | None = None


ALMOST_ONE = 0.999999
"""The most that two different texts have in common: 1 is kept for equal ones, however long they are
and wherever a model cuts them off."""

CODE_CANDIDATES = 200
"""How many the codes put forward for exact ranking: tests/db/test_memories.py holds them to 99 % of
the exact first ten, over 3,000 memories of 1,024 dimensions."""


_CANDIDATES_OF_A_LARGE_SCOPE = """
    AND (content_hash = wanted.hash OR memory_id IN (
        SELECT memory_id FROM memories
        WHERE tenant_id = %(tenant_id)s AND scope_key = %(scope_key)s AND state = 'live'
        ORDER BY code <~> binary_quantize(wanted.vector) LIMIT %(candidates)s))
"""


async def nearest(
    connection: Connection,
    scope: Scope,
    vectors: Sequence[Vector],
    content_hashes: Sequence[bytes],
    *,
    floor: float,
    limit: int,
    large: bool,
) -> list[list[Neighbour]]:
    """For each vector, the live memories of the scope closest to it, best first, in one statement.

    Exact within the scope; in a ``large`` one exact among those whose binary codes are closest.
    Only cosine similarities of ``floor`` or more count, and a memory whose content hash is that of
    the fact itself always does, with similarity 1.
    """
    cursor = await connection.execute(
        f"""
        SELECT wanted.nth, near.memory_id, near.fact, near.similarity, near.valid_from
        FROM unnest(%(vectors)b::halfvec[], %(hashes)b::bytea[])
            WITH ORDINALITY AS wanted (vector, hash, nth)
        CROSS JOIN LATERAL (
            SELECT memory_id, fact, valid_from,
                   CASE WHEN content_hash = wanted.hash THEN 1.0
                        ELSE least(1 - (embedding <=> wanted.vector), {ALMOST_ONE})
                   END AS similarity
            FROM memories
            WHERE tenant_id = %(tenant_id)s AND scope_key = %(scope_key)s AND state = 'live'
            {_CANDIDATES_OF_A_LARGE_SCOPE if large else ""}
            ORDER BY similarity DESC, memory_id
            LIMIT %(limit)s) near
        WHERE near.similarity >= %(floor)s
        """,
        {
            "vectors": [HalfVector(list(vector)) for vector in vectors],
            "hashes": list(content_hashes),
            "tenant_id": scope.tenant_id,
            "scope_key": scope.key,
            "floor": floor,
            "limit": limit,
            "candidates": CODE_CANDIDATES,
        },
    )
    found: list[list[Neighbour]] = [[] for _ in vectors]
    for nth, memory_id, fact, similarity, valid_from in await cursor.fetchall():
        found[nth - 1].append(Neighbour(memory_id, fact, similarity, valid_from))
    return found


_FADED = 700
"""Where Postgres' exp() would refuse to go on: e^-700 is 10^-304."""

_RETENTION = f"""
    exp(-least(ln(2) * greatest(date_part('epoch', now() - m.created_at), 0) / 86400
        / ({retention.DAYS_PER_IMPORTANCE} * greatest(m.importance, {retention.LOWEST_IMPORTANCE})
           * (1 + ln(1 + coalesce(r.reinforcements, 0)) / ln(2))), {_FADED}))
"""
"""``app.memory.retention`` in SQL, since a search ranks every candidate of a scope; a test holds
the two together."""

_REINFORCED = """
    LEFT JOIN (SELECT memory_id, reinforcements FROM memory_recalls
               WHERE tenant_id = %(tenant_id)s AND scope_key = ANY(%(scope_keys)s)
    ) r USING (memory_id)
"""

_LIVE = "m.tenant_id = %(tenant_id)s AND m.scope_key = ANY(%(scope_keys)s) AND m.state = 'live'"

_WEIGHTED = (
    f"{ranking.SIMILARITY_WEIGHT} * {{similarity}} + {ranking.RETENTION_WEIGHT} * {{retention}}"
)

# Rank all that is asked for, by figures that are computed once a row: OFFSET 0 keeps the planner
# from inlining them.
_RANKED = f"""
    SELECT memory_id, fact, importance, retention, similarity, {{score}} AS score, source,
           namespace, created_at, conversation_id, message_indexes
    FROM (
        SELECT m.*, {{similarity}} AS similarity, {_RETENTION} AS retention
        FROM {{memories}} {_REINFORCED} WHERE {_LIVE}
            AND (%(source)s::text IS NULL OR m.source = %(source)s) OFFSET 0
    ) ranked
    ORDER BY score DESC, created_at DESC, memory_id DESC
    LIMIT %(limit)s
"""

_SCORE = _WEIGHTED.format(similarity="similarity", retention="retention")
_COSINE = "least(greatest(1 - (m.embedding <=> %(vector)b), 0), 1)"

BY_VECTOR = _RANKED.format(similarity=_COSINE, score=_SCORE, memories="memories m")

# The same over the memories that come first when the angle is read off the codes (cosine ≈ cos(π ·
# share of differing bits), Charikar, "Similarity estimation techniques from rounding algorithms",
# STOC 2002): an index-only scan ranks the whole scope, age included, and only its head is read from
# the table.
_BY_CODE = f"""
    WITH question AS MATERIALIZED (SELECT binary_quantize(%(vector)b) AS code),
        head AS MATERIALIZED (
        SELECT memory_id FROM memories m {_REINFORCED} CROSS JOIN question q WHERE {_LIVE}
        ORDER BY {
    _WEIGHTED.format(
        similarity="cos(pi() * (m.code <~> q.code) / length(q.code))", retention=_RETENTION
    )
} DESC
        LIMIT {CODE_CANDIDATES})
    {
    _RANKED.format(
        similarity=_COSINE, score=_SCORE, memories="head JOIN memories m USING (memory_id)"
    )
}
"""

# ts_rank's normalisation 32 is rank / (rank + 1), so it stays below 1.
_BY_TEXT = _RANKED.format(
    similarity="ts_rank(to_tsvector('english', m.fact), q.words, 32)::float8",
    score=_SCORE,
    memories="""memories m
        CROSS JOIN (
            SELECT replace(plainto_tsquery('english', %(text)s)::text, '&', '|')::tsquery AS words
        ) q""",
)

_BY_RETENTION = _RANKED.format(similarity="1.0::float8", score="retention", memories="memories m")


async def search(
    connection: Connection,
    scopes: Sequence[Scope],
    vector: Vector,
    *,
    source: str | None,
    limit: int,
    large: bool,
) -> list[Recalled]:
    """The memories of ``scopes`` (of one tenant) with the best scores, over all of their live
    memories.

    In ``large`` scopes the binary codes choose which of them are ranked exactly, unless a source
    narrows them down.
    """
    statement = _BY_CODE if large and source is None else BY_VECTOR
    return await _recall(
        connection, statement, scopes, source, limit, {"vector": HalfVector(list(vector))}
    )


async def search_text(
    connection: Connection, scopes: Sequence[Scope], text: str, *, source: str | None, limit: int
) -> list[Recalled]:
    """The same without a vector: how well the words match stands in for the similarity."""
    return await _recall(connection, _BY_TEXT, scopes, source, limit, {"text": text})


async def strongest(
    connection: Connection, scopes: Sequence[Scope], *, source: str | None, limit: int
) -> list[Recalled]:
    """The memories of ``scopes`` with the highest retention, over all of them; their similarity
    reads 1."""
    return await _recall(connection, _BY_RETENTION, scopes, source, limit, {})


async def _recall(
    connection: Connection,
    statement: str,
    scopes: Sequence[Scope],
    source: str | None,
    limit: int,
    parameters: dict[str, Any],
) -> list[Recalled]:
    async with connection.cursor(row_factory=args_row(_to_recalled), binary=True) as cursor:
        await cursor.execute(
            statement,
            {
                "tenant_id": scopes[0].tenant_id,
                "scope_keys": [scope.key for scope in scopes],
                "source": source,
                "limit": limit,
                **parameters,
            },
        )
        return await cursor.fetchall()


def _to_recalled(*row: Any) -> Recalled:
    (
        memory_id,
        fact,
        importance,
        age_left,
        similarity,
        score,
        source,
        namespace,
        created_at,
        conversation_id,
        indexes,
    ) = row
    return Recalled(
        memory_id=memory_id,
        fact=fact,
        importance=importance,
        retention=age_left,
        similarity=similarity,
        score=score,
        source=source,
        namespace=namespace,
        created_at=created_at,
        conversation_id=conversation_id,
        message_indexes=tuple(indexes),
    )


async def insert(connection: Connection, new: Sequence[NewMemory]) -> None:
    """Write the memories down. Raises psycopg.errors.UniqueViolation when a live one of its scope
    says the same."""
    if not new:
        return
    await connection.execute(
        f"""
        INSERT INTO memories (
            tenant_id, memory_id, scope_key, user_id, namespace, agent_id, team_id, visibility,
            fact, about, importance, source, metadata, conversation_id, message_indexes, quote,
            valid_from, valid_until, content_hash, embedding_model, embedding,
            superseded_by, state, superseded_at)
        VALUES {", ".join([_ROW] * len(new))}
        """,
        [value for memory in new for value in _row(memory)],
    )


_ROW = f"({', '.join(['%s'] * 20)}, %b, %s, %s, CASE WHEN %s::uuid IS NOT NULL THEN now() END)"


def _row(new: NewMemory) -> tuple[Any, ...]:
    scope = new.scope
    return (
        scope.tenant_id,
        new.memory_id,
        scope.key,
        new.user_id,
        scope.namespace,
        scope.agent_id,
        scope.team_id,
        new.visibility,
        new.fact,
        new.about,
        new.importance,
        new.source,
        Jsonb(new.metadata),
        new.conversation_id,
        list(new.message_indexes),
        new.quote,
        new.valid_from,
        new.valid_until,
        new.content_hash,
        new.embedding_model,
        HalfVector(list(new.vector)),
        new.superseded_by,
        "superseded" if new.superseded_by else "live",
        new.superseded_by,
    )


async def supersede(
    connection: Connection,
    tenant_id: UUID,
    memory_id: UUID,
    *,
    by: UUID,
    valid_until: datetime | None,
) -> None:
    """Retire a live memory: it keeps its row, says since when and by which, and is no longer
    recalled."""
    await connection.execute(
        """
        UPDATE memories
        SET state = 'superseded', superseded_at = now(), superseded_by = %s,
            valid_until = coalesce(%s, now())
        WHERE tenant_id = %s AND memory_id = %s AND state = 'live'
        """,
        (by, valid_until, tenant_id, memory_id),
    )


async def reinforce(connection: Connection, scope: Scope, memory_id: UUID) -> None:
    """Count that the memory was said again, at most once a day, so that repetition in a loop gains
    nothing."""
    await connection.execute(
        """
        INSERT INTO memory_recalls (tenant_id, scope_key, memory_id, reinforcements,
            last_reinforced_at)
        VALUES (%s, %s, %s, 1, now())
        ON CONFLICT (tenant_id, scope_key, memory_id) DO UPDATE
        SET reinforcements = memory_recalls.reinforcements + 1, last_reinforced_at = now()
        WHERE memory_recalls.last_reinforced_at IS NULL
           OR memory_recalls.last_reinforced_at < now() - interval '1 day'
        """,
        (scope.tenant_id, scope.key, memory_id),
    )
