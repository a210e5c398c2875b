"""Owners: the row of a person or a team that is locked while their memories change."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert

from app.db.pool import TenantTx
from app.db.schema import memory_owners, tenants
from app.db.statements import OWN_ID, Statement, own, parameters
from app.db.tenant_settings import COLUMNS
from app.rules.tuning import Tuning
from app.rules.types import OwnerState, Scope

_known = memory_owners.c.speakers
_new = insert(memory_owners).values(
    tenant_id=OWN_ID, version=1, **parameters(("owner_key", "speakers"))
)
_heard = _new.excluded.speakers
_both = func.unnest(_known.op("||")(_heard)).column_valued("speaker")
_LOCK = Statement(
    _new.on_conflict_do_update(
        index_elements=["tenant_id", "owner_key"],
        set_={
            "version": memory_owners.c.version + 1,
            "speakers": case(
                (_heard.op("<@", is_comparison=True)(_known), _known),
                else_=func.array(
                    select(_both).distinct().limit(50).correlate(memory_owners).scalar_subquery()
                ),
            ),
        },
    ).returning(memory_owners.c.version)
)
_RULES = Statement(select(func.clock_timestamp(), tenants.c.plan, *COLUMNS).where(own(tenants)))
_LOOK = Statement(
    select(
        func.coalesce(
            select(memory_owners.c.version)
            .where(own(memory_owners), memory_owners.c.owner_key == bindparam("owner_key"))
            .scalar_subquery(),
            0,
        ),
        func.clock_timestamp(),
        tenants.c.plan,
        *COLUMNS,
    ).where(own(tenants))
)
_SPEAKERS = Statement(
    select(_known).where(own(memory_owners), memory_owners.c.owner_key == bindparam("owner_key"))
)


def of_user(user_id: str) -> str:
    """The owner of a person's memories, in every namespace and agent scope."""
    return f"user:{user_id}"


def of_team(team_id: UUID) -> str:
    """The owner of a team's memories, in every namespace."""
    return f"team:{team_id}"


def of_scope(scope: Scope) -> str:
    """The owner that is locked while memories of the scope change."""
    if scope.team_id is not None:
        return of_team(scope.team_id)
    assert scope.user_id is not None, "a scope without a team is a user's"
    return of_user(scope.user_id)


async def lock(tx: TenantTx, owner_key: str, speakers: Collection[str] = ()) -> OwnerState:
    """Hold the owner until the transaction ends; every change to its memories waits here, one at
    a time.

    ``speakers`` are names heard in the owner's conversations; up to 50 are remembered.
    """
    locked = await _LOCK.run(tx, owner_key=owner_key, speakers=sorted(speakers))
    # Its own statement, behind the lock: within one, the clock might be read before the wait.
    rules = await (await _RULES.run(tx)).fetchone()
    version = await locked.fetchone()
    assert rules is not None, "a tenant is not deleted under its callers"
    assert version is not None, "the row is made or changed"
    return _state(*version, *rules)


async def look(tx: TenantTx, owner_key: str) -> OwnerState:
    """Read how the owner stands, without waiting and without holding them; version 0 when nothing
    was ever remembered for them."""
    row = await (await _LOOK.run(tx, owner_key=owner_key)).fetchone()
    assert row is not None, "a tenant is not deleted under its callers"
    return _state(*row)


async def speakers(tx: TenantTx, owner_key: str) -> tuple[str, ...]:
    """The names that speakers had in the owner's conversations; empty for an unknown owner."""
    return tuple(await _SPEAKERS.scalar(tx, owner_key=owner_key) or ())


def _state(version: int, now: datetime, plan: str, *tuning: Any) -> OwnerState:
    return OwnerState(version, now, plan, Tuning(*tuning))
