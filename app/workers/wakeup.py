"""Rings for the workers after a commit. A ring that fails or doubles changes only latency."""

from __future__ import annotations

import threading
import time
from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app.logs import log
from app.workers.celery import BELL, QUEUE, SWEEP, celery

REST_SECONDS = 0.1
"""Between two rings of one process: a worker that was rung drains everything that is due, so more
rings say no more. With fifty a second, accepts at 16 at once took 1.4 to 1.6 times their floor in
`make bench`; with ten, 1.2 to 1.3 times."""


ENOUGH = 100
"""Bells that wait in the queue while nobody hears them: more of them say no more. They do not
expire, since Celery would compare the sender's clock with the worker's."""


def publish(times: int) -> bool:
    """Put ``times`` bells into the queue, unless ENOUGH wait there. False when Redis did not take
    them; the sweeper rings for what is left."""
    return _send(BELL, times)


def ask_for_sweep() -> bool:
    """Ask for a sweep, as beat does. False when Redis did not take it."""
    return _send(SWEEP, 1)


def _send(task: str, times: int) -> bool:
    try:
        with celery.producer_pool.acquire(block=True, timeout=2) as producer:
            if _waiting(producer.channel) >= ENOUGH:
                return True
            for _ in range(times):
                celery.send_task(task, producer=producer)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("doorbell_silent", error=type(error).__name__)
        return False
    return True


def _waiting(channel: Any) -> int:
    """Messages in the queue. Kombu's own way to ask, a passive declaration, fails on an empty
    one."""
    return int(channel._size(QUEUE))


class Doorbell:
    """Rings from a thread of its own, so that no request ever waits for Redis; rings in quick
    succession are one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wanted = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self.rung = 0
        self.silent = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def ring(self) -> None:
        """Ask for a ring, and return at once."""
        with self._changed:
            self._wanted = True
            self._changed.notify()

    def stop(self) -> None:
        """Ring if that was asked for and end the thread; waits up to 3 s."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while self._wait():
            if publish(1):
                self.rung += 1
            else:
                self.silent += 1
            time.sleep(REST_SECONDS)

    def _wait(self) -> bool:
        """Until a ring is wanted; False when the bell is to stop and none is."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanted or self._stopping)
            wanted, self._wanted = self._wanted, False
            return wanted
