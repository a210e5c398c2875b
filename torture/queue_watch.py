"""The queue as the superuser sees it, looked at all the time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from torture.cluster import Cluster

LARGE_MESSAGES = 500
"""A chat with as many is a large one: it alone takes longer than a fault may."""

_LOOK = """
SELECT (SELECT count(*) FROM conversations WHERE state IN ('queued', 'processing')),
    coalesce(extract(epoch FROM now() - least(
        (SELECT min(next_attempt_at) FROM queue_heads
         WHERE NOT claimed AND next_attempt_at <= now()),
        (SELECT min(lease_until) FROM conversations
         WHERE state = 'processing' AND lease_until < now()))), 0)::float8
"""


@dataclass(slots=True)
class QueueWatch:
    """``waiting`` are unfinished; ``oldest_due`` is for how many seconds the oldest of them could
    have been worked on and was not. ``seen`` has both by time."""

    cluster: Cluster
    waiting: int = 0
    oldest_due: float = 0.0
    seen: list[tuple[float, int, float]] = field(default_factory=list)

    async def look(self) -> None:
        """Once. Raises psycopg.OperationalError while Postgres is away."""
        [(self.waiting, self.oldest_due)] = await self.cluster.sql(_LOOK)
        self.seen.append((time.time(), self.waiting, self.oldest_due))

    async def watch(self) -> None:
        """For ever, twice a second; with Postgres away the last figures stay."""
        while True:
            try:
                await self.look()
            except psycopg.OperationalError:
                self.oldest_due += 0.5
            await asyncio.sleep(0.5)

    async def until_finished(self, accepted_before: datetime | None, seconds: float) -> bool:
        """Whether everything that was accepted by then (None: everything) is finished in time.
        Large chats are not waited for, unless for everything."""
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            [(left,)] = await self.cluster.surely(
                "SELECT count(*) FROM conversations WHERE state IN ('queued', 'processing') "
                "AND (%s::timestamptz IS NULL OR "
                "(created_at <= %s::timestamptz AND message_count < %s))",
                accepted_before,
                accepted_before,
                LARGE_MESSAGES,
            )
            if left == 0:
                return True
            await asyncio.sleep(0.1)
        return False
