"""The clients that post conversations: several at once, as many under way as the queue takes."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import httpx2

from torture.client import Client
from torture.ledger import Entry, Kind, Ledger
from torture.model.deeds import Ended
from torture.script import Act, Script


class Traffic:
    """Several posters, as many conversations under way as ``most_waiting``, ``per_second`` acts at
    most. ``waiting`` is kept up to date by whoever watches the queue."""

    def __init__(
        self,
        addresses: list[str],
        keys: list[str],
        ledger: Ledger,
        seed: int,
        *,
        posters: int = 12,
        script: Script | None = None,
    ) -> None:
        self.script = script or Script(seed, len(keys))
        self.ledger, self.waiting, self.most_waiting = ledger, 0, 150
        self.per_second: float | None = None
        self.going = asyncio.Event()
        self.client = Client(addresses, ledger, seed)
        self.addresses, self.receiver_url = addresses, ""
        self._keys, self._posters = keys, posters
        self._dice = random.Random(f"posters {seed}")
        self._under_way, self._idle = 0, asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def asked_again(self) -> Counter[str]:
        """How often clients had to ask again, and why."""
        return self.client.asked_again

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
        await self.client.close()

    async def perform(self, act: Act) -> None:
        """Send all of an act at once, and insist until every entry is accepted."""
        for entry in act.entries:
            self.ledger.plan(entry)
        self._under_way += 1
        self._idle.clear()
        try:
            posts = [self.insist(entry, n) for entry in act.entries for n in range(act.copies)]
            await asyncio.gather(*posts)
            for entry in act.entries:
                if entry.kind is Kind.REGRET:
                    await asyncio.sleep(self._dice.uniform(0, 0.3))
                    await self.erase(entry)
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

    async def insist(self, entry: Entry, first: int = 0) -> int:
        """Post a conversation until there is an answer; its status, which should be 202."""

        def heard(answer: httpx2.Response) -> None:
            if answer.status_code == 202:
                said = answer.json()
                self.ledger.accept(entry, said["id"], said["created_at"])

        answer = await self.client.call(
            "POST",
            "/v1/conversations",
            self._keys[entry.tenant],
            route="POST /v1/conversations",
            content=entry.body,
            headers={"Idempotency-Key": entry.key},
            first=first,
            heard=heard,
        )
        if answer.status != 202 and entry.kind is not Kind.STORY:
            self.ledger.violation("a good POST was refused", f"{answer.status} {entry.kind}")
        return answer.status

    async def erase(self, entry: Entry) -> None:
        """Erase a conversation with all that was learned from it."""
        answer = await self.client.call(
            "DELETE",
            f"/v1/conversations/{min(entry.ids)}",
            self._keys[entry.tenant],
            route="DELETE /v1/conversations/{id}",
            params={"memories": "true"},
        )
        if answer.status != 204:
            self.ledger.violation("an erasure was refused", str(answer.status))
        entry.taken_back = True
        words = tuple(fact.word for fact in entry.facts)
        self.ledger.note(Ended(words), "conversation erased")
