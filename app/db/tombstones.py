"""What is left of people who were erased: that it was done, when, and a digest of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure that was carried out."""

    erasure_id: UUID
    erased_at: datetime


async def add(
    connection: Connection, tenant_id: UUID, subject_hash: bytes, erased: Mapping[str, int]
) -> Erasure:
    """Note an erasure; the caller holds the subject."""
    cursor = await connection.execute(
        """
        INSERT INTO erasures (tenant_id, subject_hash, erased, erased_at)
        VALUES (%s, %s, %s, clock_timestamp()) RETURNING erasure_id, erased_at
        """,
        (tenant_id, subject_hash, Jsonb(dict(erased))),
    )
    row = await cursor.fetchone()
    assert row is not None
    return Erasure(*row)


async def any_since(
    connection: Connection, tenant_id: UUID, subject_hashes: Sequence[bytes], at: datetime
) -> bool:
    """Whether one of the subjects was erased after ``at``. The caller holds them."""
    cursor = await connection.execute(
        """
        SELECT FROM erasures
        WHERE tenant_id = %s AND subject_hash = ANY(%s) AND erased_at > %s LIMIT 1
        """,
        (tenant_id, list(subject_hashes), at),
    )
    return await cursor.fetchone() is not None
