"""The tenant's own settings: how its memories are ranked, fade and replace each other, and how much
of people's personal data is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from sqlalchemy import bindparam, func, select, update

from app.db.pool import TenantTx
from app.db.schema import tenants
from app.db.statements import Statement, columns_of, own, parameters, shapes
from app.rules import retention, score
from app.rules.tuning import Tuning
from app.rules.types import Redaction

TUNING = (
    select(
        *(
            func.coalesce(tenants.c[name], default).label(name)
            for name, default in {
                "similarity_weight": score.SIMILARITY_WEIGHT,
                "half_life_days": retention.DAYS_PER_IMPORTANCE,
                "lowest_importance": retention.LOWEST_IMPORTANCE,
            }.items()
        )
    )
    .where(own(tenants))
    .subquery("t")
)
"""One row for the statements that rank: what the tenant has set, or the default. Read where it is
used, so that a change holds from the next statement on, in every process."""

COLUMNS = columns_of(Tuning, tenants)

_TUNING = Statement(select(*COLUMNS).where(own(tenants)))
_HOLD = Statement(select().select_from(tenants).where(own(tenants)).with_for_update(key_share=True))
_REDACTION = Statement(select(tenants.c.redaction).where(own(tenants)))
_SET_REDACTION = Statement(
    update(tenants).where(own(tenants)).values(redaction=bindparam("redaction"))
)


@shapes((frozenset({"half_life_days"}),), (frozenset(field.name for field in fields(Tuning)),))
def _change(names: frozenset[str]) -> Statement:
    return Statement(
        update(tenants).where(own(tenants)).values(parameters(names)).returning(*COLUMNS)
    )


async def hold(tx: TenantTx) -> None:
    """Let nobody else change the tenant's settings until the transaction ends. Stores go on: they
    only refer to the tenant."""
    await _HOLD.run(tx)


async def tuning(tx: TenantTx) -> Tuning:
    """Read what the tenant has set."""
    found = await _TUNING.one(tx, Tuning)
    assert found is not None, "a caller's tenant exists"
    return found


async def change_tuning(tx: TenantTx, changes: Mapping[str, float | None]) -> Tuning:
    """Set the named fields of Tuning, None for the default; what the tenant has set then."""
    assert changes.keys() <= {field.name for field in fields(Tuning)}
    found = await _change(frozenset(changes)).one(tx, Tuning, **changes)
    assert found is not None, "a caller's tenant exists"
    return found


async def redaction(tx: TenantTx) -> Redaction:
    """Read what the tenant has set."""
    found: Redaction | None = await _REDACTION.scalar(tx)
    assert found is not None, "a caller's tenant exists"
    return found


async def set_redaction(tx: TenantTx, wanted: Redaction) -> None:
    """Set it; what is kept already stays as it is."""
    await _SET_REDACTION.run(tx, redaction=wanted)
