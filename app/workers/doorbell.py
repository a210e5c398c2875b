"""Rings for the workers after a commit. A ring that fails or doubles changes only latency."""

from __future__ import annotations

import threading

from kombu.exceptions import OperationalError

from app.logs import log
from app.workers.celery import BELL, celery

REST_SECONDS = 0.02
"""Between two rings of one process: a worker that was rung drains everything that is due, so more
rings say no more."""


def publish(times: int) -> bool:
    """Put ``times`` bells into the queue. False when Redis did not take them; the sweeper rings for
    what is left."""
    try:
        for _ in range(times):
            celery.send_task(BELL, expires=600)
    except (OperationalError, OSError) as error:
        log.warning("doorbell_silent", error=type(error).__name__)
        return False
    return True


class Doorbell:
    """Rings from a thread of its own, so that no request ever waits for Redis; rings in quick
    succession are one."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
        self.rung = 0
        self.silent = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def ring(self) -> None:
        """Ask for a ring, and return at once."""
        self._wanted.set()

    def stop(self) -> None:
        """Ring what was asked for and end the thread; waits up to 3 s."""
        self._stopping.set()
        self._wanted.set()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wanted.wait()
            self._wanted.clear()
            if publish(1):
                self.rung += 1
            else:
                self.silent += 1
            self._stopping.wait(REST_SECONDS)
