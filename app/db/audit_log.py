"""Who did what, and when: the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.db.pool import SystemTx, TenantTx
from app.rules.types import Access, NewAccess

_ACCESS = ", ".join(field.name for field in fields(Access))


async def add(tx: TenantTx, accesses: Sequence[NewAccess]) -> None:
    """Note them, in the order given."""
    columns = zip(
        *(
            (each.key_id, each.method, each.route, each.via, each.user_hash, each.status,
             each.seconds_ago)
            for each in accesses
        ),
        strict=True,
    )  # fmt: skip
    await tx.execute(
        """
        INSERT INTO accesses (tenant_id, key_id, method, route, via, user_hash, status, at)
        SELECT %s, key_id, method, route, via, user_hash, status,
               clock_timestamp() - make_interval(secs => seconds_ago)
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::int[],
            %s::float8[]) AS each (key_id, method, route, via, user_hash, status, seconds_ago)
        """,
        (tx.tenant_id, *map(list, columns)),
    )


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
    """The tenant's accesses, newest first. None is no restriction."""
    conditions = {
        "user_hash = %(user_hash)s": user_hash,
        "key_id = %(key_id)s": key_id,
        "route = %(route)s": route,
        "at >= %(since)s": since,
        "at < %(until)s": until,
        "access_id < %(before)s": before,
    }
    wanted = "".join(f" AND {text}" for text, value in conditions.items() if value is not None)
    async with tx.cursor(row_factory=class_row(Access)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_ACCESS} FROM accesses WHERE tenant_id = %(tenant_id)s{wanted}
            ORDER BY access_id DESC LIMIT %(limit)s
            """,
            {
                "tenant_id": tx.tenant_id,
                "user_hash": user_hash,
                "key_id": key_id,
                "route": route,
                "since": since,
                "until": until,
                "before": before,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def purge(tx: SystemTx, *, older_than_days: float) -> None:
    """Forget what every tenant did so long ago. Asked as the system."""
    await tx.execute(
        "DELETE FROM accesses WHERE at < now() - %s * interval '1 day'", (older_than_days,)
    )
