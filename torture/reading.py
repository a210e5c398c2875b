"""The clients that read while everything breaks."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2

from torture.ledger import Entry, Ledger
from torture.words import canaries_in

PATIENCE_SECONDS = 5.0


@dataclass(slots=True)
class Latencies:
    """Milliseconds of the answers, the failures by what was going on, and how many answers came
    only when the client had asked again."""

    milliseconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    again: int = 0

    def figures(self) -> dict[str, float | int]:
        """Count, failures, p50, p95, p99."""
        ordered = sorted(self.milliseconds)
        count = len(ordered)
        if not count:
            return {"reads": 0, "failed": self.failures.total()}
        return {
            "reads": count + self.failures.total(),
            "failed": self.failures.total(),
            "asked_again": self.again,
            "p50_ms": round(statistics.median(ordered), 1),
            "p95_ms": round(ordered[min(count - 1, int(count * 0.95))], 1),
            "p99_ms": round(ordered[min(count - 1, int(count * 0.99))], 1),
        }


class Reader:
    """Searches for what was planted, all the time, as a client behind a load balancer would: an API
    that does not answer is left for the other one, and each is asked twice, since a connection that
    was kept alive breaks when its API is replaced.

    ``now`` names the faults that are going on. Any word of another tenant in an answer is a
    violation. ``kept`` has the searches by what was going on when they began or ended.
    """

    def __init__(
        self,
        addresses: list[str],
        keys: list[str],
        ledger: Ledger,
        seed: int,
        now: Callable[[], frozenset[str]],
    ) -> None:
        self.kept: dict[frozenset[str], Latencies] = defaultdict(Latencies)
        self._addresses, self._keys, self._ledger, self._now = addresses, keys, ledger, now
        self._dice = random.Random(f"readers {seed}")
        self._http = httpx2.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False)

    async def read_on(self, every_seconds: float) -> None:
        """For ever."""
        while True:
            if self._ledger.accepted:
                await self.read_once()
            await asyncio.sleep(every_seconds)

    async def read_once(self) -> None:
        """One search, put on the books of what was going on when it began or ended."""
        entry = self._dice.choice(self._ledger.accepted)
        word = self._dice.choice(entry.canaries)
        before, began = self._now(), time.perf_counter()
        trouble, tries = await self._search(entry, word)
        taken = (time.perf_counter() - began) * 1000
        latencies = self.kept[before | self._now()]
        if trouble:
            latencies.failures[trouble] += 1
        else:
            latencies.milliseconds.append(taken)
            latencies.again += tries > 1

    def together(self, wanted: Callable[[frozenset[str]], bool]) -> Latencies:
        """All searches during what is ``wanted``."""
        found = [latencies for happening, latencies in self.kept.items() if wanted(happening)]
        return Latencies(
            [each for latencies in found for each in latencies.milliseconds],
            sum((latencies.failures for latencies in found), Counter()),
            sum(latencies.again for latencies in found),
        )

    async def _search(self, entry: Entry, word: str) -> tuple[str, int]:
        """What went wrong each time, or nothing; and how often it was asked."""
        troubles = []
        first = self._dice.randrange(len(self._addresses))
        for n in range(2 * len(self._addresses)):
            address = self._addresses[(first + n) % len(self._addresses)]
            try:
                answer = await self._http.get(
                    f"{address}/v1/memories/search",
                    params={
                        "user_id": entry.user,
                        "namespace": entry.place.namespace,
                        "q": f"What about {word}?",
                        "limit": 5,
                    },
                    headers={"Authorization": f"Bearer {self._keys[entry.tenant]}"},
                )
            except httpx2.HTTPError as error:
                troubles.append(type(error).__name__)
                continue
            if answer.status_code == 200:
                self._look_for_strangers(entry.tenant, answer.text)
                return "", n + 1
            troubles.append(str(answer.status_code))
            if answer.status_code != 503:
                what = "a search was answered with neither 200 nor 503"
                self._ledger.violation(what, troubles[-1])
        return ", ".join(troubles), len(troubles)

    def _look_for_strangers(self, tenant: int, text: str) -> None:
        for word in canaries_in(text):
            if self._ledger.owner.get(word, tenant) != tenant:
                self._ledger.violation("a word of another tenant in an answer", word)
