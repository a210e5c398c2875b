"""Wake the workers after a commit. A wake-up that is lost or sent twice changes only latency."""

from __future__ import annotations

import threading
import time
from typing import Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app.logs import log
from app.workers.celery import PROCESS_DUE, QUEUE, RESCUE, celery

DEBOUNCE_SECONDS = 0.1
"""Seconds between two wake-ups of one process. A worker that wakes works on everything that is due,
so more wake-ups change nothing. With fifty a second, accepts at 16 in parallel took 1.4 to 1.6
times their floor in `make bench`; with ten, 1.2 to 1.3 times."""

ENOUGH = 100
"""How many wake-ups may wait in the queue while no worker takes them: more would change nothing.
They do not expire, since Celery would compare the sender's clock with the worker's."""


def publish(times: int) -> bool:
    """Put ``times`` wake-ups into the queue, unless ENOUGH wait there. False when Redis did not
    accept them; the rescue then sends one."""
    return _send(PROCESS_DUE, times)


def publish_rescue() -> bool:
    """Ask for a rescue, as beat does. False when Redis did not accept it."""
    return _send(RESCUE, 1)


def _send(task: str, times: int) -> bool:
    try:
        with celery.producer_pool.acquire(block=True, timeout=2) as producer:
            if _waiting(producer.channel) >= ENOUGH:
                return True
            for _ in range(times):
                celery.send_task(task, producer=producer)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("wakeup_failed", error=type(error).__name__)
        return False
    return True


def _waiting(channel: Any) -> int:
    """Count the messages in the queue. Kombu's own way to ask, a passive declaration, fails on an
    empty one."""
    return int(channel._size(QUEUE))


class Wakeup:
    """Sends wake-ups from its own thread, so that no request ever waits for Redis; several requests
    in quick succession become one wake-up."""

    def __init__(self, *, debounce_seconds: float = DEBOUNCE_SECONDS) -> None:
        self._debounce_seconds = debounce_seconds
        self._changed = threading.Condition()
        self._wanted = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="wakeup", daemon=True)
        self.published = 0
        self.failed = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def request(self) -> None:
        """Ask for a wake-up, and return at once."""
        with self._changed:
            self._wanted = True
            self._changed.notify()

    def stop(self) -> None:
        """Send what was requested and end the thread; waits up to 3 s."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while self._wait():
            if publish(1):
                self.published += 1
            else:
                self.failed += 1
            time.sleep(self._debounce_seconds)

    def _wait(self) -> bool:
        """Wait until a wake-up is wanted; False when the thread is to stop and none is."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanted or self._stopping)
            wanted, self._wanted = self._wanted, False
            return wanted
