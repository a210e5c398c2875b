"""Subjects: the row of a person or a team that is locked while their memories change."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.db.pool import TenantTx
from app.db.tenant_settings import COLUMNS
from app.rules.tuning import Tuning
from app.rules.types import OwnerLock, Scope


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


async def lock(tx: TenantTx, owner_key: str, speakers: Collection[str] = ()) -> OwnerLock:
    """Hold the owner until the transaction ends; every change to its memories waits here, one at
    a time.

    ``speakers`` are names heard in the owner's conversations; up to 50 are remembered.
    """
    await tx.execute(
        """
        INSERT INTO memory_owners (tenant_id, owner_key, version, speakers) VALUES (%s, %s, 1, %s)
        ON CONFLICT (tenant_id, owner_key) DO UPDATE
        SET version = memory_owners.version + 1,
            speakers = CASE WHEN excluded.speakers <@ memory_owners.speakers
                            THEN memory_owners.speakers ELSE ARRAY(SELECT DISTINCT
                                unnest(memory_owners.speakers || excluded.speakers) LIMIT 50) END
        """,
        (tx.tenant_id, owner_key, sorted(speakers)),
    )
    cursor = await tx.execute(
        f"SELECT clock_timestamp(), plan, {COLUMNS} FROM tenants WHERE tenant_id = %s",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    assert row is not None, "a tenant is not deleted under its callers"
    now, plan, *tuning = row
    return OwnerLock(now, plan, Tuning(*tuning))


async def speakers(tx: TenantTx, owner_key: str) -> tuple[str, ...]:
    """The names that speakers had in the owner's conversations; empty for an unknown owner."""
    cursor = await tx.execute(
        "SELECT speakers FROM memory_owners WHERE tenant_id = %s AND owner_key = %s",
        (tx.tenant_id, owner_key),
    )
    row = await cursor.fetchone()
    return tuple(row[0]) if row else ()
