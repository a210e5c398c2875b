"""Every attempt at a paid provider, failed ones too, with tokens and cost, and what it holds of its
tenant's budget while it is under way."""

from __future__ import annotations

from uuid import UUID

from app.db.pool import TenantTx
from app.rules.types import Usage

BEGIN = """
INSERT INTO llm_calls (
    tenant_id, call_id, conversation_id, purpose, provider, model, reserved_microusd)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


async def begin(
    tx: TenantTx,
    call_id: UUID,
    *,
    conversation_id: UUID | None,
    purpose: str,
    provider: str,
    model: str,
    reserved_microusd: int,
) -> None:
    """Note a call before it is made, with what is reserved for it."""
    await tx.execute(
        BEGIN, (tx.tenant_id, call_id, conversation_id, purpose, provider, model, reserved_microusd)
    )


END = """
WITH call AS (
    SELECT reserved_microusd, date_trunc('month', started_at)::date AS month,
           started_at::date AS day,
           coalesce(%(cost)s::bigint, reserved_microusd) AS cost
    FROM llm_calls
    WHERE tenant_id = %(tenant_id)s AND call_id = %(call_id)s FOR NO KEY UPDATE
), ended AS (
    UPDATE llm_calls l
    SET outcome = %(outcome)s, input_tokens = %(input)s, output_tokens = %(output)s,
        cache_read_tokens = %(cache_read)s, cache_write_tokens = %(cache_write)s,
        cost_microusd = call.cost, reserved_microusd = 0, finished_at = now()
    FROM call WHERE l.tenant_id = %(tenant_id)s AND l.call_id = %(call_id)s
), cap AS (
    SELECT coalesce(budget_soft_microusd, %(soft)s::bigint) AS soft
    FROM tenants WHERE tenant_id = %(tenant_id)s
)
UPDATE spend s
SET reserved_microusd = s.reserved_microusd - call.reserved_microusd,
    spent_microusd = s.spent_microusd + call.cost,
    soft_reached_at = CASE
        WHEN s.soft_reached_at IS NULL AND s.spent_microusd + call.cost >= cap.soft
        THEN now() ELSE s.soft_reached_at END
FROM call, cap WHERE s.tenant_id = %(tenant_id)s AND s.month = call.month
RETURNING s.soft_reached_at = now(), call.day, call.reserved_microusd, call.cost
"""

SETTLE_THE_DAY = """
UPDATE spend_days
SET reserved_microusd = greatest(reserved_microusd - %s, 0),
    spent_microusd = spent_microusd + %s
WHERE day = %s
"""


async def end(
    tx: TenantTx,
    call_id: UUID,
    *,
    outcome: str,
    usage: Usage,
    cost_microusd: int | None,
    soft_microusd: int | None,
    capped: bool,
) -> bool:
    """Note how a begun call ended and settle what was reserved for it. True when it took the month
    over its soft limit, once a month. ``capped``: the installation's day is kept as well.

    ``cost_microusd`` None charges all that was reserved: whether a call without an answer was
    billed, nobody tells us. ``soft_microusd`` is the limit of a tenant without one of its own.
    """
    cursor = await tx.execute(
        END,
        {
            "tenant_id": tx.tenant_id,
            "call_id": call_id,
            "outcome": outcome,
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cache_read": usage.cache_read_tokens,
            "cache_write": usage.cache_write_tokens,
            "cost": cost_microusd,
            "soft": soft_microusd,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        return False
    reached, day, reserved_microusd, cost = row
    if capped:
        # Last, since every tenant's calls wait for this row.
        await tx.execute(SETTLE_THE_DAY, (reserved_microusd, cost, day))
    return bool(reached)


SPENT_ON_QUESTIONS = """
INSERT INTO spend AS s (tenant_id, month, spent_microusd)
VALUES (%s, date_trunc('month', now())::date, %s)
ON CONFLICT (tenant_id, month) DO UPDATE
    SET spent_microusd = s.spent_microusd + excluded.spent_microusd
"""


async def spent_on_questions(tx: TenantTx, *, cost_microusd: int) -> None:
    """Add the embeddings of questions to the month; no budget keeps these from being asked."""
    await tx.execute(SPENT_ON_QUESTIONS, (tx.tenant_id, cost_microusd))
