"""Use case: claim conversations that are due and process them, several at a time, while the process
may claim."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.concurrency import Turns, computing, working_for
from app.db import queue, spend
from app.db.pool import system, transaction
from app.errors import DatabaseUnavailable
from app.ingest.process import loaded_chars, process
from app.ingest.retries import give_back
from app.logs import log
from app.providers import circuit_breaker, in_flight
from app.providers.registry import get_providers
from app.rules.types import Claim
from app.startup import runtime
from app.webhooks.slots import LOOK_AGAIN_SECONDS, STOP_GRACE_SECONDS, Idle, Slots

DATABASE_RETRY_SECONDS = 1.0

AT_ONCE = 16
"""How many one claim takes, so that the other processes have their share of a short queue."""

WORTH_A_CLAIM = 4

MOST_CHARS = 32_000_000
"""Text that one process works on at the same time; beyond it nothing more is claimed. A character
comes to two or three bytes of memory."""


async def process_due(
    claiming: Callable[[], bool],
    stopping: Callable[[], bool],
    call_for_help: Callable[[], Awaitable[object]],
    idle: Idle,
    *,
    claimed_by: str = "",
    stop_grace_seconds: float = STOP_GRACE_SECONDS,
) -> bool:
    """Process conversations while ``claiming()`` is true, or until there is no work here nor in the
    other dispatchers of ``idle``; True when there may be more.

    When a claim gives all that it asked for there is probably more work, and ``call_for_help`` is
    awaited once: each process that comes to help may call another, until all of them are busy.
    ``claimed_by`` names this process, so that others can tell when it is gone. When ``stopping()``
    is true, what is not done within the grace period goes back to the queue as if it had never been
    claimed.
    """
    slots = Slots()
    try:
        await _process_crashed(claiming, stopping, claimed_by, stop_grace_seconds)
        look_again_at, more, called = 0.0, True, False
        while claiming():
            room = min(_room(slots.running), AT_ONCE)
            # A claim for several costs as much as a claim for one, so room for a few waits a little
            # for more; and so does whoever has just got all that there was, unless it has nothing
            # else to do.
            wanted = slots.empty or (more and room >= WORTH_A_CLAIM)
            if wanted or time.monotonic() >= look_again_at:
                claims = await _claim(claimed_by, limit=room)
                for claim in claims:
                    slots.start(_process(claim))
                look_again_at = time.monotonic() + LOOK_AGAIN_SECONDS
                more = 0 < len(claims) == room
                if more and not called:
                    called = True
                    await call_for_help()
            idle.report("conversations", busy=not slots.empty)
            if idle.all:
                return False
            await slots.wait()
        await slots.finish(stopping, stop_grace_seconds)
    except BaseException:
        # Most likely a time limit: the loop stops with this coroutine, and so do its tasks.
        await slots.cancel()
        raise
    return True


async def _process_crashed(
    claiming: Callable[[], bool],
    stopping: Callable[[], bool],
    claimed_by: str,
    stop_grace_seconds: float,
) -> None:
    """Process conversations whose process died before, first and alone: each is suspected of having
    killed its process, and must not take others down with it a second time."""
    while claiming() and (claims := await _claim(claimed_by, limit=1, crashed_only=True)):
        alone = Slots()
        try:
            for claim in claims:
                alone.start(_process(claim))
            await alone.finish(stopping, stop_grace_seconds)
        except BaseException:
            await alone.cancel()
            raise


def _computing() -> Turns:
    """The slots of those who compute. While all are taken nothing more is claimed: what waits in
    the queue is taken up in a better order than what waits here."""
    return Turns(runtime().settings.computing_in_flight)


def _room(under_way: int) -> int:
    """How many more conversations this process may work on."""
    if loaded_chars() >= MOST_CHARS:
        return 0
    settings, providers = runtime().settings, get_providers()
    room = in_flight.room(providers.circuits, under_way, otherwise=settings.computing_in_flight)
    return min(room, runtime().one(_computing).free)


async def _claim(claimed_by: str, *, limit: int, crashed_only: bool = False) -> list[Claim]:
    """Claim up to ``limit`` conversations; none while the database is away: the rescue wakes a
    worker when it is back.

    Claims none while a provider's circuit is open or the day's cap is reached, so that no attempts
    are used up. When the circuit's pause is over it claims one conversation, which is the probe.
    """
    if limit <= 0:
        return []
    settings = runtime().settings
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


async def _process(claim: Claim) -> None:
    """Process a claim; if the database goes away meanwhile, give the claim back as soon as it
    answers again."""
    working_for(claim.tenant_id)
    try:
        async with computing(runtime().one(_computing)):
            await _process_or_give_back(claim)
    finally:
        if claim.probe is not None:
            # Nothing is known yet about a provider that it did not call.
            await circuit_breaker.return_probe(claim.probe)


async def _process_or_give_back(claim: Claim) -> None:
    give_up_at = time.monotonic() + runtime().settings.lease_seconds
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
