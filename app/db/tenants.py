"""Tenants, and the installation's secret."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat as uuid_utils
from sqlalchemy import BigInteger, bindparam, delete, func, insert, select, update

from app.db import schema
from app.db.pool import SystemTx, TenantTx, Tx
from app.db.schema import installation, quotas, tenant_turns, tenants
from app.db.statements import OWN_ID, Statement, own, seconds
from app.rules.types import TenantInfo

_SECRET = Statement(select(installation.c.secret))
_SET_UP_AT = Statement(select(installation.c.set_up_at).with_for_update(key_share=True))
_FIRST = Statement(
    select(tenants.c.tenant_id).order_by(tenants.c.created_at, tenants.c.tenant_id).limit(1)
)
_PLAN = Statement(select(tenants.c.plan).where(own(tenants)))
_SET_PLAN = Statement(
    update(tenants)
    .where(own(tenants))
    .values(plan=bindparam("plan"))
    .returning(tenants.c.tenant_id)
)
_ALL = Statement(
    select(tenants.c.tenant_id, tenants.c.name, tenants.c.plan, quotas.c.memories)
    .join(quotas, quotas.c.tenant_id == tenants.c.tenant_id)
    .order_by(tenants.c.tenant_id)
)

_tenant = (
    insert(tenants)
    .values(
        tenant_id=OWN_ID,
        name=bindparam("name"),
        plan=bindparam("plan"),
        email=bindparam("email"),
    )
    .returning(tenants.c.tenant_id)
    .cte("tenant")
)
_CREATE = Statement(
    insert(tenant_turns)
    .from_select(["tenant_id"], select(_tenant.c.tenant_id))
    .add_cte(
        insert(quotas)
        .from_select(["tenant_id"], select(_tenant.c.tenant_id), include_defaults=False)
        .cte("counters"),
        update(installation)
        .where(installation.c.set_up_at.is_(None))
        .values(set_up_at=func.now())
        .cte("opened"),
    )
)

_attempts = schema.signup_attempts
# One attempt of an address at a time, so that many at once are counted one by one.
_ONE_AT_A_TIME = Statement(select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger))))
_FORGET_OLD_ATTEMPTS = Statement(
    delete(_attempts).where(_attempts.c.at < func.now() - seconds("kept_seconds"))
)
_ADD_ATTEMPT = Statement(insert(_attempts).values(address_hash=bindparam("address_hash")))
_COUNT_ATTEMPTS = Statement(
    select(func.count())
    .select_from(_attempts)
    .where(_attempts.c.address_hash == bindparam("address_hash"))
)


async def installation_secret(tx: Tx) -> bytes:
    """Read the 32 bytes that key hashes are peppered with; made by the first migration."""
    secret = await _SECRET.scalar(tx)
    assert secret is not None, "the installation is not migrated"
    return bytes(secret)


async def first_tenant(tx: SystemTx) -> UUID | None:
    """Find the oldest tenant; None on a fresh installation."""
    found: UUID | None = await _FIRST.scalar(tx)
    return found


def new_id() -> UUID:
    """Make the id of a tenant to be: its transaction is its own before there is a row of it."""
    return uuid_utils.uuid7()


async def create_tenant(
    tx: TenantTx,
    name: str,
    *,
    plan: str = "self-hosted",
    email: str | None = None,
) -> None:
    """Make a tenant without keys. The transaction raises Duplicate when the address has
    one."""
    await _CREATE.run(tx, name=name, plan=plan, email=email)


async def lock_setup(tx: Tx) -> bool:
    """Tell whether the installation never had a tenant; nobody else can make the first one until
    the transaction ends."""
    rows = await _SET_UP_AT.rows(tx)
    return rows == [(None,)]


async def list_all(tx: SystemTx) -> list[TenantInfo]:
    """List every tenant, oldest first."""
    return await _ALL.all(tx, TenantInfo)


async def set_plan(tx: TenantTx, plan: str) -> bool:
    """Put the tenant on a plan; False when there is no such tenant."""
    return await _SET_PLAN.rowcount(tx, plan=plan) == 1


async def signup_attempts(tx: SystemTx, address_hash: bytes, *, hours: float) -> int:
    """Count one more attempt from the address; how many there were within ``hours``, this one too.
    Older ones are forgotten."""
    await _ONE_AT_A_TIME.run(tx, key=int.from_bytes(address_hash[:8], signed=True))
    await _FORGET_OLD_ATTEMPTS.run(tx, kept_seconds=hours * 3600)
    await _ADD_ATTEMPT.run(tx, address_hash=address_hash)
    return int(await _COUNT_ATTEMPTS.scalar(tx, address_hash=address_hash))


async def plan_of(tx: TenantTx) -> str:
    """Read the name of the tenant's plan."""
    plan = await _PLAN.scalar(tx)
    assert plan is not None, "a key belongs to a tenant"
    return str(plan)
