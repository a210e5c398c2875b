"""The clients that write: what they send, and how they insist on an answer."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from torture.ledger import Entry, Kind, Ledger
from torture.words import (
    CRASHES,
    DREAMT,
    HOMES,
    REJECTED,
    STATEMENTS,
    VARIANTS,
    canaries_in,
    canary,
    named,
)

USERS = 200
"""Of each tenant, besides the movers."""
PATIENCE_SECONDS = 3.0
"""After this a client takes its answer for lost and asks again."""
LOST_ANSWERS = 0.03
"""The share of answers that a client loses on its way home, so that it asks again."""

MIX = {
    "plain": 70.0,
    "storm": 5.0,
    "twins": 5.0,
    "chorus": 5.0,
    "variants": 5.0,
    "mover": 4.0,
    "regret": 3.0,
    "dream": 1.0,
    "crashing": 0.2,
    "rejected": 0.5,
}
"""Weights of what is sent. The poisons are left out until something may die."""


@dataclass(frozen=True, slots=True)
class Act:
    """Entries that are sent at once, each as often as ``copies`` says, to both APIs."""

    entries: tuple[Entry, ...]
    copies: int = 1


class Script:
    """An endless row of acts; the same for the same seed."""

    def __init__(self, seed: int, tenants: int) -> None:
        self._dice = random.Random(f"script {seed}")
        self._tenants = tenants
        self._numbers = itertools.count(1)
        self._conversations = itertools.count(1)
        self.poisons = False

    def __iter__(self) -> Iterator[Act]:
        return self

    def __next__(self) -> Act:
        names = [name for name in MIX if self.poisons or name not in ("crashing", "rejected")]
        [name] = self._dice.choices(names, [MIX[name] for name in names])
        return self.act(name)

    def act(self, name: str) -> Act:
        """One act of this name."""
        dice = self._dice
        tenant, user = dice.randrange(self._tenants), f"user-{dice.randrange(USERS)}"
        match name:
            case "storm":
                return Act((self._plain(tenant, user),), copies=dice.randint(4, 20))
            case "twins":
                first = self._plain(tenant, user, Kind.TWIN)
                second = Entry(
                    f"{first.key}-again", tenant, user, Kind.TWIN, first.body, first.canaries
                )
                return Act((first, second))
            case "chorus":
                words = [dice.choice(STATEMENTS)] * dice.randint(3, 8)
                return self._together(tenant, user, Kind.CHORUS, words)
            case "variants":
                words = dice.sample(VARIANTS, dice.randint(2, len(VARIANTS)))
                return self._together(tenant, user, Kind.CHORUS, words)
            case "mover":
                user = f"mover-{next(self._numbers)}"
                homes = [self._said(dice.choice(HOMES)) for _ in range(dice.randint(3, 5))]
                return Act(tuple(self._entry(tenant, user, Kind.MOVER, home) for home in homes))
            case "regret":
                return Act((self._plain(tenant, user, Kind.REGRET),))
            case "dream":
                return Act((self._marked(tenant, user, Kind.DREAM, DREAMT),))
            case "crashing":
                return Act((self._marked(tenant, user, Kind.CRASHING, CRASHES),))
            case "rejected":
                return Act((self._marked(tenant, user, Kind.REJECTED, REJECTED),))
        return Act((self._plain(tenant, user),))

    def _plain(self, tenant: int, user: str, kind: Kind = Kind.PLAIN) -> Entry:
        facts = [self._said(self._dice.choice(STATEMENTS)) for _ in range(self._dice.randint(1, 3))]
        return self._entry(tenant, user, kind, " ".join(facts))

    def _marked(self, tenant: int, user: str, kind: Kind, mark: str) -> Entry:
        return self._entry(tenant, user, kind, f"{mark} {self._said(STATEMENTS[0])}")

    def _together(self, tenant: int, user: str, kind: Kind, statements: list[str]) -> Act:
        word = named(canary(next(self._numbers)))
        return Act(tuple(self._entry(tenant, user, kind, each.format(word)) for each in statements))

    def _said(self, statement: str) -> str:
        return statement.format(named(canary(next(self._numbers))))

    def _entry(self, tenant: int, user: str, kind: Kind, text: str) -> Entry:
        number = next(self._conversations)
        messages = [
            {"role": "user", "content": text},
            {"role": "assistant", "content": f"I have made a note, ref-{number}."},
        ]
        body = json.dumps({"user_id": user, "messages": messages}).encode()
        return Entry(f"key-{number}", tenant, user, kind, body, tuple(sorted(canaries_in(text))))


class Traffic:
    """Several posters, as many conversations under way as ``most_waiting``, ``per_second`` acts at
    most. ``waiting`` is kept up to date by whoever watches the queue."""

    def __init__(
        self, addresses: list[str], keys: list[str], ledger: Ledger, seed: int, *, posters: int = 12
    ) -> None:
        self.script = Script(seed, len(keys))
        self.ledger, self.waiting, self.most_waiting = ledger, 0, 150
        self.per_second: float | None = None
        self.going = asyncio.Event()
        self.asked_again: Counter[str] = Counter()
        self._addresses, self._keys, self._posters = addresses, keys, posters
        self._dice = random.Random(f"clients {seed}")
        self._http = httpx2.AsyncClient(
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        )
        self._under_way, self._idle = 0, asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to post whenever ``going`` is set."""
        self.going.set()
        self._tasks = [asyncio.create_task(self._post_on()) for _ in range(self._posters)]

    async def rest(self) -> None:
        """Begin nothing more, and wait until everything that was sent has its 202."""
        self.going.clear()
        await self._idle.wait()

    async def stop(self) -> None:
        """End the posters."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def perform(self, act: Act) -> None:
        """Send all of an act at once, and insist until every entry is accepted."""
        for entry in act.entries:
            self.ledger.plan(entry)
        self._under_way += 1
        self._idle.clear()
        try:
            posts = [self._insist(entry, n) for entry in act.entries for n in range(act.copies)]
            await asyncio.gather(*posts)
            for entry in act.entries:
                if entry.kind is Kind.REGRET:
                    await self._erase(entry)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _post_on(self) -> None:
        while True:
            await self.going.wait()
            if self.waiting > self.most_waiting:
                await asyncio.sleep(0.05)
                continue
            await self.perform(next(self.script))
            if self.per_second:
                await asyncio.sleep(self._posters / self.per_second * self._dice.uniform(0.5, 1.5))

    async def _insist(self, entry: Entry, n: int) -> None:
        for attempt in itertools.count(n):
            try:
                answer = await self._http.post(
                    f"{self._addresses[attempt % len(self._addresses)]}/v1/conversations",
                    content=entry.body,
                    headers={**self._headers(entry), "Idempotency-Key": entry.key},
                )
            except httpx2.HTTPError as error:
                self.asked_again[type(error).__name__] += 1
                await asyncio.sleep(self._dice.uniform(0.05, 0.5))
                continue
            if answer.status_code == 202:
                self.ledger.accept(entry, answer.json()["id"])
                if self._dice.random() >= LOST_ANSWERS:
                    return
                self.asked_again["an answer lost on purpose"] += 1
            elif answer.status_code in (429, 503):
                self.asked_again[str(answer.status_code)] += 1
                if "retry-after" not in answer.headers:
                    self.ledger.violation("a 503 without Retry-After", answer.text[:200])
                await asyncio.sleep(self._dice.uniform(0.1, 1.0))
            else:
                self.ledger.violation(
                    "a good POST was refused", f"{answer.status_code} {entry.kind}"
                )
                await asyncio.sleep(1.0)

    async def _erase(self, entry: Entry) -> None:
        await asyncio.sleep(self._dice.uniform(0, 0.3))
        for attempt in itertools.count():
            address = self._addresses[attempt % len(self._addresses)]
            with contextlib.suppress(httpx2.HTTPError):
                answer = await self._http.delete(
                    f"{address}/v1/conversations/{min(entry.ids)}?memories=true",
                    headers=self._headers(entry),
                )
                if answer.status_code == 204:
                    return
                if answer.status_code != 503:
                    self.ledger.violation("an erasure was refused", str(answer.status_code))
            await asyncio.sleep(self._dice.uniform(0.05, 0.5))

    def _headers(self, entry: Entry) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._keys[entry.tenant]}",
            "Content-Type": "application/json",
        }
