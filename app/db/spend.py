"""What a tenant may spend in a calendar month (UTC), has spent, and holds reserved for calls under
way. Amounts are in millionths of a US dollar.

Every change is one statement, so that any number of processes share a budget exactly.
"""

from __future__ import annotations

from psycopg.rows import class_row

from app.db.pool import SystemTx, TenantTx, Tx
from app.rules.types import Budget, Caps

BLOCKED_AT_MOST = "interval '1 hour'"
"""A tenant over its budget is tried again after this: the installation's default may have been
raised meanwhile."""
RESERVED_WAIT = "interval '2 seconds'"
"""How long a tenant waits whose budget is held by calls under way: these cost less than they
reserve."""


BUDGET = """
SELECT date_trunc('month', now())::date AS month,
       coalesce(spent_microusd, 0) AS spent_microusd,
       coalesce(reserved_microusd, 0) AS reserved_microusd,
       coalesce(budget_soft_microusd, %(soft)s::bigint) AS soft_microusd,
       coalesce(budget_hard_microusd, %(hard)s::bigint) AS hard_microusd,
       soft_reached_at,
       blocked_until > now() AS blocked
FROM tenants t JOIN tenant_turns USING (tenant_id) LEFT JOIN spend s
    ON s.tenant_id = t.tenant_id AND s.month = date_trunc('month', now())::date
WHERE t.tenant_id = %(tenant_id)s
"""


async def budget(tx: TenantTx, caps: Caps) -> Budget:
    """This month's budget of the tenant; ``blocked``: its conversations have no turn now."""
    async with tx.cursor(row_factory=class_row(Budget)) as cursor:
        await cursor.execute(
            BUDGET, {"tenant_id": tx.tenant_id, "soft": caps.soft, "hard": caps.hard}
        )
        found = await cursor.fetchone()
    assert found is not None, "a caller's tenant exists"
    return found


RESERVE = """
WITH cap AS (
    SELECT coalesce(budget_hard_microusd, %(hard)s::bigint, 9223372036854775807) AS hard
    FROM tenants WHERE tenant_id = %(tenant_id)s
)
INSERT INTO spend AS s (tenant_id, month, reserved_microusd)
SELECT %(tenant_id)s, date_trunc('month', now())::date, %(microusd)s::bigint
FROM cap WHERE %(microusd)s::bigint <= hard
ON CONFLICT (tenant_id, month) DO UPDATE
    SET reserved_microusd = s.reserved_microusd + excluded.reserved_microusd
    WHERE s.spent_microusd + s.reserved_microusd + excluded.reserved_microusd
        <= (SELECT hard FROM cap)
RETURNING tenant_id
"""


async def reserve(tx: TenantTx, microusd: int, caps: Caps) -> bool:
    """Set ``microusd`` aside for a call; False when the month's hard limit has no room for it."""
    cursor = await tx.execute(
        RESERVE, {"tenant_id": tx.tenant_id, "microusd": microusd, "hard": caps.hard}
    )
    return await cursor.fetchone() is not None


RESERVE_OF_THE_DAY = """
INSERT INTO spend_days AS d (day, reserved_microusd)
SELECT current_date, %(microusd)s::bigint WHERE %(microusd)s::bigint <= %(cap)s::bigint
ON CONFLICT (day) DO UPDATE
    SET reserved_microusd = d.reserved_microusd + excluded.reserved_microusd
    WHERE d.spent_microusd + d.reserved_microusd + excluded.reserved_microusd
        <= %(cap)s::bigint
RETURNING day
"""


async def reserve_of_the_day(tx: Tx, microusd: int, cap: int) -> bool:
    """Set ``microusd`` aside of the installation's day; False when the cap has no room for it.

    The row is held until the transaction ends, so this comes last in it.
    """
    cursor = await tx.execute(RESERVE_OF_THE_DAY, {"microusd": microusd, "cap": cap})
    return await cursor.fetchone() is not None


BLOCK = f"""
UPDATE tenant_turns SET blocked_until = (
    SELECT CASE
        WHEN %(microusd)s::bigint + coalesce(s.spent_microusd, 0)
             > coalesce(t.budget_hard_microusd, %(hard)s::bigint)
        THEN least(date_trunc('month', now()) + interval '1 month',
                   now() + {BLOCKED_AT_MOST})
        ELSE now() + {RESERVED_WAIT} END
    FROM tenants t LEFT JOIN spend s
        ON s.tenant_id = t.tenant_id AND s.month = date_trunc('month', now())::date
    WHERE t.tenant_id = %(tenant_id)s)
WHERE tenant_id = %(tenant_id)s
"""


async def block(tx: TenantTx, microusd: int, caps: Caps) -> None:
    """Give the tenant no turn for a call of ``microusd``: until the month ends, or shortly when
    calls under way hold what it needs."""
    await tx.execute(BLOCK, {"tenant_id": tx.tenant_id, "microusd": microusd, "hard": caps.hard})


BEGIN_TRIPPED_DAY = """
INSERT INTO spend_days AS d (day, tripped_at_microusd)
SELECT current_date, %(cap)s WHERE %(microusd)s::bigint > %(cap)s::bigint
ON CONFLICT (day) DO NOTHING
"""

TRIP_DAILY_CAP = """
UPDATE spend_days SET tripped_at_microusd = %(cap)s
WHERE day = current_date AND spent_microusd + %(microusd)s::bigint > %(cap)s::bigint
"""


async def trip_daily_cap(tx: Tx, microusd: int, cap: int) -> None:
    """Stop all claims for the day, unless it is only calls under way that hold what is needed."""
    await tx.execute(BEGIN_TRIPPED_DAY, {"microusd": microusd, "cap": cap})
    await tx.execute(TRIP_DAILY_CAP, {"microusd": microusd, "cap": cap})


USED_OF_THE_DAY = (
    "SELECT spent_microusd + reserved_microusd FROM spend_days WHERE day = current_date"
)


async def used_of_the_day(tx: Tx) -> int:
    """What all tenants together have spent and reserved today."""
    cursor = await tx.execute(USED_OF_THE_DAY)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


DAILY_CAP_REACHED = "SELECT FROM spend_days WHERE day = current_date AND tripped_at_microusd >= %s"


async def daily_cap_reached(tx: Tx, cap: int) -> bool:
    """Whether a call of today found no room under this cap or a larger one."""
    cursor = await tx.execute(DAILY_CAP_REACHED, (cap,))
    return await cursor.fetchone() is not None


SET_LIMITS = """
WITH turn AS (
    UPDATE tenant_turns SET blocked_until = '-infinity' WHERE tenant_id = %(tenant_id)s
), month AS (
    UPDATE spend SET soft_reached_at = NULL WHERE tenant_id = %(tenant_id)s
)
UPDATE tenants SET budget_soft_microusd = %(soft)s, budget_hard_microusd = %(hard)s
WHERE tenant_id = %(tenant_id)s RETURNING tenant_id
"""


async def set_limits(tx: TenantTx, *, soft: int | None, hard: int | None) -> bool:
    """Set the tenant's own limits, None for the installation's, and let it go on. False when there
    is no such tenant."""
    cursor = await tx.execute(SET_LIMITS, {"tenant_id": tx.tenant_id, "soft": soft, "hard": hard})
    return await cursor.fetchone() is not None


GIVE_BACK_LOST = """
WITH lost AS (
    SELECT tenant_id, call_id, started_at, reserved_microusd FROM llm_calls
    WHERE reserved_microusd > 0
      AND started_at < now() - make_interval(secs => %s)
    FOR NO KEY UPDATE SKIP LOCKED
), freed AS (
    UPDATE llm_calls c SET reserved_microusd = 0, outcome = 'lost', finished_at = now()
    FROM lost WHERE c.tenant_id = lost.tenant_id AND c.call_id = lost.call_id
), by_month AS (
    SELECT tenant_id, date_trunc('month', started_at)::date AS month,
           sum(reserved_microusd)::bigint AS microusd, count(*) AS calls
    FROM lost GROUP BY 1, 2
), of_months AS (
    UPDATE spend s SET reserved_microusd = s.reserved_microusd - b.microusd
    FROM by_month b WHERE s.tenant_id = b.tenant_id AND s.month = b.month
)
SELECT started_at::date, sum(reserved_microusd)::bigint, count(*) FROM lost GROUP BY 1
ORDER BY 1
"""

GIVE_BACK_OF_THE_DAY = """
UPDATE spend_days SET reserved_microusd = greatest(reserved_microusd - %s, 0)
WHERE day = %s
"""


async def give_back_lost(tx: SystemTx, *, older_than_seconds: float) -> int:
    """Free what calls hold that nobody can be waiting for any more; how many these were.

    Their process died: whether they were billed is not known, and they count as not spent.
    """
    cursor = await tx.execute(GIVE_BACK_LOST, (float(older_than_seconds),))
    by_day = await cursor.fetchall()
    for day, microusd, _ in by_day:
        await tx.execute(GIVE_BACK_OF_THE_DAY, (microusd, day))
    return sum(calls for _, _, calls in by_day)
