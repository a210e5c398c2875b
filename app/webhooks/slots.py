"""Run a bounded number of tasks in parallel, and end them in an orderly way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

STOP_GRACE_SECONDS = 8.0
"""How long a process that is asked to stop lets its running tasks finish."""
LOOK_AGAIN_SECONDS = 0.05
"""How often a dispatcher with free slots looks for more while others of its tasks are under way."""


class Slots:
    """Tasks of one event loop, as many at a time as whoever starts them allows."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """How many have not ended."""
        return len(self._running)

    @property
    def empty(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start one task; the caller has seen that there is room."""
        self._running.add(asyncio.create_task(work))

    async def wait(self) -> None:
        """Wait until a task ends, LOOK_AGAIN_SECONDS at most."""
        if self._running:
            _, self._running = await asyncio.wait(
                self._running, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        else:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def finish(self, stopping: Callable[[], bool], grace_seconds: float) -> None:
        """Wait until all tasks have ended; once ``stopping()`` is true, for ``grace_seconds``
        only."""
        left = grace_seconds
        while self._running and left > 0:
            _, self._running = await asyncio.wait(self._running, timeout=LOOK_AGAIN_SECONDS)
            if stopping():
                left -= LOOK_AGAIN_SECONDS
        await self.cancel()

    async def cancel(self) -> None:
        """Cancel all tasks, now."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running = set()


class Idle:
    """Whether the dispatchers that share a process have all run out of work: none of them ends
    while another may still find some."""

    def __init__(self, *dispatchers: str) -> None:
        self._busy = dict.fromkeys(dispatchers, True)

    def report(self, dispatcher: str, *, busy: bool) -> None:
        """Say whether a dispatcher has work, each time that it has looked."""
        self._busy[dispatcher] = busy

    def is_idle(self, dispatcher: str) -> bool:
        """Whether a dispatcher had no work when it last looked."""
        return not self._busy[dispatcher]

    @property
    def all(self) -> bool:
        """Whether none of them has work."""
        return not any(self._busy.values())
