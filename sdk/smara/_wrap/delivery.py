"""Send conversations in the background: the caller never waits for the service."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from smara._wrap.options import Options
from smara.errors import SmaraError

if TYPE_CHECKING:
    from smara._async.client import AsyncSmara
    from smara._sync.client import Smara

CAPACITY = 1_000
EXIT_SECONDS = 5.0
"""How long the end of the process waits for what is still to be sent."""


class ThreadDelivery:
    """One daemon thread, which begins with the first conversation, and a bounded queue."""

    def __init__(self, memory: Smara, capacity: int = CAPACITY) -> None:
        self._memory, self._capacity = memory, capacity
        self._begin()
        atexit.register(_flush_at_exit, weakref.ref(self))

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Mapping[str, Any], Options]] = deque()
        self._sending = 0
        self._thread: threading.Thread | None = None

    def post(self, conversation: Mapping[str, Any], options: Options) -> None:
        """Queue a conversation for sending. With a full queue it is dropped and reported."""
        if self._process != os.getpid():
            self._begin()  # A fork has our queue, but not our thread: its parent sends that.
        with self._changed:
            full = len(self._waiting) >= self._capacity
            if not full:
                self._waiting.append((conversation, options))
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="smara", daemon=True)
                    self._thread.start()
                self._changed.notify_all()
        if full:
            _report_full(options)

    def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait up to ``timeout`` seconds; True when everything was sent or given up."""
        ends_at = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while self._waiting or self._sending:
                left = None if ends_at is None else ends_at - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                conversation, options = self._waiting.popleft()
                self._sending += 1
            try:
                self._memory.ingest(**conversation)
            except Exception as error:  # The thread has to live on, whatever one sending met.
                options.report("keeping a conversation", error)
            with self._changed:
                self._sending -= 1
                self._changed.notify_all()


class TaskDelivery:
    """A task for each conversation, referenced until it is done."""

    def __init__(self, memory: AsyncSmara, capacity: int = CAPACITY) -> None:
        self._memory, self._capacity = memory, capacity
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, conversation: Mapping[str, Any], options: Options) -> None:
        """Start sending a conversation. With too many under way it is dropped and reported."""
        if len(self._tasks) >= self._capacity:
            _report_full(options)
            return
        task = asyncio.get_running_loop().create_task(self._send(conversation, options))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait up to ``timeout`` seconds; True when everything was sent or given up."""
        if not self._tasks:
            return True
        _, pending = await asyncio.wait(set(self._tasks), timeout=timeout)
        return not pending

    async def _send(self, conversation: Mapping[str, Any], options: Options) -> None:
        try:
            await self._memory.ingest(**conversation)
        except Exception as error:  # Nobody awaits this task, so nobody else would hear of it.
            options.report("keeping a conversation", error)


def _report_full(options: Options) -> None:
    error = SmaraError("too many conversations wait to be sent", code="queue_full")
    options.report("keeping a conversation", error)


def _flush_at_exit(reference: weakref.ref[ThreadDelivery]) -> None:
    delivery = reference()
    if delivery is not None:
        delivery.flush(EXIT_SECONDS)
