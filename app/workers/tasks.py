"""One thin task per use case, on one event loop for each worker process."""

from __future__ import annotations

import asyncio
import multiprocessing

import uvloop
from celery.signals import (
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from app.db import deliveries, queue, spend
from app.db.pool import close_pool, open_pool, system
from app.errors import DatabaseUnavailable
from app.ingest import dispatcher
from app.logs import log
from app.privacy.purge import purge_expired
from app.providers.registry import import_clients
from app.startup import frozen_imports, runtime
from app.workers import liveness, wakeup
from app.workers.celery import celery

celery.steps["worker"].add(liveness.Watchdog)

_runner: asyncio.Runner | None = None
_stopping = multiprocessing.get_context("fork").Event()
"""Set by the parent when it is asked to stop; its children inherit it when they are forked."""


def _the_runner() -> asyncio.Runner:
    """This process's event loop, with the pool open on it; clients and connections live as long as
    the process."""
    global _runner
    if _runner is None:
        _runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        settings = runtime().settings
        _runner.run(open_pool(settings, size=settings.worker_in_flight + 2))
    return _runner


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
def _forget_the_parents_loop(**_: object) -> None:
    global _runner
    _runner = None


@worker_process_shutdown.connect  # type: ignore[untyped-decorator,unused-ignore]
def _close(**_: object) -> None:
    if _runner is not None:
        _runner.run(close_pool())
        _runner.close()


@celery.task
def process_due() -> None:
    """Work on what is due, if anything is. Safe to run at any time, any number of times."""
    liveness.note_wakeup()
    work = dispatcher.process_due(
        _stopping.is_set, _call_for_help, claimed_by=liveness.process_id()
    )
    if _the_runner().run(work):
        wakeup.publish(1)


async def _call_for_help() -> None:
    await asyncio.to_thread(wakeup.publish, 1)


@celery.task
def rescue() -> None:
    """Take back what dead processes held, and wake workers for what is due."""
    liveness.note_wakeup()
    settings = runtime().settings
    due = _the_runner().run(_rescue(settings.max_crashes))
    wakeup.publish(min(due, settings.worker_processes))


@celery.task
def purge() -> None:
    """Remove what has been kept for long enough."""
    _the_runner().run(_purge())


async def _purge() -> None:
    try:
        await purge_expired()
    except DatabaseUnavailable as error:
        log.warning("database_error", sqlstate=error.sqlstate)


async def _rescue(max_crashes: int) -> int:
    try:
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
