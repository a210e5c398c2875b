"""Faults at random, several at a time: one tormentor for each part."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from torture.faults import Fault
from torture.world import World

PAUSE_SECONDS = (2.0, 10.0)
"""Between two faults of one part, at random. A process takes seconds to start on a busy machine:
with pauses below that, a part is only ever starting, and nothing else is shown."""


class Tormentor:
    """Draws one fault of its part after the other; for the same seed in the same order."""

    def __init__(
        self,
        part: str,
        faults: Sequence[Fault],
        seed: int,
        world: World,
        inject: Callable[[World, Fault], Awaitable[bool]],
    ) -> None:
        self._faults, self._inject = faults, inject
        self._dice = random.Random(f"{part} {seed}")
        self._world = replace(world, dice=self._dice)

    async def torment(self, *, until: float, enough: Callable[[], bool]) -> None:
        """Until then, by time.monotonic(), or until there was enough of everything."""
        weights = [fault.weight for fault in self._faults]
        while True:
            await asyncio.sleep(self._dice.uniform(*PAUSE_SECONDS))
            if enough() or time.monotonic() > until:
                return
            [fault] = self._dice.choices(self._faults, weights)
            await self._inject(self._world, fault)
