"""The queue: claim, finish, fail, release, rescue.

What may be claimed is a row of queue_heads, one for each owner with unfinished work; a trigger
keeps them after the conversations, whose rows are the record of the work. Postgres' clock is the
only one. A lease token fences each claim: whoever lost it changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db.message_json import message_from_json
from app.db.outbox import ANNOUNCED_CONVERSATIONS, OF_A_CONVERSATION
from app.db.pool import SystemTx, TenantTx
from app.rules.types import Claim, Conversation, Scope, Transcript

_claim = """
WITH RECURSIVE served_last AS (
    SELECT tenant_id FROM tenant_turns ORDER BY last_served_at DESC, tenant_id DESC LIMIT 1
), after AS (
    -- The tenants that have any work waiting, one index probe each, from the one on that follows
    -- whoever was served last.
    (SELECT tenant_id FROM queue_heads
     WHERE NOT claimed AND {which} AND tenant_id > (SELECT tenant_id FROM served_last)
     ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT h.tenant_id FROM queue_heads h
            WHERE NOT h.claimed AND {which} AND h.tenant_id > a.tenant_id
            ORDER BY h.tenant_id LIMIT 1)
    FROM after a WHERE a.tenant_id IS NOT NULL
), before AS (
    (SELECT tenant_id FROM queue_heads WHERE NOT claimed AND {which} ORDER BY tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT h.tenant_id FROM queue_heads h
            WHERE NOT h.claimed AND {which} AND h.tenant_id > b.tenant_id
            ORDER BY h.tenant_id LIMIT 1)
    FROM before b WHERE b.tenant_id < (SELECT tenant_id FROM served_last)
), waiting AS (
    -- Of so many the next ones are chosen; beyond them, the ring decides.
    (SELECT tenant_id FROM after WHERE tenant_id IS NOT NULL
     UNION ALL
     SELECT tenant_id FROM before WHERE tenant_id <= (SELECT tenant_id FROM served_last))
    LIMIT 256
), turn AS (
    -- A tenant with a single piece of work goes first: it takes nobody's turn for long. So does who
    -- was passed over for seconds; then whoever has waited longest for a turn.
    SELECT t.tenant_id, last_served_at, %(max_in_flight)s - in_flight AS room,
           in_flight + due = 1 OR last_served_at < now() - interval '{passed_over}' AS first
    FROM (
        SELECT tenant_id, last_served_at FROM tenant_turns
        WHERE tenant_id = ANY (ARRAY(SELECT w.tenant_id FROM waiting w))
          AND blocked_until <= now() OFFSET 0) t
    CROSS JOIN LATERAL (
        SELECT count(*) AS in_flight FROM queue_heads h
        WHERE h.tenant_id = t.tenant_id AND h.claimed OFFSET 0) f
    CROSS JOIN LATERAL (
        SELECT count(*) AS due FROM (
            SELECT FROM queue_heads h
            WHERE h.tenant_id = t.tenant_id AND NOT h.claimed AND {which}
              AND h.next_attempt_at <= now() LIMIT 2) two OFFSET 0) d
    WHERE in_flight < %(max_in_flight)s AND due > 0
    ORDER BY first DESC, last_served_at, tenant_id LIMIT %(limit)s
), due AS (
    -- Twice each tenant's share, for those who have less; backfill when nothing is live.
    SELECT turn.tenant_id, turn.first, turn.last_served_at, h.owner_key, h.work_id,
        row_number() OVER (
        PARTITION BY turn.tenant_id
        ORDER BY h.priority, h.next_attempt_at, h.work_id) AS nth
    FROM turn CROSS JOIN (SELECT count(*) AS number FROM turn) tenants CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT owner_key, work_id, priority, next_attempt_at FROM queue_heads
            WHERE tenant_id = turn.tenant_id AND NOT claimed AND {which}
              AND priority = 0 AND next_attempt_at <= now()
            ORDER BY next_attempt_at, work_id
            LIMIT least(turn.room, ceil(2.0 * %(limit)s / tenants.number))
            FOR NO KEY UPDATE SKIP LOCKED) live
        UNION ALL
        SELECT * FROM (
            SELECT owner_key, work_id, priority, next_attempt_at FROM queue_heads
            WHERE tenant_id = turn.tenant_id AND NOT claimed AND {which}
              AND priority = 1 AND next_attempt_at <= now()
            ORDER BY next_attempt_at, work_id
            LIMIT least(turn.room, ceil(2.0 * %(limit)s / tenants.number))
            FOR NO KEY UPDATE SKIP LOCKED) backfill
        LIMIT least(turn.room, ceil(2.0 * %(limit)s / tenants.number))) h
), picked AS (
    SELECT tenant_id, owner_key, work_id FROM due
    ORDER BY nth, first DESC, last_served_at, tenant_id LIMIT %(limit)s
), locked AS (
    -- Whoever changes a conversation goes from its row to the head: waiting here could deadlock.
    SELECT c.tenant_id, c.conversation_id, c.claimed_at IS NOT NULL AS seen_before
    -- By its owner too: with old statistics the index of unfinished conversations looks as good as
    -- the primary key, and without the owner it would be read from end to end.
    FROM picked JOIN conversations c
      ON c.tenant_id = picked.tenant_id AND c.conversation_id = picked.work_id
        AND c.owner_key = picked.owner_key
    WHERE c.state = 'queued'
    FOR NO KEY UPDATE OF c SKIP LOCKED
), served AS (
    -- A turn that another claim is taking is left to it, for the same reason.
    UPDATE tenant_turns SET last_served_at = clock_timestamp()
    WHERE tenant_id IN (
        SELECT t.tenant_id FROM tenant_turns t
        WHERE t.tenant_id IN (SELECT tenant_id FROM picked) FOR NO KEY UPDATE SKIP LOCKED)
)
UPDATE conversations c
SET state = 'processing', attempts = attempts + 1, claims = claims + 1,
    lease_token = gen_random_uuid(), claimed_at = now(), claimed_by = %(claimed_by)s,
    lease_until = now() + make_interval(secs => %(lease_seconds)s)
FROM locked
WHERE c.tenant_id = locked.tenant_id AND c.conversation_id = locked.conversation_id
RETURNING c.tenant_id, c.conversation_id, lease_token, run, attempts, c.claims, seen_before,
    owner_key
"""

PASSED_OVER = "5 seconds"
"""After so long a tenant is no longer passed over for those with a single piece of work."""

CLAIM = _claim.format(which="NOT crashed", passed_over=PASSED_OVER)
CLAIM_CRASHED = _claim.format(which="crashed", passed_over=PASSED_OVER)


async def claim(
    tx: SystemTx,
    *,
    limit: int,
    max_in_flight: int,
    lease_seconds: float,
    claimed_by: str = "",
    crashed_only: bool = False,
) -> list[Claim]:
    """Lease up to ``limit`` due conversations, one per owner, taking the tenants in turn.

    Attempts are counted here, before the work, which is what bounds a conversation that kills its
    process. ``claimed_by`` names the process. ``crashed_only`` asks for those whose process died
    before instead, so that they can be run with no others beside them."""
    cursor = await tx.execute(
        CLAIM_CRASHED if crashed_only else CLAIM,
        {
            "limit": limit,
            "max_in_flight": max_in_flight,
            "lease_seconds": lease_seconds,
            "claimed_by": claimed_by,
        },
    )
    return [Claim(*row) for row in await cursor.fetchall()]


LOAD = """
SELECT tenant_id, user_id, namespace, agent_id, team_id, visibility, source, metadata,
       messages, occurred_at, instructions
FROM conversations
WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
    AND lease_token = %(lease_token)s AND messages IS NOT NULL
"""


async def load(tx: TenantTx, claim: Claim) -> Conversation | None:
    """What there is to remember; None when its text was erased or the lease is lost."""
    cursor = await tx.execute(LOAD, _names_of(claim))
    row = await cursor.fetchone()
    return _to_conversation(*row) if row else None


STILL_OURS = """
SELECT FROM conversations
WHERE tenant_id = %s AND conversation_id = %s AND lease_token = %s
    AND state = 'processing' FOR NO KEY UPDATE
"""


async def still_ours(tx: TenantTx, claim: Claim) -> bool:
    """Whether the lease holds; the row stays locked until the transaction ends. A lost lease
    changes nothing."""
    cursor = await tx.execute(STILL_OURS, (tx.tenant_id, claim.conversation_id, claim.lease_token))
    return await cursor.fetchone() is not None


FINISH = f"""
WITH finished AS (
    UPDATE conversations
    SET state = 'done', finished_at = clock_timestamp(), lease_token = NULL,
        lease_until = NULL, error_code = NULL, error_detail = NULL, receipt = %(receipt)s,
        stages = %(stages)s
    WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
        AND lease_token = %(lease_token)s
    RETURNING {OF_A_CONVERSATION}
), {ANNOUNCED_CONVERSATIONS} SELECT
"""


async def finish(
    tx: TenantTx, claim: Claim, receipt: dict[str, Any], stages: dict[str, float]
) -> None:
    """Mark the conversation done with its receipt; the owner's next one comes forward."""
    await tx.execute(
        FINISH, {**_names_of(claim), "receipt": Jsonb(receipt), "stages": Jsonb(stages)}
    )


LAST_FAILURE = "SELECT error_code FROM conversations WHERE tenant_id = %s AND conversation_id = %s"


async def last_failure(tx: TenantTx, claim: Claim) -> str | None:
    """The code that the attempt before this one failed with; None when there was none."""
    cursor = await tx.execute(LAST_FAILURE, (tx.tenant_id, claim.conversation_id))
    row = await cursor.fetchone()
    return row[0] if row else None


FAIL = f"""
WITH finished AS (
    UPDATE conversations
    SET state = CASE WHEN %(retry)s::float8 IS NULL THEN 'dead' ELSE 'queued' END,
        next_attempt_at = now() + make_interval(secs => coalesce(%(retry)s::float8, 0)),
        finished_at = CASE WHEN %(retry)s::float8 IS NULL THEN now() END,
        attempts = attempts - %(refund)s, error_code = %(code)s,
        error_detail = %(detail)s, lease_token = NULL, lease_until = NULL
    WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
        AND lease_token = %(lease_token)s
    RETURNING {OF_A_CONVERSATION}
), {ANNOUNCED_CONVERSATIONS} SELECT
"""


async def fail(
    tx: TenantTx,
    claim: Claim,
    *,
    code: str,
    detail: str,
    retry_in_seconds: float | None,
    burns_attempt: bool,
) -> None:
    """Queue the conversation for ``retry_in_seconds`` from now, or with None give it up as dead,
    with the reason."""
    await tx.execute(
        FAIL,
        {
            "retry": retry_in_seconds,
            "refund": 0 if burns_attempt else 1,
            "code": code,
            "detail": detail,
            **_names_of(claim),
        },
    )


RELEASE = """
UPDATE conversations
SET state = 'queued', attempts = attempts - 1, next_attempt_at = now(),
    lease_token = NULL, lease_until = NULL
WHERE tenant_id = %s AND conversation_id = %s AND lease_token = %s AND state = 'processing'
"""


async def release(tx: TenantTx, claim: Claim) -> None:
    """Give an unfinished claim back at once, as if it had never been made: this process is being
    stopped."""
    await tx.execute(RELEASE, (tx.tenant_id, claim.conversation_id, claim.lease_token))


CLAIMERS = "SELECT DISTINCT claimed_by FROM conversations WHERE state = 'processing'"


async def claimers(tx: SystemTx) -> list[str]:
    """The processes that hold a lease now."""
    cursor = await tx.execute(CLAIMERS)
    return [name for (name,) in await cursor.fetchall()]


END_LEASES = """
UPDATE conversations SET lease_until = now() - interval '1 microsecond'
WHERE state = 'processing' AND lease_until > now() AND claimed_by = ANY(%s)
"""


async def end_leases(tx: SystemTx, claimed_by: Sequence[str]) -> None:
    """Let the leases of these processes run out now, since they are known to be dead."""
    await tx.execute(END_LEASES, (list(claimed_by),))


RESCUE = f"""
WITH expired AS (
    SELECT tenant_id, conversation_id FROM conversations
    WHERE state = 'processing' AND lease_until < now() FOR NO KEY UPDATE SKIP LOCKED
), finished AS (
    UPDATE conversations
    SET crash_attempts = crash_attempts + 1, lease_token = NULL, lease_until = NULL,
        next_attempt_at = now(),
        state = CASE WHEN crash_attempts + 1 >= %(max)s THEN 'dead' ELSE 'queued' END,
        finished_at = CASE WHEN crash_attempts + 1 >= %(max)s THEN now() END,
        error_code = 'crashed', error_detail = %(detail)s
    WHERE (tenant_id, conversation_id) IN (SELECT * FROM expired)
    RETURNING {OF_A_CONVERSATION}
), {ANNOUNCED_CONVERSATIONS} SELECT
"""

DUE = """
SELECT count(*) FROM (
    SELECT FROM queue_heads WHERE NOT claimed AND next_attempt_at <= now() LIMIT %s) due
"""


async def rescue(tx: SystemTx, *, max_crashes: int, at_most: int = 1_000) -> int:
    """Take back expired leases, and count the owners whose work is due, up to ``at_most``. Any
    number may run at once.

    A lease that ran out means that its process died or hung: after ``max_crashes`` of these a
    conversation is dead.
    """
    await tx.execute(
        RESCUE, {"max": max_crashes, "detail": "The process that worked on it died or hung."}
    )
    cursor = await tx.execute(DUE, (at_most,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _names_of(claim: Claim) -> dict[str, Any]:
    return {
        "tenant_id": claim.tenant_id,
        "conversation_id": claim.conversation_id,
        "lease_token": claim.lease_token,
        "owner_key": claim.owner_key,
    }


def _to_conversation(
    tenant_id: UUID,
    user_id: str,
    namespace: str,
    agent_id: UUID | None,
    team_id: UUID | None,
    visibility: str,
    source: str,
    metadata: dict[str, Any],
    messages: Sequence[dict[str, Any]],
    occurred_at: datetime,
    instructions: str | None,
) -> Conversation:
    return Conversation(
        scope=Scope.of(
            tenant_id,
            namespace,
            user_id,
            agent_id=agent_id,
            team_id=team_id,
            visibility=visibility,
        ),
        team_id=team_id,
        user_id=user_id,
        visibility=visibility,
        source=source,
        metadata=metadata,
        transcript=Transcript(
            messages=tuple(message_from_json(message) for message in messages),
            occurred_at=occurred_at,
            instructions=instructions,
        ),
    )
