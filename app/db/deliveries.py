"""The outbox of webhooks: what is due, who is at it, and what came of it.

As in app/db/queue.py Postgres' clock is the only one, and a number fences each attempt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from app.db.pool import SystemTx, TenantTx
from app.rules.types import Attempt, Delivery, Outgoing

PER_ENDPOINT = 4
"""Deliveries to one endpoint at a time, so that a slow one takes no more of us than that."""


_DELIVERY = ", ".join(f"d.{field.name}" for field in fields(Delivery))


CLAIM = """
WITH held AS (
    SELECT * FROM unnest(%(tenants)s::uuid[], %(counts)s::int[]) h(tenant_id, number)
), due AS (
    SELECT d.tenant_id, d.delivery_id, d.next_attempt_at, row_number() OVER (
        PARTITION BY e.tenant_id, e.endpoint_id ORDER BY d.next_attempt_at) AS nth
    FROM webhook_endpoints e CROSS JOIN LATERAL (
        SELECT tenant_id, delivery_id, next_attempt_at FROM webhook_deliveries q
        WHERE q.tenant_id = e.tenant_id AND q.endpoint_id = e.endpoint_id
          AND state = 'pending' AND next_attempt_at <= now()
        ORDER BY next_attempt_at
        LIMIT greatest(0, CASE WHEN e.timed_out_at IS NULL THEN %(each)s ELSE 1 END - (
            SELECT count(*) FROM webhook_deliveries b
            WHERE b.tenant_id = e.tenant_id AND b.endpoint_id = e.endpoint_id
              AND b.state = 'pending' AND b.lease_until > now()))
        FOR NO KEY UPDATE SKIP LOCKED) d
    WHERE e.disabled_at IS NULL
), turn AS (
    SELECT due.tenant_id, delivery_id, coalesce(held.number, 0) + row_number() OVER (
        PARTITION BY due.tenant_id ORDER BY nth, next_attempt_at) AS nth
    FROM due LEFT JOIN held ON held.tenant_id = due.tenant_id
), picked AS (
    SELECT tenant_id, delivery_id FROM turn WHERE nth <= %(per_tenant)s
    ORDER BY nth, random() LIMIT %(limit)s
)
UPDATE webhook_deliveries d
SET attempts = attempts + 1, lease_until = now() + make_interval(secs => %(lease)s),
    next_attempt_at = now() + make_interval(secs => %(lease)s)
FROM picked
WHERE d.tenant_id = picked.tenant_id AND d.delivery_id = picked.delivery_id
RETURNING d.tenant_id, d.delivery_id, d.attempts
"""


async def claim(
    tx: SystemTx,
    *,
    limit: int,
    lease_seconds: float,
    per_tenant: int,
    held: Mapping[UUID, int],
) -> list[Attempt]:
    """Take up to ``limit`` due deliveries, of every tenant one before any has two, and of every
    endpoint of a tenant likewise. ``held`` says how many of each tenant the process is at already;
    with these none has more than ``per_tenant``. An endpoint that has timed out gets one at a time.

    Asked as the system. The attempt is counted here; one that is never concluded is due again after
    the lease."""
    cursor = await tx.execute(
        CLAIM,
        {
            "limit": limit,
            "each": PER_ENDPOINT,
            "lease": lease_seconds,
            "per_tenant": per_tenant,
            "tenants": list(held),
            "counts": list(held.values()),
        },
    )
    return [Attempt(*row) for row in await cursor.fetchall()]


ANY_DUE = """
SELECT FROM webhook_endpoints e JOIN webhook_deliveries d USING (tenant_id, endpoint_id)
WHERE e.disabled_at IS NULL AND d.state = 'pending' AND d.next_attempt_at <= now() LIMIT 1
"""


async def any_due(tx: SystemTx) -> bool:
    """Whether there is something to tell now. Asked as the system."""
    cursor = await tx.execute(ANY_DUE)
    return await cursor.fetchone() is not None


LOAD = f"""
SELECT {_DELIVERY} FROM webhook_deliveries d
WHERE tenant_id = %s AND delivery_id = %s AND attempts = %s AND state = 'pending'
"""

LOAD_ENDPOINT = """
SELECT e.endpoint_id, e.url, e.secret,
       CASE WHEN e.old_secret_until > now() THEN e.old_secret END,
       coalesce(extract(epoch FROM now() - e.failing_since), 0)::float8,
       e.timed_out_at IS NOT NULL
FROM webhook_endpoints e JOIN webhook_deliveries d USING (tenant_id, endpoint_id)
WHERE d.tenant_id = %s AND d.delivery_id = %s AND e.disabled_at IS NULL
"""


async def load(tx: TenantTx, attempt: Attempt) -> Outgoing | None:
    """What to send; None when it was erased, concluded by another, or its endpoint is disabled."""
    async with tx.cursor(row_factory=class_row(Delivery)) as cursor:
        await cursor.execute(LOAD, (tx.tenant_id, attempt.delivery_id, attempt.attempts))
        delivery = await cursor.fetchone()
    cursor_ = await tx.execute(LOAD_ENDPOINT, (tx.tenant_id, attempt.delivery_id))
    row = await cursor_.fetchone()
    if delivery is None or row is None:
        return None
    endpoint_id, url, secret, old_secret, failing_seconds, timed_out = row
    secrets = [bytes(each) for each in (secret, old_secret) if each is not None]
    return Outgoing(endpoint_id, url, secrets, delivery, failing_seconds, timed_out)


DELIVERED = """
WITH arrived AS (
    UPDATE webhook_deliveries
    SET state = 'delivered', finished_at = now(), lease_until = NULL,
        last_status = %(status)s, last_error = NULL
    WHERE tenant_id = %(tenant_id)s AND delivery_id = %(delivery_id)s
      AND attempts = %(attempts)s AND state = 'pending'
    RETURNING tenant_id, endpoint_id)
UPDATE webhook_endpoints e SET failing_since = NULL, timed_out_at = NULL FROM arrived
WHERE e.tenant_id = arrived.tenant_id AND e.endpoint_id = arrived.endpoint_id
  AND (e.failing_since IS NOT NULL OR e.timed_out_at IS NOT NULL)
"""


async def delivered(tx: TenantTx, attempt: Attempt, status: int) -> None:
    """Note that it has arrived."""
    await tx.execute(DELIVERED, {**_key(attempt), "status": status})


MISSED = """
WITH missed AS (
    UPDATE webhook_deliveries
    SET state = CASE WHEN %(retry)s::float8 IS NULL THEN 'failed' ELSE 'pending' END,
        finished_at = CASE WHEN %(retry)s::float8 IS NULL THEN now() END,
        next_attempt_at = now() + make_interval(secs => coalesce(%(retry)s::float8, 0)),
        lease_until = NULL, last_status = %(status)s, last_error = %(error)s
    WHERE tenant_id = %(tenant_id)s AND delivery_id = %(delivery_id)s
      AND attempts = %(attempts)s AND state = 'pending'
    RETURNING tenant_id, endpoint_id)
UPDATE webhook_endpoints e
SET failing_since = coalesce(e.failing_since, now()),
    timed_out_at = CASE WHEN %(error)s = 'timeout' THEN coalesce(e.timed_out_at, now())
                        WHEN %(status)s::int IS NULL THEN e.timed_out_at END
FROM missed
WHERE e.tenant_id = missed.tenant_id AND e.endpoint_id = missed.endpoint_id
  AND (e.failing_since IS NULL OR e.timed_out_at IS NULL AND %(error)s = 'timeout'
       OR e.timed_out_at IS NOT NULL AND %(status)s::int IS NOT NULL)
"""


async def missed(
    tx: TenantTx,
    attempt: Attempt,
    *,
    status: int | None,
    error: str,
    retry_in_seconds: float | None,
) -> None:
    """Note that it has not arrived; with None as the pause, that it is given up. Any status is an
    answer: then the endpoint is no longer one that has timed out."""
    await tx.execute(
        MISSED, {**_key(attempt), "status": status, "error": error, "retry": retry_in_seconds}
    )


ADD = f"""
INSERT INTO webhook_deliveries AS d (tenant_id, endpoint_id, event)
VALUES (%s, %s, %s) RETURNING {_DELIVERY}
"""


async def add(tx: TenantTx, endpoint_id: UUID, event: str) -> Delivery:
    """Something to tell one endpoint that nothing has caused."""
    async with tx.cursor(row_factory=class_row(Delivery)) as cursor:
        await cursor.execute(ADD, (tx.tenant_id, endpoint_id, event))
        delivery = await cursor.fetchone()
    assert delivery is not None
    return delivery


LIST_PAGE = f"""
SELECT {_DELIVERY} FROM webhook_deliveries d
WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(before)s::uuid IS NULL OR delivery_id < %(before)s)
ORDER BY delivery_id DESC LIMIT %(limit)s
"""


async def list_page(
    tx: TenantTx,
    endpoint_id: UUID,
    *,
    state: str | None,
    before: UUID | None,
    limit: int,
) -> list[Delivery]:
    """What the endpoint was told or is to be told, newest first."""
    async with tx.cursor(row_factory=class_row(Delivery)) as cursor:
        await cursor.execute(
            LIST_PAGE,
            {
                "tenant_id": tx.tenant_id,
                "endpoint_id": endpoint_id,
                "state": state,
                "before": before,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


REPLAY = """
UPDATE webhook_deliveries
SET state = 'pending', attempts = 0, next_attempt_at = now(), lease_until = NULL,
    finished_at = NULL, last_status = NULL, last_error = NULL
WHERE tenant_id = %(tenant_id)s AND endpoint_id = %(endpoint_id)s
  AND CASE WHEN %(ids)s::uuid[] IS NULL THEN state = 'failed'
           ELSE state <> 'pending' AND delivery_id = ANY(%(ids)s) END
  AND (%(since)s::timestamptz IS NULL OR happened_at >= %(since)s)
RETURNING delivery_id
"""


async def replay(
    tx: TenantTx,
    endpoint_id: UUID,
    *,
    delivery_ids: Sequence[UUID] | None = None,
    since: datetime | None = None,
) -> int:
    """Have these deliveries tried again from the first attempt on, delivered or not; without ids,
    those that failed, of what happened ``since`` then. How many there were."""
    cursor = await tx.execute(
        REPLAY,
        {
            "tenant_id": tx.tenant_id,
            "endpoint_id": endpoint_id,
            "ids": None if delivery_ids is None else list(delivery_ids),
            "since": since,
        },
    )
    return len(await cursor.fetchall())


PURGE = "DELETE FROM webhook_deliveries WHERE finished_at < now() - %s * interval '1 day'"


async def purge(tx: SystemTx, *, older_than_days: float) -> None:
    """Forget deliveries that were concluded so long ago. Asked as the system."""
    await tx.execute(PURGE, (older_than_days,))


def _key(attempt: Attempt) -> dict[str, object]:
    return {
        "tenant_id": attempt.tenant_id,
        "delivery_id": attempt.delivery_id,
        "attempts": attempt.attempts,
    }
