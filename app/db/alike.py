"""How similar memories are to one another."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Double, Uuid, bindparam, column, func, select

from app.db.pool import TenantTx
from app.db.schema import memories
from app.db.statements import Statement, own

_first, _second = memories.alias("first"), memories.alias("second")
_pairs = (
    func.unnest(
        bindparam("first_ids", type_=ARRAY(Uuid)), bindparam("second_ids", type_=ARRAY(Uuid))
    )
    .table_valued(column("first_id", Uuid), column("second_id", Uuid))
    .render_derived("pairs")
)
_SIMILARITIES = Statement(
    select(
        _pairs.c.first_id,
        _pairs.c.second_id,
        (1 - _first.c.embedding.op("<=>", return_type=Double())(_second.c.embedding)),
    )
    .select_from(
        _pairs.join(_first, own(_first) & (_first.c.memory_id == _pairs.c.first_id)).join(
            _second, own(_second) & (_second.c.memory_id == _pairs.c.second_id)
        )
    )
    .where(_first.c.embedding_model == _second.c.embedding_model)
)


async def similarities(
    tx: TenantTx, pairs: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], float]:
    """Give the cosine similarity of each pair, in [-1, 1]; a pair of two models has none."""
    rows = await _SIMILARITIES.rows(
        tx, first_ids=[first for first, _ in pairs], second_ids=[second for _, second in pairs]
    )
    found = {(first, second): float(similarity) for first, second, similarity in rows}
    return {pair: found[pair] for pair in pairs if pair in found}
