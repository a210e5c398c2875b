"""End a pool child whose event loop stands still: from outside, since it cannot act itself.

Each child notes once a second that its loop ticks, in memory that it shares with the worker's main
process; a thread of that one looks. docs/decisions/0017-stalled-loops.md has why.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from billiard.process import current_process
from celery import bootsteps

from app.logs import log
from app.settings import MOST_PROCESSES
from app.startup import runtime

T = TypeVar("T")

LOOK_SECONDS = 0.5
TICK_SECONDS = 1.0

_context = multiprocessing.get_context("fork")
_pids = _context.Array("q", MOST_PROCESSES, lock=False)
_ticked_at = _context.Array("d", MOST_PROCESSES, lock=False)
"""When the loop of a child last ticked; 0 while it has nothing to run."""


def take_place() -> None:
    """Let this child be watched. Called when it begins; its place is that of the one before it."""
    index = _place()
    _ticked_at[index] = 0.0
    _pids[index] = os.getpid()


async def ticking(work: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine to its end, and note meanwhile that the loop ticks."""
    index = _place()
    _ticked_at[index] = time.monotonic()
    ticker = asyncio.create_task(_tick(index))
    try:
        return await work
    finally:
        ticker.cancel()
        _ticked_at[index] = 0.0


def _place() -> int:
    """Give this child's number in the pool."""
    index: int = current_process().index  # type: ignore[attr-defined,unused-ignore]
    return index


async def _tick(index: int) -> None:
    while True:
        _ticked_at[index] = time.monotonic()
        await asyncio.sleep(TICK_SECONDS)


class Stalled(bootsteps.StartStopStep):  # type: ignore[misc,unused-ignore]
    """Watches the children of a worker from its main process, once they have been forked."""

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        """Begin to look. A thread, since the timer stands still while the broker is away."""
        seconds = runtime().settings.worker_stalled_seconds
        threading.Thread(target=_watch, args=(seconds,), name="stalled", daemon=True).start()


def _watch(stalled_seconds: float) -> None:
    looked_at = began_at = time.monotonic()
    while True:
        time.sleep(LOOK_SECONDS)
        now = time.monotonic()
        if now - looked_at > 4 * LOOK_SECONDS:
            began_at = now  # We stood still ourselves, and so may all of them have.
        looked_at = now
        for index in range(MOST_PROCESSES):
            ticked_at = _ticked_at[index]
            if ticked_at and now - max(ticked_at, began_at) > stalled_seconds:
                _end(index, ticked_at)


def _end(index: int, ticked_at: float) -> None:
    pid = _pids[index]
    if not _is_our_child(pid):
        _ticked_at[index] = 0.0  # It ended with its work unfinished, and was not replaced yet.
        return
    # Logged first: after the kill the main thread forks, and no lock of the log may be held then.
    log.error("loop_stalled", process=pid, silent_seconds=round(time.monotonic() - ticked_at))
    _ticked_at[index] = 0.0
    os.kill(pid, signal.SIGKILL)


def _is_our_child(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
