"""Memories near a vector, and memories ranked for a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cachetools import TTLCache
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Double,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import BIT, TSQUERY

from app.db.pool import TenantTx
from app.db.ranking import divided, materialized, ranked, retention, weighted, with_figures
from app.db.schema import memories
from app.db.search_filters import LIVE, REINFORCED, Wanted, bounds, shape_of, where
from app.db.statements import Statement, own, shapes
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

EXAMPLES = (frozenset[str](), frozenset({"source", "metadata"}), frozenset({"valid_at"}))


def _differing(code: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[float]:
    """How many bits of two codes differ."""
    return code.op("<~>", return_type=Double())(other)


def _cosine(vector: ColumnElement[Any]) -> ColumnElement[float]:
    distance: ColumnElement[float] = memories.c.embedding.op("<=>", return_type=Double())(vector)
    return 1 - distance


def _code(vector: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.binary_quantize(vector, type_=BIT)


_wanted = (
    func.unnest(
        bindparam("vectors", type_=ARRAY(HALFVEC())),
        bindparam("hashes", type_=ARRAY(LargeBinary)),
    )
    .table_valued(column("vector", HALFVEC()), column("hash", LargeBinary), with_ordinality="nth")
    .render_derived("wanted")
)
_IN_SCOPE = (memories.c.scope_key == bindparam("scope_key")) & (memories.c.state == "live")
_SAME = memories.c.content_hash == _wanted.c.hash


@shapes((True,), (False,))
def _nearest(large: bool) -> Statement:
    similarity = case(
        (_SAME, 1.0), else_=func.least(_cosine(_wanted.c.vector), ALMOST_ONE, type_=Double)
    ).label("similarity")
    inside = select(
        memories.c.memory_id,
        memories.c.fact,
        # What is said is no newer than its arrival.
        func.least(memories.c.valid_from, memories.c.created_at).label("valid_from"),
        memories.c.trust,
        memories.c.importance,
        similarity,
    ).where(own(memories), _IN_SCOPE)
    if large:
        other = memories.alias("coded")
        candidates = (
            select(other.c.memory_id)
            .where(
                own(other),
                other.c.scope_key == bindparam("scope_key"),
                other.c.state == "live",
            )
            .order_by(_differing(other.c.code, _code(_wanted.c.vector)))
            .limit(CODE_CANDIDATES)
            .correlate(_wanted)
        )
        inside = inside.where(or_(_SAME, memories.c.memory_id.in_(candidates)))
    near = (
        inside.order_by(similarity.desc(), memories.c.memory_id)
        .limit(bindparam("limit", type_=Integer))
        .lateral("near")
    )
    return Statement(
        select(
            _wanted.c.nth,
            near.c.memory_id,
            near.c.fact,
            near.c.similarity,
            near.c.valid_from,
            near.c.trust,
            near.c.importance,
        )
        .select_from(_wanted.join(near, true()))
        .where(near.c.similarity >= bindparam("floor", type_=Double))
    )


VECTORS = 100
"""Vectors in one statement: 200 KB, which take the event loop 10 ms to send."""


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
    """For each vector, the live memories of the scope closest to it, best first.

    Exact within the scope; in a ``large`` one exact among those whose binary codes are closest.
    Only cosine similarities of ``floor`` or more count, and a memory whose content hash is that of
    the fact itself always does, with similarity 1.
    """
    found: list[list[Neighbour]] = [[] for _ in vectors]
    for start in range(0, len(vectors), VECTORS):
        rows = await _nearest(large).rows(
            tx,
            vectors=vectors[start : start + VECTORS],
            hashes=content_hashes[start : start + VECTORS],
            scope_key=scope.key,
            floor=floor,
            limit=limit,
        )
        for nth, *neighbour in rows:
            found[start + nth - 1].append(Neighbour(*neighbour))
    return found


_VECTOR = bindparam("vector", type_=HALFVEC())
_SIMILARITY = func.least(func.greatest(_cosine(_VECTOR), 0), 1, type_=Double)


@shapes(*((wanted,) for wanted in EXAMPLES))
def by_vector(wanted: Wanted) -> Statement:
    """The statement that ranks exactly all that the filters want."""
    return Statement(ranked(memories, where(wanted), similarity=_SIMILARITY), binary=True)


# The same over the memories that come first when the angle is read off the codes (cosine ≈ cos(π ·
# share of differing bits), Charikar, "Similarity estimation techniques from rounding algorithms",
# STOC 2002): an index-only scan ranks the whole scope, age included, and only its head is read from
# the table.
_question = materialized(select(_code(_VECTOR).label("code")).cte("question"))
_ANGLE = func.cos(
    divided(
        func.pi(type_=Double) * _differing(memories.c.code, _question.c.code),
        func.length(_question.c.code),
    ),
    type_=Double,
)
_head = materialized(
    select(memories.c.memory_id)
    .select_from(with_figures(memories).join(_question, true()))
    .where(LIVE)
    .order_by(weighted(TUNING.c.similarity_weight, _ANGLE, retention(REINFORCED)).desc())
    .limit(CODE_CANDIDATES)
    .cte("head")
)
_BY_CODE = Statement(
    ranked(
        _head.join(memories, memories.c.memory_id == _head.c.memory_id),
        LIVE,
        similarity=_SIMILARITY,
    ),
    binary=True,
)

# With all weights 1, a question of n words ranks 0.61 / n for each that occurs once, and at most 1:
# near enough to a similarity that a memory with the words comes before a newer one without them. To
# the parser an invisible character is a letter, so these are left out.
_ENGLISH: ColumnElement[Any] = literal_column("'english'::regconfig")
_words = select(
    cast(
        func.replace(
            cast(func.plainto_tsquery(_ENGLISH, bindparam("text", type_=Text)), Text), "&", "|"
        ),
        TSQUERY,
    ).label("words")
).subquery("q")
_TEXT_RANK = cast(
    func.ts_rank(
        literal_column("'{1,1,1,1}'::real[]"),
        func.to_tsvector(
            _ENGLISH,
            func.normalize(func.translate(memories.c.fact, bindparam("invisible", type_=Text), "")),
        ),
        _words.c.words,
    ),
    Double,
)


@shapes(*((wanted,) for wanted in EXAMPLES))
def _by_text(wanted: Wanted) -> Statement:
    return Statement(
        ranked(memories.join(_words, true()), where(wanted), similarity=_TEXT_RANK), binary=True
    )


@shapes(*((wanted, order) for wanted in EXAMPLES for order in ("score", "created_at")))
def unasked(wanted: Wanted, order: str) -> Statement:
    everything = literal_column("1.0::float8", Double)
    return Statement(
        ranked(memories, where(wanted), similarity=everything, asked=False, order=order),
        binary=True,
    )


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
    by_code = large and filters == NO_FILTERS
    statement = _BY_CODE if by_code else by_vector(shape_of(filters))
    return await statement.all(tx, Recalled, **bounds(scopes, filters), limit=limit, vector=vector)


async def search_text(
    tx: TenantTx,
    scopes: Sequence[Scope],
    text: str,
    *,
    filters: Filters = NO_FILTERS,
    limit: int,
) -> list[Recalled]:
    """The same without a vector: how well the words match stands in for the similarity."""
    return await _by_text(shape_of(filters)).all(
        tx,
        Recalled,
        **bounds(scopes, filters),
        limit=limit,
        text=visible(text),
        invisible=INVISIBLE,
    )


async def strongest(
    tx: TenantTx, scopes: Sequence[Scope], *, filters: Filters = NO_FILTERS, limit: int
) -> list[Recalled]:
    """The memories of ``scopes`` with the highest retention, over all of them; their similarity
    reads 1."""
    statement = unasked(shape_of(filters), "score")
    return await statement.all(tx, Recalled, **bounds(scopes, filters), limit=limit)


async def newest(
    tx: TenantTx, scopes: Sequence[Scope], *, filters: Filters = NO_FILTERS, limit: int
) -> list[Recalled]:
    """The memories of ``scopes`` that were learned last; similarity and score as ``strongest``."""
    statement = unasked(shape_of(filters), "created_at")
    return await statement.all(tx, Recalled, **bounds(scopes, filters), limit=limit)


LARGE = 1_000
"""From this many live memories on a scope is searched through its binary codes; measured at 1,024
dimensions on 2 cores: exact 2.1 ms and by codes 1.7 ms at 1,000, and from there on ten times the
memories cost ten times as much exactly."""

_counted = select().select_from(memories).where(LIVE).limit(LARGE).subquery("counted")
_SIZE = Statement(select(func.count()).select_from(_counted))

_known: TTLCache[tuple[Scope, ...], bool] = TTLCache(maxsize=50_000, ttl=60.0)


async def is_large(tx: TenantTx, scopes: Sequence[Scope]) -> bool:
    """Whether the scopes (of one tenant) hold LARGE live memories or more."""
    key = tuple(scopes)
    large = _known.get(key)
    if large is None:
        size = await _SIZE.scalar(tx, scope_keys=[scope.key for scope in scopes])
        large = _known[key] = size >= LARGE
    return large
