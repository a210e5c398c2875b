"""The clients that tell stories, several at once, beside those that only post."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Sequence

from torture.stories import STORIES, Refused, Teller
from torture.traffic import Traffic


class Tellers:
    """``per_second`` stories at most. ``told`` counts them by name; the seed says which comes when
    and what happens in it."""

    def __init__(
        self,
        traffic: Traffic,
        keys: Sequence[str],
        seed: int,
        *,
        tellers: int,
        stories: Sequence[str],
    ) -> None:
        self.per_second: float | None = None
        self.told: Counter[str] = Counter()
        self.going = asyncio.Event()
        self._traffic, self._keys, self._seed = traffic, keys, seed
        self._tellers, self._stories = tellers, list(stories)
        self._dice = random.Random(f"stories {seed}")
        self._numbers = itertools.count(1)
        self._under_way, self._idle = 0, asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to tell."""
        self.going.set()
        self._tasks = [asyncio.create_task(self._tell_on()) for _ in range(self._tellers)]

    async def rest(self) -> None:
        """Begin no more stories, and wait for the ends of those that have begun."""
        self.going.clear()
        await self._idle.wait()

    async def stop(self) -> None:
        """End the tellers. An error of one of them is raised."""
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if not isinstance(ended, asyncio.CancelledError | None):
                raise RuntimeError("a teller broke") from ended

    async def tell(self, name: str) -> None:
        """One story of this name, to its end."""
        teller = Teller(self._traffic, self._keys, self._seed, next(self._numbers))
        self._under_way += 1
        self._idle.clear()
        try:
            await STORIES[name].tell(teller)
        except Refused:
            self.told[f"{name}, broken off"] += 1
        else:
            self.told[name] += 1
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _tell_on(self) -> None:
        weights = [STORIES[name].weight for name in self._stories]
        while True:
            await self.going.wait()
            if self._traffic.waiting > self._traffic.most_waiting:
                await asyncio.sleep(0.05)
                continue
            [name] = self._dice.choices(self._stories, weights)
            await self.tell(name)
            if self.per_second:
                pause = self._tellers / self.per_second
                await asyncio.sleep(pause * self._dice.uniform(0.5, 1.5))
