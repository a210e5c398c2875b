"""What a worker does that hears nothing: it rings itself, and when that does not help it ends.

Beat may be away, so a worker asks for a sweep when it has heard nothing for a while. And a Celery
worker can be connected, idle and deaf (celery/celery#8030, #8091 and others; the ways that we know
of are closed in app/workers/bells.py). No signal tells, so the work does: conversations that have
been due for long, and no bell heard meanwhile. Whoever started the worker starts it again.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from typing import Any

import psycopg
from celery import bootsteps

from app.db import pipeline
from app.db.pool import close_pool, open_pool, system
from app.logs import log
from app.settings import Settings, get_settings
from app.workers import doorbell

STOP_SECONDS = 15

_heard_at = multiprocessing.get_context("fork").Value("d", time.monotonic(), lock=False)
"""When any process of this worker last took up a bell; shared with the children."""


def heard() -> None:
    """Note that a bell was heard."""
    _heard_at.value = time.monotonic()


_looked_at = 0.0


class Watchdog(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Looks from the worker's main process, on its timer."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """Begin to look, as often as beat asks for a sweep."""
        global _looked_at
        heard()
        _looked_at = time.monotonic()
        worker.timer.call_repeatedly(get_settings().sweep_seconds, _look)


def _look() -> None:
    global _looked_at
    settings = get_settings()
    if time.monotonic() - _looked_at >= 2 * settings.sweep_seconds:
        # The timer stands still while the worker looks for its broker: it could not hear, so its
        # silence begins now.
        heard()
    _judge(settings, silent_seconds=time.monotonic() - _heard_at.value)
    _looked_at = time.monotonic()  # Judging may take long too: a frozen Redis is asked for a sweep.


def _judge(settings: Settings, silent_seconds: float) -> None:
    if silent_seconds >= 2 * settings.sweep_seconds:
        doorbell.ask_for_sweep()
    if silent_seconds < settings.worker_stalled_seconds:
        return
    due_seconds = asyncio.run(_oldest_due_seconds(settings))
    if due_seconds >= settings.worker_stalled_seconds:
        log.error(
            "worker_stalled",
            silent_seconds=round(silent_seconds),
            oldest_due_seconds=round(due_seconds),
        )
        # What is still running comes to its end, but not for ever.
        signal.alarm(STOP_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)


async def _oldest_due_seconds(settings: Settings) -> float:
    """0 when the database does not answer: then a new worker would do no better."""
    await open_pool(settings, size=1, serving=True)
    try:
        async with system() as connection:
            return await pipeline.oldest_due_seconds(connection)
    except psycopg.OperationalError as error:
        log.warning("database_error", sqlstate=error.sqlstate)
        return 0.0
    finally:
        await close_pool()
