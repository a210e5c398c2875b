"""Tell which processes are alive, so that the work of a dead one need not wait for its lease; end a
worker that receives nothing."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterable
from typing import Any

from celery import bootsteps

from app.db import queue_stats
from app.db.pool import close_pool, open_pool, system
from app.errors import DatabaseUnavailable
from app.logs import log
from app.settings import Settings
from app.startup import runtime
from app.workers import wakeup


def process_id() -> str:
    """Name this process: its host, its process namespace (containers may share a host name), its
    id."""
    return f"{_place()}{os.getpid()}"


def dead_processes(processes: Iterable[str]) -> list[str]:
    """Find those of ``processes`` that ran on this host and run no more.

    Nothing is known from here of processes on other hosts: there the lease decides, as it does when
    an id has been given to another process since.
    """
    here = _place()
    return [name for name in processes if name.startswith(here) and not _runs(name[len(here) :])]


def _place() -> str:
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino
    except OSError:  # Only Linux has this file.
        namespace = 0
    return f"{socket.gethostname()}/{namespace}/"


def _runs(process_id: str) -> bool:
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


STOP_SECONDS = 15

_heard_at = multiprocessing.get_context("fork").Value("d", time.monotonic(), lock=False)
"""When any process of this worker last received a wake-up, or looked for work; shared with the
child processes."""


def note_awake() -> None:
    """Note that a wake-up was received, or that a process looks for work without one."""
    _heard_at.value = time.monotonic()


_looked_at = 0.0
_ending = False
"""Set once this worker ends itself: to ask again would set its last alarm back."""


class Watchdog(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Ends the worker when it receives no wake-ups although work is due. Runs on the timer of the
    worker's main process."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """Begin to look, as often as beat asks for a rescue."""
        global _looked_at
        note_awake()
        _looked_at = time.monotonic()
        worker.timer.call_repeatedly(runtime().settings.rescue_seconds, _look)


def _look() -> None:
    global _looked_at
    if _ending:
        return
    settings = runtime().settings
    if time.monotonic() - _looked_at >= 2 * settings.rescue_seconds:
        # The timer stands still while the worker looks for its broker. It could receive nothing
        # meanwhile, so its silence begins now.
        note_awake()
    _judge(settings, silent_seconds=time.monotonic() - _heard_at.value)
    _looked_at = time.monotonic()  # The check may take long too: it writes to Redis.


def _judge(settings: Settings, silent_seconds: float) -> None:
    global _ending
    if silent_seconds >= 2 * settings.rescue_seconds:
        wakeup.publish_rescue()
    if silent_seconds < settings.worker_stalled_seconds:
        return
    due_seconds = asyncio.run(_oldest_due_seconds(settings))
    if due_seconds >= settings.worker_stalled_seconds:
        log.error(
            "worker_stalled",
            silent_seconds=round(silent_seconds),
            oldest_due_seconds=round(due_seconds),
        )
        # Running tasks may finish, within a limit.
        _ending = True
        signal.alarm(STOP_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)


async def _oldest_due_seconds(settings: Settings) -> float:
    """Give how long the oldest due conversation has waited; 0 when the database does not answer,
    since then a new worker would do no better."""
    await open_pool(settings, size=1, serving=True)
    try:
        async with system() as tx:
            return await queue_stats.oldest_due_seconds(tx)
    except DatabaseUnavailable as error:
        log.warning("database_error", sqlstate=error.sqlstate)
        return 0.0
    finally:
        await close_pool()
