"""The queue in figures, for operators."""

from __future__ import annotations

from typing import Any

from app.db.pool import SystemTx, TenantTx
from app.rules.types import Pipeline, Standing

COUNT_STATES = """
SELECT state, count(*) FROM conversations
WHERE tenant_id = %(tenant_id)s AND state IN ('queued', 'processing')
GROUP BY state
UNION ALL
SELECT state, count(*) FROM conversations
WHERE tenant_id = %(tenant_id)s AND state IN ('done', 'dead', 'cancelled') GROUP BY state
"""

OLDEST_DUE = """
SELECT now(), greatest(coalesce(date_part('epoch', now() - min(next_attempt_at)), 0), 0)
FROM queue_heads
WHERE tenant_id = %(tenant_id)s AND NOT claimed AND next_attempt_at <= now()
"""

TIME_STAGES = """
SELECT stage, count(*),
       percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY spent::float8)
FROM conversations CROSS JOIN LATERAL jsonb_each_text(
    stages || jsonb_build_object(
        'total_ms', date_part('epoch', finished_at - created_at) * 1000))
    AS each (stage, spent)
WHERE tenant_id = %(tenant_id)s AND state = 'done'
    AND finished_at > now() - make_interval(mins => %(minutes)s)
GROUP BY stage
"""

COUNT_DEAD = """
SELECT coalesce(error_code, 'unknown'), count(*) FROM conversations
WHERE tenant_id = %(tenant_id)s AND state = 'dead' GROUP BY 1
"""


async def read(tx: TenantTx, *, window_minutes: int) -> Pipeline:
    """The tenant's queue now, and what came through it in the last ``window_minutes``."""
    parameters: dict[str, Any] = {"tenant_id": tx.tenant_id, "minutes": window_minutes}
    states = await tx.execute(COUNT_STATES, parameters)
    by_state = dict.fromkeys(("queued", "processing", "done", "dead", "cancelled"), 0)
    by_state.update(dict(await states.fetchall()))
    ages = await tx.execute(OLDEST_DUE, parameters)
    age = await ages.fetchone()
    assert age is not None
    stages = await tx.execute(TIME_STAGES, parameters)
    timed = {stage: (count, quantiles) for stage, count, quantiles in await stages.fetchall()}
    dead = await tx.execute(COUNT_DEAD, parameters)
    return Pipeline(
        by_state=by_state,
        oldest_due_seconds=float(age[1]),
        window_minutes=window_minutes,
        done_in_window=timed["total_ms"][0] if timed else 0,
        stages={
            stage: {"p50": round(quantiles[0], 1), "p95": round(quantiles[1], 1)}
            for stage, (_, quantiles) in sorted(timed.items())
        },
        dead_by_reason=dict(await dead.fetchall()),
        at=age[0],
    )


STANDING = """
SELECT state, count(*) FROM conversations
WHERE state IN ('queued', 'processing') GROUP BY state
UNION ALL SELECT 'dead', count(*) FROM conversations WHERE state = 'dead'
UNION ALL SELECT 'deliveries', count(*) FROM webhook_deliveries WHERE state = 'pending'
"""


async def standing(tx: SystemTx) -> Standing:
    """How every tenant's work stands together. Asked as the system."""
    cursor = await tx.execute(STANDING)
    counts = {"queued": 0, "processing": 0, **dict(await cursor.fetchall())}
    deliveries = counts.pop("deliveries")
    return Standing(counts, await oldest_due_seconds(tx), deliveries)


OLDEST_DUE_SECONDS = """
SELECT greatest(coalesce(date_part('epoch', now() - min(next_attempt_at)), 0), 0)
FROM queue_heads WHERE NOT claimed AND next_attempt_at <= now()
"""


async def oldest_due_seconds(tx: SystemTx) -> float:
    """How long the oldest due conversation of any tenant has waited; 0 when nothing waits."""
    cursor = await tx.execute(OLDEST_DUE_SECONDS)
    row = await cursor.fetchone()
    return float(row[0]) if row else 0.0


UNFINISHED = """
SELECT count(*) FROM (
    SELECT FROM conversations
    WHERE tenant_id = %s AND state IN ('queued', 'processing') LIMIT %s) counted
"""


async def unfinished(tx: TenantTx, *, at_most: int) -> int:
    """How many conversations of the tenant are not finished; ``at_most`` when there are more."""
    cursor = await tx.execute(UNFINISHED, (tx.tenant_id, at_most))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
