"""How memories are ranked, as expressions: retention, score, and the statement around them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Select,
    bindparam,
    desc,
    func,
    literal_column,
    select,
    true,
)

from app.db.schema import memories
from app.db.search_filters import REINFORCED
from app.db.statements import TENANT
from app.db.tenant_settings import TUNING
from app.rules.types import Memory, Recalled

_FADED = 700
"""Where Postgres' exp() would refuse to go on: e^-700 is 10^-304."""


def divided(dividend: ColumnElement[Any], divisor: Any) -> ColumnElement[Any]:
    """Divide as Postgres does; SQLAlchemy's own division casts, for databases that round."""
    return dividend.op("/", precedence=8, return_type=Double())(divisor)


AGE_DAYS = divided(
    func.greatest(func.date_part("epoch", func.now() - memories.c.created_at), 0, type_=Double),
    86_400,
)


def half_life_days(reinforced: FromClause) -> ColumnElement[float]:
    """``app.rules.retention.half_life_days`` in SQL, of rows of memories, of those that count how
    often they were said again, and of TUNING."""
    repetitions = func.coalesce(reinforced.c.reinforcements, 0, type_=Double)
    gain = 1 + divided(func.ln(1 + repetitions, type_=Double), _LN_2)
    importance = func.greatest(memories.c.importance, TUNING.c.lowest_importance, type_=Double)
    return TUNING.c.half_life_days * importance * gain


_LN_2 = literal_column("ln(2)", Double)


def faded(age_days: ColumnElement[Any], half_life: ColumnElement[Any]) -> ColumnElement[float]:
    """What age has left of a memory, in (0, 1]."""
    return func.exp(
        -func.least(divided(_LN_2 * age_days, half_life), _FADED, type_=Double), type_=Double
    )


def retention(reinforced: FromClause) -> ColumnElement[float]:
    """``app.rules.retention`` in SQL, since a search ranks every candidate of a scope; a test holds
    the two together."""
    return faded(AGE_DAYS, half_life_days(reinforced))


def memory_columns(reinforced: FromClause) -> list[ColumnElement[Any]]:
    """The fields of Memory."""
    return [
        retention(reinforced).label("retention")
        if field.name == "retention"
        else memories.c[field.name]
        for field in fields(Memory)
    ]


def weighted(
    weight: ColumnElement[Any], similarity: ColumnElement[Any], kept: ColumnElement[Any]
) -> ColumnElement[float]:
    """``app.rules.score.score`` in SQL."""
    return weight * similarity + (1 - weight) * kept


_FIGURES = (
    "similarity",
    "retention",
    "score",
    "age_days",
    "half_life_days",
    "reinforcements",
    "similarity_weight",
)


def ranked(
    candidates: FromClause,
    condition: ColumnElement[bool],
    *,
    similarity: ColumnElement[Any],
    asked: bool = True,
    order: str = "score",
) -> Select[Any]:
    """Rank the ``candidates`` that meet the condition by score, or by ``order``; what they are is
    read of the best only. Where nothing was ``asked``, nothing is similar to it, and the score is
    retention alone.

    The figures are computed once a row (OFFSET 0 keeps the planner from inlining them), and in rows
    that hold little else.
    """
    weight = TUNING.c.similarity_weight if asked else literal_column("0.0::float8", Double)
    figures = (
        select(
            memories.c.memory_id,
            memories.c.created_at,
            weight.label("similarity_weight"),
            similarity.label("similarity"),
            AGE_DAYS.label("age_days"),
            half_life_days(REINFORCED).label("half_life_days"),
            func.coalesce(REINFORCED.c.reinforcements, 0).label("reinforcements"),
        )
        .select_from(with_figures(candidates))
        .where(condition)
        .offset(0)
        .subquery("figures")
    )
    kept = (
        select(figures, faded(figures.c.age_days, figures.c.half_life_days).label("retention"))
        .offset(0)
        .subquery("kept")
    )
    score = (
        weighted(kept.c.similarity_weight, kept.c.similarity, kept.c.retention)
        if asked
        else kept.c.retention
    ).label("score")
    first = score if order == "score" else kept.c[order]
    best = materialized(
        select(kept, score)
        .order_by(desc(first), kept.c.created_at.desc(), kept.c.memory_id.desc())
        .limit(bindparam("limit", type_=Integer))
        .cte("best")
    )
    return (
        select(
            *(
                best.c[field.name] if field.name in _FIGURES else memories.c[field.name]
                for field in fields(Recalled)
            )
        )
        .select_from(
            best.join(
                memories,
                (memories.c.tenant_id == TENANT) & (memories.c.memory_id == best.c.memory_id),
            )
        )
        .order_by(best.c[order].desc(), best.c.created_at.desc(), best.c.memory_id.desc())
    )


def with_figures(candidates: FromClause) -> FromClause:
    """Join what retention is made of to rows of memories."""
    return candidates.outerjoin(REINFORCED, REINFORCED.c.memory_id == memories.c.memory_id).join(
        TUNING, true()
    )


def materialized(cte: CTE) -> CTE:
    """Have it computed once, whatever the planner thinks."""
    return cte.prefix_with("MATERIALIZED")
