"""The clients that read while everything breaks, and those that send nonsense."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2

from torture.ledger import Ledger
from torture.words import canaries_in

PATIENCE_SECONDS = 5.0

NONSENSE: tuple[tuple[str, bytes], ...] = (
    ("not JSON", b"{"),
    ("nothing", b""),
    ("no messages", b'{"user_id": "u"}'),
    ("a NUL", b'{"user_id": "u", "messages": [{"role": "user", "content": "a\\u0000b"}]}'),
    ("a lone surrogate", b'{"user_id": "u", "messages": [{"role": "user", "content": "\\ud800"}]}'),
    ("a role that is none", b'{"user_id": "u", "messages": [{"role": "god", "content": "hi"}]}'),
    ("not a number", b'{"user_id": "u", "transcript": "hi", "metadata": {"n": NaN}}'),
    ("UTF-16", '{"user_id": "u", "transcript": "hi"}'.encode("utf-16")),
    ("depth 10,000", b"[" * 10_000 + b"]" * 10_000),
    ("3 MB", b'{"user_id": "u", "transcript": "' + b"a" * 3_000_000 + b'"}'),
    ("blank", b'{"user_id": "u", "messages": [{"role": "user", "content": "  "}]}'),
)


@dataclass(slots=True)
class Latencies:
    """Milliseconds of the answers, and the failures by what was going on."""

    milliseconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, float | int]:
        """Count, failures, p50, p95, p99."""
        ordered = sorted(self.milliseconds)
        count = len(ordered)
        if not count:
            return {"reads": 0, "failed": self.failures.total()}
        return {
            "reads": count + self.failures.total(),
            "failed": self.failures.total(),
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
        trouble = await self._search(entry.tenant, entry.user, word)
        taken = (time.perf_counter() - began) * 1000
        latencies = self.kept[before | self._now()]
        if trouble:
            latencies.failures[trouble] += 1
        else:
            latencies.milliseconds.append(taken)

    def together(self, wanted: Callable[[frozenset[str]], bool]) -> Latencies:
        """All searches during what is ``wanted``."""
        found = [latencies for happening, latencies in self.kept.items() if wanted(happening)]
        return Latencies(
            [each for latencies in found for each in latencies.milliseconds],
            sum((latencies.failures for latencies in found), Counter()),
        )

    async def _search(self, tenant: int, user: str, word: str) -> str:
        """What went wrong each time, or nothing."""
        troubles = []
        first = self._dice.randrange(len(self._addresses))
        for n in range(2 * len(self._addresses)):
            address = self._addresses[(first + n) % len(self._addresses)]
            try:
                answer = await self._http.get(
                    f"{address}/v1/memories/search",
                    params={"user_id": user, "q": f"What about {word}?", "limit": 5},
                    headers={"Authorization": f"Bearer {self._keys[tenant]}"},
                )
            except httpx2.HTTPError as error:
                troubles.append(type(error).__name__)
                continue
            if answer.status_code == 200:
                self._look_for_strangers(tenant, answer.text)
                return ""
            troubles.append(str(answer.status_code))
            if answer.status_code != 503:
                what = "a search was answered with neither 200 nor 503"
                self._ledger.violation(what, troubles[-1])
        return ", ".join(troubles)

    def _look_for_strangers(self, tenant: int, text: str) -> None:
        for word in canaries_in(text):
            if self._ledger.owner.get(word, tenant) != tenant:
                self._ledger.violation("a word of another tenant in an answer", word)


class Vandal:
    """Sends what no API should accept. Anything but a 4xx is a violation, or a 503 while the
    database is away."""

    def __init__(self, addresses: list[str], key: str, ledger: Ledger) -> None:
        self._addresses, self._key, self._ledger = addresses, key, ledger
        self._http = httpx2.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False)
        self.refused = 0

    async def send_on(self, every_seconds: float) -> None:
        """For ever."""
        for n, (name, body) in enumerate(itertools.cycle(NONSENSE)):
            await self._send(self._addresses[n % len(self._addresses)], name, body)
            await asyncio.sleep(every_seconds)

    async def _send(self, address: str, name: str, body: bytes) -> None:
        try:
            answer = await self._http.post(
                f"{address}/v1/conversations",
                content=body,
                headers={
                    "Authorization": f"Bearer {self._key}",
                    "Content-Type": "application/json",
                },
            )
        except httpx2.HTTPError:
            return  # Nobody there: the faults see to that.
        if 400 <= answer.status_code < 500:
            self.refused += 1
        elif answer.status_code != 503:
            self._ledger.violation("nonsense was not refused", f"{name}: {answer.status_code}")
