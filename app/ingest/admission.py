"""Refuse new conversations while too many are unfinished. Reads are never refused for this."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from cachetools import TTLCache

from app.db import queue_stats
from app.db.pool import read_only, system
from app.errors import Overloaded, RateLimited
from app.startup import runtime

SAMPLE_SECONDS = 1.0
"""How often each process counts a queue, instead of for every conversation. What the process itself
has accepted since is added; what others have accepted is not."""
RETRY_SECONDS = 5.0


@dataclass
class _Sample:
    at: float
    waiting: float


class Admission:
    """How much is queued, as this process saw it within the last second."""

    def __init__(self) -> None:
        settings = runtime().settings
        self._most = settings.max_queued_per_tenant
        self._oldest = settings.max_oldest_due_seconds
        self._queued: TTLCache[UUID, _Sample] = TTLCache(maxsize=10_000, ttl=SAMPLE_SECONDS)
        self._due: _Sample | None = None
        self._counting: dict[UUID | None, asyncio.Lock] = {}

    async def admit(self, tenant_id: UUID) -> None:
        """Admit one more conversation. Raises RateLimited when the tenant's queue is full, and
        Overloaded when the oldest due conversation has waited too long."""
        if self._oldest and (await self._oldest_due()).waiting > self._oldest:
            raise Overloaded(
                "The service is behind with its work and takes no new conversations for now.",
                retry_after_seconds=RETRY_SECONDS,
            )
        if self._most:
            queued = await self._queue_of(tenant_id)
            if queued.waiting >= self._most:
                raise RateLimited(
                    f"This tenant has {self._most} unfinished conversations, as many as it may.",
                    retry_after_seconds=RETRY_SECONDS,
                    code="queue_full",
                )
            queued.waiting += 1

    async def _queue_of(self, tenant_id: UUID) -> _Sample:
        async with self._only_one(tenant_id):
            sample = self._queued.get(tenant_id)
            if sample is None:
                async with read_only(tenant_id) as tx:
                    count = await queue_stats.unfinished(tx, at_most=self._most)
                sample = self._queued[tenant_id] = _Sample(time.monotonic(), count)
            return sample

    async def _oldest_due(self) -> _Sample:
        async with self._only_one(None):
            if self._due is None or time.monotonic() - self._due.at > SAMPLE_SECONDS:
                async with system() as tx:
                    waited = await queue_stats.oldest_due_seconds(tx)
                self._due = _Sample(time.monotonic(), waited)
            return self._due

    def _only_one(self, whose: UUID | None) -> asyncio.Lock:
        """Let one caller count, while the others wait for its result."""
        if len(self._counting) > 10_000:
            self._counting = {each: lock for each, lock in self._counting.items() if lock.locked()}
        return self._counting.setdefault(whose, asyncio.Lock())
