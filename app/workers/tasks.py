"""The Celery tasks, one call each, on one event loop for each worker process."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from app.db import deliveries, overdue, queue, spend
from app.db.pool import close_pool, open_pool, system
from app.errors import DatabaseUnavailable
from app.ingest import dispatcher
from app.logs import log
from app.privacy.purge import purge_expired
from app.providers.registry import import_clients
from app.startup import frozen_imports, runtime, start_runtime
from app.webhooks.dispatcher import deliver_due
from app.webhooks.slots import Idle
from app.workers import liveness, stalled, wakeup
from app.workers.celery import celery

T = TypeVar("T")

LATE_SECONDS = 1.0
"""What a server that ends long transactions itself is given to do so."""

celery.steps["worker"].update((liveness.Watchdog, stalled.Stalled))

_stopping = multiprocessing.get_context("fork").Event()
"""Set by the parent process when it is asked to stop; its children inherit it when they are
forked."""


IN_TRANSACTIONS = 16
"""Conversations that use the database at the same time, at most. Those that wait for a provider
have no connection."""


class _Loop:
    """The event loop of this process, with the pool open on it; clients and connections live as
    long as the process."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        settings = runtime().settings
        size = min(settings.waiting_in_flight, IN_TRANSACTIONS) + 2
        self._runner.run(open_pool(settings, size=size, serving=True))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine to its end."""
        return self._runner.run(stalled.ticking(work))

    def close(self) -> None:
        """Close the connections and the loop."""
        self._runner.run(close_pool())
        self._runner.close()


@worker_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def _import_before_the_fork(**_: object) -> None:
    with frozen_imports():
        import_clients(runtime().settings)


@worker_ready.connect  # type: ignore[untyped-decorator,unused-ignore]
def _wake_for_what_waited(**_: object) -> None:
    wakeup.publish(1)


@worker_shutting_down.connect  # type: ignore[untyped-decorator,unused-ignore]
def _tell_the_children(**_: object) -> None:
    _stopping.set()


@worker_process_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def _leave_the_parents_services(**_: object) -> None:
    start_runtime(runtime().settings)
    stalled.take_place()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator,unused-ignore]
def _close(**_: object) -> None:
    if runtime().has(_Loop):
        runtime().one(_Loop).close()


@celery.task
def process_due() -> None:
    """Process what is due, if anything is. Safe to run at any time, any number of times."""
    liveness.note_awake()
    if runtime().one(_Loop).run(_process_due()):
        wakeup.publish(1)


async def _process_due() -> bool:
    """Process conversations and deliver webhooks in parallel, for the claim window; True when there
    may be more."""
    deadline = time.monotonic() + runtime().settings.claim_window_seconds
    idle = Idle("conversations", "webhooks")

    def claiming() -> bool:
        # All processes may be busy for as long as nobody can receive anything.
        liveness.note_awake()
        return time.monotonic() < deadline and not _stopping.is_set()

    async with asyncio.TaskGroup() as group:
        conversations = group.create_task(
            dispatcher.process_due(
                claiming,
                _stopping.is_set,
                _call_for_help,
                idle,
                claimed_by=liveness.process_id(),
            )
        )
        webhooks = group.create_task(deliver_due(claiming, _stopping.is_set, idle))
    return conversations.result() or webhooks.result()


async def _call_for_help() -> None:
    await asyncio.to_thread(wakeup.publish, 1)


@celery.task
def rescue() -> None:
    """Take back what dead processes had claimed, and wake workers for what is due."""
    liveness.note_awake()
    settings = runtime().settings
    due = runtime().one(_Loop).run(_rescue(settings.max_crashes))
    wakeup.publish(min(due, settings.worker_processes))


@celery.task
def purge() -> None:
    """Remove what has been kept for long enough."""
    runtime().one(_Loop).run(_purge())


async def _purge() -> None:
    try:
        await purge_expired()
    except DatabaseUnavailable as error:
        log.warning("database_error", sqlstate=error.sqlstate)


async def _rescue(max_crashes: int) -> int:
    longest = runtime().settings.longest_transaction_seconds
    try:
        if ended := await overdue.end_overdue(older_than_seconds=longest + LATE_SECONDS):
            log.error("transactions_ended", count=ended, older_than_seconds=longest)
        async with system() as tx:
            if dead := liveness.dead_processes(await queue.claimers(tx)):
                await queue.end_leases(tx, dead)
            await spend.give_back_lost(
                tx, older_than_seconds=runtime().settings.hard_time_limit_seconds
            )
            due = await queue.rescue(tx, max_crashes=max_crashes)
            return due or int(await deliveries.any_due(tx))
    except DatabaseUnavailable as error:
        log.warning("database_error", sqlstate=error.sqlstate)
        return 0
