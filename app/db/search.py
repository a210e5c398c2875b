"""Memories near a vector, and memories ranked for a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from cachetools import TTLCache
from pgvector import HalfVector
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from app.db.pool import TENANT, TenantTx
from app.db.tenant_settings import TUNING
from app.rules.content_hash import INVISIBLE, visible
from app.rules.filters import NO_FILTERS, Filters
from app.rules.types import Neighbour, Recalled, Scope, Vector

ALMOST_ONE = 0.999999
"""The most that two different texts have in common: 1 is kept for equal ones, however long they are
and wherever a model cuts them off."""

CODE_CANDIDATES = 200
"""How many the codes put forward for exact ranking: tests/integration/db/test_memories.py holds
them to 99 % of the exact first ten, over 3,000 memories of 1,024 dimensions."""


_CANDIDATES_OF_A_LARGE_SCOPE = """
    AND (content_hash = wanted.hash OR memory_id IN (
        SELECT memory_id FROM memories
        WHERE tenant_id = %(tenant_id)s AND scope_key = %(scope_key)s AND state = 'live'
        ORDER BY code <~> binary_quantize(wanted.vector) LIMIT %(candidates)s))
"""


async def nearest(
    tx: TenantTx,
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
    cursor = await tx.execute(
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
            "tenant_id": tx.tenant_id,
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

_AGE_DAYS = "greatest(date_part('epoch', now() - m.created_at), 0) / 86400"

_HALF_LIFE_DAYS = """(t.half_life_days * greatest(m.importance, t.lowest_importance)
    * (1 + ln(1 + coalesce(r.reinforcements, 0)) / ln(2)))"""

RETENTION = f"exp(-least(ln(2) * {_AGE_DAYS} / {_HALF_LIFE_DAYS}, {_FADED}))"
"""``app.rules.retention`` in SQL, since a search ranks every candidate of a scope; a test holds
the two together. Reads the rows ``m`` of memories, ``r`` of REINFORCED and ``t`` of TUNING."""

REINFORCED = """
    LEFT JOIN (SELECT memory_id, reinforcements FROM memory_recalls
               WHERE tenant_id = %(tenant_id)s AND scope_key = ANY(%(scope_keys)s)
    ) r USING (memory_id)
"""

LIVE = "m.tenant_id = %(tenant_id)s AND m.scope_key = ANY(%(scope_keys)s) AND m.state = 'live'"

_TRUE_THEN = """
    m.tenant_id = %(tenant_id)s AND m.scope_key = ANY(%(scope_keys)s)
    AND m.state IN ('live', 'superseded')
    AND m.valid_from <= %(valid_at)s AND (m.valid_until IS NULL OR m.valid_until > %(valid_at)s)
"""

_QUARANTINED = """
    m.tenant_id = %(tenant_id)s AND m.scope_key = ANY(%(scope_keys)s) AND m.state = 'quarantined'
"""

_FILTERED = """
    AND (%(source)s::text IS NULL OR m.source = %(source)s)
    AND (%(created_after)s::timestamptz IS NULL OR m.created_at >= %(created_after)s)
    AND (%(created_before)s::timestamptz IS NULL OR m.created_at < %(created_before)s)
    AND (%(valid_after)s::timestamptz IS NULL OR m.valid_from >= %(valid_after)s)
    AND (%(valid_before)s::timestamptz IS NULL OR m.valid_from < %(valid_before)s)
    AND NOT EXISTS (
        SELECT FROM unnest(%(keys)s::text[], %(operators)s::text[], %(values)s::jsonb[])
            AS wanted (key, operator, value)
        WHERE NOT coalesce(CASE wanted.operator
            WHEN 'eq' THEN m.metadata -> key = value
            WHEN 'ne' THEN m.metadata -> key IS DISTINCT FROM value
            WHEN 'in' THEN EXISTS (
                SELECT FROM jsonb_array_elements(value) each WHERE m.metadata -> key = each)
            WHEN 'contains' THEN m.metadata -> key @> value
            ELSE jsonb_typeof(m.metadata -> key) = jsonb_typeof(value) AND CASE wanted.operator
                WHEN 'gt' THEN m.metadata -> key > value
                WHEN 'gte' THEN m.metadata -> key >= value
                WHEN 'lt' THEN m.metadata -> key < value
                ELSE m.metadata -> key <= value END
            END, false))
"""


def where(filters: Filters) -> str:
    """The condition on the rows ``m`` of memories: of the scopes, alive (or in quarantine, or true
    at the time asked for), and as ``filters`` want them. Parameters: ``bounds``."""
    condition = _TRUE_THEN if filters.valid_at else LIVE
    if filters.quarantined:
        condition = _QUARANTINED
    plain = Filters(valid_at=filters.valid_at, quarantined=filters.quarantined)
    return condition if filters == plain else condition + _FILTERED


def bounds(scopes: Sequence[Scope], filters: Filters) -> dict[str, Any]:
    """The parameters that ``where`` reads."""
    return {
        "tenant_id": scopes[0].tenant_id,
        "scope_keys": [scope.key for scope in scopes],
        "source": filters.source,
        "created_after": filters.created_after,
        "created_before": filters.created_before,
        "valid_after": filters.valid_after,
        "valid_before": filters.valid_before,
        "valid_at": filters.valid_at,
        "keys": [condition.key for condition in filters.metadata],
        "operators": [condition.operator for condition in filters.metadata],
        "values": [Jsonb(condition.value) for condition in filters.metadata],
    }


_WEIGHT = "t.similarity_weight"

_WEIGHTED = "t.similarity_weight * {similarity} + (1 - t.similarity_weight) * {retention}"
"""``app.rules.score.score`` in SQL."""

_FIGURES = (
    "similarity",
    "retention",
    "score",
    "age_days",
    "half_life_days",
    "reinforcements",
    "similarity_weight",
)

_COLUMNS = ", ".join(
    f"{'best' if field.name in _FIGURES else 'm'}.{field.name}" for field in fields(Recalled)
)

# Rank all that is asked for, by figures that are computed once a row (OFFSET 0 keeps the planner
# from inlining them) and in rows that hold little else; only the best are then read in full.
_RANKED = f"""
    WITH {{before}} best AS MATERIALIZED (
        SELECT *, {{score}} AS score FROM (
            SELECT *, exp(-least(ln(2) * age_days / half_life_days, {_FADED})) AS retention FROM (
                SELECT m.memory_id, m.created_at, {{weight}} AS similarity_weight,
                       {{similarity}} AS similarity,
                       {_AGE_DAYS} AS age_days, {_HALF_LIFE_DAYS} AS half_life_days,
                       coalesce(r.reinforcements, 0) AS reinforcements
                FROM {{memories}} {REINFORCED} CROSS JOIN {TUNING} t
                WHERE {{where}} OFFSET 0
            ) figures OFFSET 0
        ) t
        ORDER BY {{order}} DESC, created_at DESC, memory_id DESC
        LIMIT %(limit)s
    )
    SELECT {_COLUMNS}
    FROM best JOIN memories m ON m.tenant_id = {TENANT} AND m.memory_id = best.memory_id
    ORDER BY best.{{order}} DESC, best.created_at DESC, best.memory_id DESC
"""

_SCORE = _WEIGHTED.format(similarity="similarity", retention="retention")
_COSINE = "least(greatest(1 - (m.embedding <=> %(vector)b), 0), 1)"


def by_vector(condition: str = LIVE) -> str:
    """The statement that ranks exactly all that meets the condition."""
    return _RANKED.format(
        before="",
        similarity=_COSINE,
        weight=_WEIGHT,
        score=_SCORE,
        memories="memories m",
        where=condition,
        order="score",
    )


# The same over the memories that come first when the angle is read off the codes (cosine ≈ cos(π ·
# share of differing bits), Charikar, "Similarity estimation techniques from rounding algorithms",
# STOC 2002): an index-only scan ranks the whole scope, age included, and only its head is read from
# the table.
_HEAD = f"""
    question AS MATERIALIZED (SELECT binary_quantize(%(vector)b) AS code),
    head AS MATERIALIZED (
        SELECT memory_id FROM memories m {REINFORCED}
            CROSS JOIN question q CROSS JOIN {TUNING} t WHERE {LIVE}
        ORDER BY {
    _WEIGHTED.format(
        similarity="cos(pi() * (m.code <~> q.code) / length(q.code))", retention=RETENTION
    )
} DESC
        LIMIT {CODE_CANDIDATES}),
"""
_BY_CODE = _RANKED.format(
    before=_HEAD,
    similarity=_COSINE,
    weight=_WEIGHT,
    score=_SCORE,
    memories="head JOIN memories m USING (memory_id)",
    where=LIVE,
    order="score",
)

# With all weights 1, a question of n words ranks 0.61 / n for each that occurs once, and at most 1:
# near enough to a similarity that a memory with the words comes before a newer one without them. To
# the parser an invisible character is a letter, so these are left out.
_TEXT_RANK = """ts_rank('{1,1,1,1}',
    to_tsvector('english', normalize(translate(m.fact, %(invisible)s, ''))), q.words)::float8"""
_ANY_WORD = """memories m
    CROSS JOIN (
        SELECT replace(plainto_tsquery('english', %(text)s)::text, '&', '|')::tsquery AS words
    ) q"""


async def search(
    tx: TenantTx,
    scopes: Sequence[Scope],
    vector: Vector,
    *,
    filters: Filters = NO_FILTERS,
    limit: int,
    large: bool,
) -> list[Recalled]:
    """The memories of ``scopes`` (of one tenant) with the best scores, over all of their live
    memories.

    In ``large`` scopes the binary codes choose which of them are ranked exactly, unless a filter
    narrows them down.
    """
    statement = _BY_CODE if large and filters == NO_FILTERS else by_vector(where(filters))
    return await _recall(
        tx, statement, scopes, filters, limit, {"vector": HalfVector(list(vector))}
    )


async def search_text(
    tx: TenantTx,
    scopes: Sequence[Scope],
    text: str,
    *,
    filters: Filters = NO_FILTERS,
    limit: int,
) -> list[Recalled]:
    """The same without a vector: how well the words match stands in for the similarity."""
    statement = _RANKED.format(
        before="",
        similarity=_TEXT_RANK,
        weight=_WEIGHT,
        score=_SCORE,
        memories=_ANY_WORD,
        where=where(filters),
        order="score",
    )
    words = {"text": visible(text), "invisible": INVISIBLE}
    return await _recall(tx, statement, scopes, filters, limit, words)


async def strongest(
    tx: TenantTx, scopes: Sequence[Scope], *, filters: Filters = NO_FILTERS, limit: int
) -> list[Recalled]:
    """The memories of ``scopes`` with the highest retention, over all of them; their similarity
    reads 1."""
    return await _recall(tx, _unasked(filters, order="score"), scopes, filters, limit, {})


async def newest(
    tx: TenantTx, scopes: Sequence[Scope], *, filters: Filters = NO_FILTERS, limit: int
) -> list[Recalled]:
    """The memories of ``scopes`` that were learned last; similarity and score as ``strongest``."""
    return await _recall(tx, _unasked(filters, order="created_at"), scopes, filters, limit, {})


def _unasked(filters: Filters, *, order: str) -> str:
    return _RANKED.format(
        before="",
        similarity="1.0::float8",
        weight="0.0::float8",  # Nothing was asked, so nothing is similar to it.
        score="retention",
        memories="memories m",
        where=where(filters),
        order=order,
    )


async def _recall(
    tx: TenantTx,
    statement: str,
    scopes: Sequence[Scope],
    filters: Filters,
    limit: int,
    parameters: dict[str, Any],
) -> list[Recalled]:
    async with tx.cursor(row_factory=args_row(Recalled), binary=True) as cursor:
        await cursor.execute(statement, {**bounds(scopes, filters), "limit": limit, **parameters})
        return await cursor.fetchall()


LARGE = 1_000
"""From this many live memories on a scope is searched through its binary codes; measured at 1,024
dimensions on 2 cores: exact 2.1 ms and by codes 1.7 ms at 1,000, and from there on ten times the
memories cost ten times as much exactly."""

_known: TTLCache[tuple[Scope, ...], bool] = TTLCache(maxsize=50_000, ttl=60.0)


async def is_large(tx: TenantTx, scopes: Sequence[Scope]) -> bool:
    """Whether the scopes (of one tenant) hold LARGE live memories or more."""
    key = tuple(scopes)
    large = _known.get(key)
    if large is None:
        cursor = await tx.execute(
            """
            SELECT count(*) FROM (
                SELECT FROM memories WHERE tenant_id = %s AND scope_key = ANY(%s)
                    AND state = 'live' LIMIT %s) counted
            """,
            (tx.tenant_id, [scope.key for scope in scopes], LARGE),
        )
        row = await cursor.fetchone()
        large = _known[key] = row is not None and row[0] >= LARGE
    return large
