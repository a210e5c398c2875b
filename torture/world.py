"""What a fault has in its hands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torture.clocks import Clocks
from torture.cluster import Cluster
from torture.ledger import Ledger
from torture.traffic import Traffic

JUST_AFTER = "just after"


class NotShown(Exception):
    """The fault could not be brought about; it does not count."""


class Weather:
    """Which faults are going on. ``settle_seconds`` after the last one count as "just after"."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._happening: list[str] = []
        self.quiet_since: float | None = None

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Let it be known that a fault is going on."""
        self._happening.append(name)
        try:
            yield
        finally:
            self._happening.remove(name)
            self.quiet_since = asyncio.get_running_loop().time()

    def now(self) -> frozenset[str]:
        """The faults that are going on, or ``JUST_AFTER`` them; nothing in the calm."""
        if self._happening:
            return frozenset(self._happening)
        if self.quiet_since is None:
            return frozenset()
        recently = asyncio.get_running_loop().time() - self.quiet_since < self._settle_seconds
        return frozenset({JUST_AFTER} if recently else ())


@dataclass(frozen=True, slots=True)
class World:
    """The cluster and its clients; ``dice`` belong to whoever throws them."""

    cluster: Cluster
    clocks: Clocks
    traffic: Traffic
    ledger: Ledger
    keys: list[str]
    weather: Weather
    dice: random.Random
