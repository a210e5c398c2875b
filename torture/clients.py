"""Everybody who calls the service during a run."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from torture.attackers import ATTACKER, NOBODY, Attackers
from torture.cluster import Cluster
from torture.ledger import Ledger, Thing
from torture.plan import Plan
from torture.queue_watch import QueueWatch
from torture.reading import Reader
from torture.script import Script
from torture.tellers import Tellers
from torture.traffic import Traffic

TENANTS = 5
HEARING = 2
"""Of them hear by webhooks of all that happens."""
READERS = 2


@dataclass(slots=True)
class Clients:
    """Posters, tellers, readers and attackers. ``hooks`` has the tenant of each path of the
    receiver."""

    keys: list[str]
    traffic: Traffic
    tellers: Tellers
    reader: Reader
    attackers: Attackers
    hooks: dict[str, str]
    since: Any

    @staticmethod
    async def of(
        cluster: Cluster, ledger: Ledger, plan: Plan, now: Callable[[], frozenset[str]]
    ) -> Clients:
        """The clients of a plan, and their tenants with their webhooks."""
        addresses, seed = cluster.addresses, plan.seed
        keys = [await cluster.tenant(f"tenant-{n}") for n in range(TENANTS)]
        attackers_key = await cluster.tenant(ATTACKER)
        narrow = {"label": "narrow", "scopes": ["read", "write"], "users": [NOBODY]}
        script = Script(seed, len(keys), large_facts=plan.large_facts)
        traffic = Traffic(addresses, keys, ledger, seed, posters=plan.posters, script=script)
        traffic.receiver_url = cluster.receiver_url
        async with httpx2.AsyncClient(timeout=30, trust_env=False, base_url=addresses[0]) as http:
            narrow_key = (await _made(http, keys[0], "/v1/keys", narrow))["api_key"]
            hooks = {}
            for n in range(HEARING):
                path = f"/hooks/{n}"
                body = {"url": f"{cluster.receiver_url}{path}"}
                made = await _made(http, keys[n], "/v1/webhooks", body)
                await cluster.tell_receiver(path, made["secret"])
                hooks[path] = f"tenant-{n}"
                ledger.things[made["id"]] = Thing("webhook", hooks[path], body["url"])
        [(since,)] = await cluster.surely("SELECT now()")
        return Clients(
            keys,
            traffic,
            Tellers(traffic, keys, seed, tellers=plan.tellers, stories=plan.stories),
            Reader(addresses, keys, ledger, seed, now),
            Attackers(addresses, attackers_key, narrow_key, ledger, seed),
            hooks,
            since,
        )

    def pace(self, acts_per_second: float | None, stories_per_second: float | None) -> None:
        """How much is begun at most; None is as much as the queue takes."""
        self.traffic.per_second, self.tellers.per_second = acts_per_second, stories_per_second

    async def rest(self) -> None:
        """Begin nothing more, and wait for all that has begun."""
        self.traffic.going.clear()
        await self.tellers.rest()
        await self.traffic.rest()

    @contextlib.asynccontextmanager
    async def at_work(self, queue: QueueWatch) -> AsyncIterator[None]:
        """All of them, while the block lasts."""
        company = [
            asyncio.create_task(work)
            for work in (
                queue.watch(),
                self._keep_informed(queue),
                *(self.reader.read_on(0.05) for _ in range(READERS)),
                self.attackers.attack_on(0.5),
            )
        ]
        self.traffic.start()
        self.tellers.start()
        try:
            yield
        finally:
            await self.tellers.stop()
            await self.traffic.stop()
            for task in company:
                task.cancel()
            ended = await asyncio.gather(*company, return_exceptions=True)
        for error in ended:
            if not isinstance(error, asyncio.CancelledError):
                raise RuntimeError("a client of the harness broke") from error

    async def _keep_informed(self, queue: QueueWatch) -> None:
        while True:
            self.traffic.waiting = queue.waiting
            await asyncio.sleep(0.1)


async def _made(
    http: httpx2.AsyncClient, key: str, path: str, body: dict[str, Any]
) -> dict[str, Any]:
    answer = await http.post(path, json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made
