"""Keep an answer for a moment, so that whoever asks often costs no more than whoever asks once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")

SECONDS = 1.0


class Kept(Generic[T]):
    """The outcome of ``read``, at most SECONDS old: a value, or what it raised. Those who ask while
    it is being read get the same."""

    def __init__(self, read: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._read = read
        self._reading: asyncio.Task[T] | None = None
        self._read_at = 0.0

    async def get(self) -> T:
        """Give the value. Raises what ``read`` raises."""
        reading = self._reading
        if reading is None or (reading.done() and time.monotonic() - self._read_at >= SECONDS):
            reading = self._reading = asyncio.create_task(self._timed())
        # One who gives up does not take the answer from the others.
        return await asyncio.shield(reading)

    async def _timed(self) -> T:
        try:
            return await self._read()
        finally:
            self._read_at = time.monotonic()
