"""One thin task per use case, on one event loop for each worker process."""

from __future__ import annotations

import asyncio
import multiprocessing

import psycopg
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
from app.drain import drain
from app.logs import log
from app.providers import import_clients
from app.settings import get_settings
from app.starting import imports_that_stay
from app.tidy import tidy
from app.workers import doorbell, presence, watchdog
from app.workers.celery import celery

celery.steps["worker"].add(watchdog.Watchdog)

_runner: asyncio.Runner | None = None
_stopping = multiprocessing.get_context("fork").Event()
"""Set by the parent when it is asked to stop; its children inherit it when they are forked."""


def _the_runner() -> asyncio.Runner:
    """This process's event loop, with the pool open on it; clients and connections live as long as
    the process."""
    global _runner
    if _runner is None:
        _runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        settings = get_settings()
        _runner.run(open_pool(settings, size=settings.worker_in_flight + 2, serving=True))
    return _runner


@worker_init.connect  # type: ignore[untyped-decorator,unused-ignore]
def _import_before_the_fork(**_: object) -> None:
    with imports_that_stay():
        import_clients(get_settings())


@worker_ready.connect  # type: ignore[untyped-decorator,unused-ignore]
def _ring_for_what_waited(**_: object) -> None:
    doorbell.publish(1)


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
def remember_due() -> None:
    """Work on what is due, if anything is. Safe to run at any time, any number of times."""
    watchdog.heard()
    work = drain(_stopping.is_set, _call_for_help, claimed_by=presence.myself())
    if _the_runner().run(work):
        doorbell.publish(1)


async def _call_for_help() -> None:
    await asyncio.to_thread(doorbell.publish, 1)


@celery.task
def sweep() -> None:
    """Take back what dead processes held, and ring for what is due."""
    watchdog.heard()
    settings = get_settings()
    due = _the_runner().run(_sweep(settings.max_crashes))
    doorbell.publish(min(due, settings.worker_processes))


@celery.task
def tidy_up() -> None:
    """Remove what has been kept for long enough."""
    _the_runner().run(_tidy())


async def _tidy() -> None:
    try:
        await tidy()
    except psycopg.OperationalError as error:
        log.warning("database_error", sqlstate=error.sqlstate)


async def _sweep(max_crashes: int) -> int:
    try:
        async with system() as conn:
            if dead := presence.gone(await queue.claimers(conn)):
                await queue.end_leases(conn, dead)
            await spend.give_back_lost(
                conn, older_than_seconds=get_settings().hard_time_limit_seconds
            )
            due = await queue.sweep(conn, max_crashes=max_crashes)
            return due or int(await deliveries.any_due(conn))
    except psycopg.OperationalError as error:
        log.warning("database_error", sqlstate=error.sqlstate)
        return 0
