"""Who did what, and when: the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import (
    ARRAY,
    Double,
    Integer,
    Interval,
    LargeBinary,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
)

from app.db.pool import SystemTx, TenantTx
from app.db.schema import accesses
from app.db.statements import OWN_ID, Statement, columns_of, days, own, shapes
from app.rules.types import Access, NewAccess

_NOTED = ("key_id", "method", "route", "via", "user_hash", "status")
_each = (
    func.unnest(
        bindparam("key_id", type_=ARRAY(Uuid)),
        bindparam("method", type_=ARRAY(Text)),
        bindparam("route", type_=ARRAY(Text)),
        bindparam("via", type_=ARRAY(Text)),
        bindparam("user_hash", type_=ARRAY(LargeBinary)),
        bindparam("status", type_=ARRAY(Integer)),
        bindparam("seconds_ago", type_=ARRAY(Double)),
    )
    .table_valued(*(column(name) for name in _NOTED), column("seconds_ago", Double))
    .render_derived("each")
)
_AGO = _each.c.seconds_ago * literal_column("interval '1 second'", Interval)
_ADD = Statement(
    insert(accesses).from_select(
        ["tenant_id", *_NOTED, "at"],
        select(OWN_ID, *(_each.c[name] for name in _NOTED), func.clock_timestamp() - _AGO),
        include_defaults=False,
    )
)

_BOUNDS = {
    "user_hash": accesses.c.user_hash == bindparam("user_hash"),
    "key_id": accesses.c.key_id == bindparam("key_id"),
    "route": accesses.c.route == bindparam("route"),
    "since": accesses.c.at >= bindparam("since"),
    "until": accesses.c.at < bindparam("until"),
    "before": accesses.c.access_id < bindparam("before"),
}


@shapes((frozenset[str](),), (frozenset(_BOUNDS),))
def _list_page(given: frozenset[str]) -> Statement:
    return Statement(
        select(*columns_of(Access, accesses))
        .where(own(accesses), *(bound for name, bound in _BOUNDS.items() if name in given))
        .order_by(accesses.c.access_id.desc())
        .limit(bindparam("limit", type_=Integer))
    )


_PURGE = Statement(sa.delete(accesses).where(accesses.c.at < func.now() - days("days")))


async def add(tx: TenantTx, accesses: Sequence[NewAccess]) -> None:
    """Note them, in the order given."""
    columns = {
        name: [getattr(each, name) for each in accesses] for name in (*_NOTED, "seconds_ago")
    }
    await _ADD.run(tx, **columns)


async def list_page(
    tx: TenantTx,
    *,
    user_hash: bytes | None,
    key_id: UUID | None,
    route: str | None,
    since: datetime | None,
    until: datetime | None,
    before: UUID | None,
    limit: int,
) -> list[Access]:
    """List the tenant's accesses, newest first. None is no restriction."""
    bounds = {
        "user_hash": user_hash,
        "key_id": key_id,
        "route": route,
        "since": since,
        "until": until,
        "before": before,
    }
    given = {name: value for name, value in bounds.items() if value is not None}
    return await _list_page(frozenset(given)).all(tx, Access, **given, limit=limit)


async def purge(tx: SystemTx, *, older_than_days: float) -> None:
    """Forget what every tenant did so long ago. Asked as the system."""
    await _PURGE.run(tx, days=older_than_days)
