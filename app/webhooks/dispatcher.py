"""Use case: deliver events to the endpoints that subscribe to them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from app.db import deliveries, webhooks
from app.db.pool import system, transaction
from app.errors import DatabaseUnavailable
from app.logs import log
from app.rules.types import Attempt
from app.webhooks.message import body, headers
from app.webhooks.retry_schedule import GIVE_UP_AFTER_SECONDS, pause_seconds
from app.webhooks.sender import (
    AFTER_A_TIMEOUT_SECONDS,
    DEADLINE_SECONDS,
    Undelivered,
    get_sender,
)
from app.webhooks.slots import STOP_GRACE_SECONDS, Idle, Slots

AT_ONCE = 16
"""How many deliveries one process has under way."""
PER_TENANT = max(1, AT_ONCE // 4)
"""How many of these may be one tenant's, whatever the number of its endpoints: receivers that never
answer hold up their own tenant alone."""
LOOK_AGAIN_BESIDE_SECONDS = 0.25
"""How often a process that works on conversations looks for deliveries beside them."""
LEASE_SECONDS = 4 * DEADLINE_SECONDS
GONE = 410
NAMED = ("user_id", "memory_id", "replaced_id", "conversation_id", "reason")
"""The ids that a delivery has of an event."""


async def deliver_due(
    claiming: Callable[[], bool],
    stopping: Callable[[], bool],
    idle: Idle,
    *,
    stop_grace_seconds: float = STOP_GRACE_SECONDS,
) -> bool:
    """Deliver while ``claiming()`` is true, or until there is no work here nor in the other
    dispatchers of ``idle``; True when there may be more.

    Webhooks are sent beside the conversations: a slow receiver makes none of these wait.
    """
    slots, look_again_at = Slots(), 0.0
    held: Counter[UUID] = Counter()
    try:
        while claiming():
            if idle.is_idle("conversations") or time.monotonic() >= look_again_at:
                for attempt in await _claim(AT_ONCE - slots.running, held):
                    held[attempt.tenant_id] += 1
                    slots.start(_deliver(attempt, held))
                look_again_at = time.monotonic() + LOOK_AGAIN_BESIDE_SECONDS
            idle.report("webhooks", busy=not slots.empty)
            if idle.all:
                return False
            await slots.wait()
        await slots.finish(stopping, stop_grace_seconds)
    except BaseException:
        await slots.cancel()
        raise
    return True


async def _claim(limit: int, held: Counter[UUID]) -> list[Attempt]:
    """Claim up to ``limit`` deliveries that are due, in turns by tenant; none while the database is
    away. ``held`` counts each tenant's that are under way."""
    if limit <= 0:
        return []
    try:
        async with system() as tx:
            return await deliveries.claim(
                tx,
                limit=limit,
                lease_seconds=LEASE_SECONDS,
                per_tenant=PER_TENANT,
                held=+held,
            )
    except DatabaseUnavailable as error:
        log.warning("database_error", sqlstate=error.sqlstate)
        return []


async def _deliver(attempt: Attempt, held: Counter[UUID]) -> None:
    """Make one attempt and record its result. If the database goes away meanwhile, another attempt
    follows after the lease: a receiver may get a delivery twice, under one id."""
    try:
        await _attempt(attempt)
    except DatabaseUnavailable as error:
        log.warning("database_error", delivery_id=str(attempt.delivery_id), sqlstate=error.sqlstate)
    finally:
        held[attempt.tenant_id] -= 1


async def _attempt(attempt: Attempt) -> None:
    async with transaction(attempt.tenant_id) as tx:
        outgoing = await deliveries.load(tx, attempt)
    if outgoing is None:
        return
    delivery = outgoing.delivery
    about = {name: getattr(delivery, name) for name in NAMED}
    content = body(delivery.event, delivery.happened_at, about)
    signed = headers(delivery.delivery_id, content, outgoing.secrets, now=datetime.now(UTC))
    status: int | None = None
    try:
        status = await get_sender().post(
            outgoing.url,
            signed,
            content,
            deadline_seconds=AFTER_A_TIMEOUT_SECONDS if outgoing.timed_out else DEADLINE_SECONDS,
        )
        error = f"status_{status}"
    except Undelivered as undelivered:
        error = undelivered.code
    retry_in = pause_seconds(attempt.attempts)
    async with transaction(attempt.tenant_id) as tx:
        if status is not None and 200 <= status < 300:
            await deliveries.delivered(tx, attempt, status)
            return
        if status == GONE:
            retry_in = None
        await deliveries.missed(tx, attempt, status=status, error=error, retry_in_seconds=retry_in)
        if status == GONE or outgoing.failing_seconds >= GIVE_UP_AFTER_SECONDS:
            reason = "gone" if status == GONE else "failing"
            await webhooks.disable(tx, outgoing.endpoint_id, reason)
            log.warning("webhook_disabled", endpoint_id=str(outgoing.endpoint_id), reason=reason)
    log.info(
        "webhook_missed",
        delivery_id=str(attempt.delivery_id),
        error=error,
        attempts=attempt.attempts,
        retry_in_seconds=retry_in,
    )
