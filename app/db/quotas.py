"""How much a tenant holds: counters that change in the transaction that changes what they count."""

from __future__ import annotations

from sqlalchemy import Integer, bindparam, select, update

from app.db.pool import TenantTx
from app.db.schema import quotas, tenants
from app.db.statements import Statement, own, shapes
from app.rules.types import Counted, Used

_used = (
    select(tenants.c.plan, quotas.c.memories, quotas.c.agents, quotas.c.teams)
    .join(tenants, tenants.c.tenant_id == quotas.c.tenant_id)
    .where(own(quotas))
)
_USED = Statement(_used)
_LOCK = Statement(_used.with_for_update(of=quotas, key_share=True))


@shapes(("memories",), ("agents",), ("teams",))
def _add(what: Counted) -> Statement:
    more = quotas.c[what] + bindparam("number", type_=Integer)
    return Statement(update(quotas).where(own(quotas)).values({what: more}))


async def used(tx: TenantTx, *, lock: bool = False) -> Used:
    """Read what the tenant holds. With ``lock`` nobody else may add to it until the transaction
    ends."""
    found = await (_LOCK if lock else _USED).one(tx, Used)
    assert found is not None, "every tenant has its counters"
    return found


async def add(tx: TenantTx, what: Counted, number: int) -> None:
    """Count ``number`` more, or fewer. Last in its transaction, since a tenant's other transactions
    wait for it."""
    if number:
        await _add(what).run(tx, number=number)
