"""Use case: work off what is due, several conversations at a time and the webhooks that tell of
them, for a bounded while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.db import queue, spend
from app.db.pool import system, transaction
from app.errors import DatabaseUnavailable
from app.ingest.process import process
from app.ingest.retries import give_back
from app.logs import log
from app.providers import circuit_breaker
from app.providers.registry import get_providers
from app.rules.types import Claim
from app.settings import Settings
from app.startup import runtime
from app.webhooks import dispatcher

LOOK_AGAIN_SECONDS = 0.05
"""How often a process with free slots looks for more while others of its conversations are under
way."""
DELIVER_SECONDS = 0.25
"""How often a process that is at work looks for webhooks to send beside it."""
STOP_GRACE_SECONDS = 8.0
"""How long a process that is asked to stop lets what it has begun come to its end."""
DATABASE_RETRY_SECONDS = 1.0


async def process_due(
    stopping: Callable[[], bool],
    call_for_help: Callable[[], Awaitable[object]],
    *,
    claimed_by: str = "",
) -> bool:
    """Claim and remember, and deliver, until nothing is due or the claim window is over; True when
    there may be more.

    When a first claim fills every slot there is likely more, and ``call_for_help`` is awaited,
    once: each process that comes to help may call for another, until all of them are busy.
    ``claimed_by`` names this process, so that others can tell when it is gone.

    A conversation whose process died before is suspected of having killed it, so it runs first and
    alone: it cannot take others down with it a second time. Once ``stopping()`` is true nothing
    more is claimed, and what is not done within STOP_GRACE_SECONDS goes back to the queue as if it
    had never been claimed.
    """
    settings = runtime().settings
    deadline = time.monotonic() + settings.claim_window_seconds

    def claiming() -> bool:
        return time.monotonic() < deadline and not stopping()

    while claiming() and (
        crashed_only := await _claim(settings, claimed_by, limit=1, crashed_only=True)
    ):
        await _work_on(
            {asyncio.create_task(_process(claim, settings)) for claim in crashed_only}, stopping
        )
    running: set[asyncio.Task[None]] = set()
    sending: set[asyncio.Task[None]] = set()
    look_again_at, deliver_at, called = 0.0, 0.0, False
    try:
        while claiming():
            free = settings.worker_in_flight - len(running)
            # One claim for several slots costs what a claim for one does, so a few free ones wait
            # a little for company.
            if 2 * free >= settings.worker_in_flight or time.monotonic() >= look_again_at:
                for claim in await _claim(settings, claimed_by, limit=free):
                    running.add(asyncio.create_task(_process(claim, settings)))
                look_again_at = time.monotonic() + LOOK_AGAIN_SECONDS
                if len(running) == settings.worker_in_flight and not called:
                    called = True
                    await call_for_help()
            # Webhooks go out beside the conversations: a slow receiver keeps none of these waiting.
            if not running or time.monotonic() >= deliver_at:
                sending |= await dispatcher.begin(len(sending))
                deliver_at = time.monotonic() + DELIVER_SECONDS
            if not running and not sending:
                return False
            done, _ = await asyncio.wait(
                running | sending, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            running -= done
            sending -= done
        await _work_on(running | sending, stopping)
    except BaseException:
        # A time limit, most likely: the loop stops with this coroutine, and what it runs with it.
        await _give_up(running | sending)
        raise
    return True


async def _work_on(running: set[asyncio.Task[None]], stopping: Callable[[], bool]) -> None:
    """Wait for the end of what is running; when the process is to stop, for a while only."""
    grace = STOP_GRACE_SECONDS
    while running and grace > 0:
        _, running = await asyncio.wait(running, timeout=LOOK_AGAIN_SECONDS)
        if stopping():
            grace -= LOOK_AGAIN_SECONDS
    await _give_up(running)


async def _give_up(running: set[asyncio.Task[None]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _claim(
    settings: Settings, claimed_by: str, *, limit: int, crashed_only: bool = False
) -> list[Claim]:
    """What was claimed; nothing while the database is away: the rescue wakes a worker when it is
    back.

    Nothing either while a provider's circuit is open or the day's money is spent, so that no
    attempts burn; when a circuit's pause is over, one conversation, which is the probe.
    """
    if limit <= 0:
        return []
    try:
        async with system() as tx:
            cap = settings.spending_caps.daily
            if cap is not None and await spend.daily_cap_reached(tx, cap):
                return []
            claimable, probe = await circuit_breaker.claimable(tx, get_providers().circuits)
            if not claimable:
                return []
            claims = await queue.claim(
                tx,
                limit=1 if probe else limit,
                max_in_flight=settings.max_in_flight_per_tenant,
                lease_seconds=settings.lease_seconds,
                claimed_by=claimed_by,
                crashed_only=crashed_only,
            )
            if probe and not claims:
                await circuit_breaker.give_probe_back(tx, probe)
            return [replace(claim, probe=probe) for claim in claims]
    except DatabaseUnavailable as error:
        log.warning("database_error", sqlstate=error.sqlstate)
        return []


async def _process(claim: Claim, settings: Settings) -> None:
    """Remember; when the database goes away meanwhile, give the claim back as soon as it answers
    again."""
    try:
        await _process_or_give_back(claim, settings)
    finally:
        if claim.probe is not None:
            # Of a provider that it did not come to, nothing is known yet.
            await circuit_breaker.return_probe(claim.probe)


async def _process_or_give_back(claim: Claim, settings: Settings) -> None:
    give_up_at = time.monotonic() + settings.lease_seconds
    failure: DatabaseUnavailable | None = None
    while failure is None or time.monotonic() < give_up_at:
        try:
            if failure is None:
                await process(claim)
            else:
                await give_back(claim, failure)
            return
        except DatabaseUnavailable as error:
            log.warning(
                "database_error",
                conversation_id=str(claim.conversation_id),
                sqlstate=error.sqlstate,
            )
            failure = failure or error
            await asyncio.sleep(DATABASE_RETRY_SECONDS)
        except asyncio.CancelledError:
            async with transaction(claim.tenant_id) as tx:
                await queue.release(tx, claim)
            raise
