"""How often something happened within the last minute: counted in Redis, for all processes
together, and in this process alone while Redis does not answer. There is never no limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import RateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.logs import log

ANSWER_SECONDS = 0.1
"""A Redis on the same network answers in a hundredth of this."""
REST_SECONDS = 5.0
"""How long a Redis that did not answer is left alone, so that not every request waits for it."""

T = TypeVar("T")


class Windows:
    """Windows of one kind; ``strategy`` is one of limits.aio.strategies."""

    def __init__(self, redis_url: str | None, strategy: type[RateLimiter]) -> None:
        self._here = strategy(MemoryStorage())
        self._shared = strategy(_redis(redis_url)) if redis_url and "redis" in redis_url else None
        self._away_until = 0.0

    async def take(self, limit: RateLimitItem, who: str, *, cost: int = 1) -> bool:
        """Count ``cost`` more, if there is room for it; else count nothing and say so."""
        return await self._ask(lambda limiter: limiter.hit(limit, who, cost=cost))

    async def wait_seconds(self, limit: RateLimitItem, who: str) -> float:
        """How long until there is room for one more; 0 when there is."""
        found = await self._ask(lambda limiter: limiter.get_window_stats(limit, who))
        return 0.0 if found.remaining > 0 else max(found.reset_time - time.time(), 0.1)

    async def _ask(self, question: Callable[[RateLimiter], Awaitable[T]]) -> T:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(2 * ANSWER_SECONDS):
                    return await question(self._shared)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + REST_SECONDS
                log.warning("limits_counted_by_process", error=type(error).__name__)
        return await question(self._here)


def _redis(url: str) -> RedisStorage:
    """``url`` as Celery has it: for a socket that is another form."""
    return RedisStorage(
        "async+" + url.replace("redis+socket://", "redis+unix://", 1),
        implementation="redispy",
        key_prefix="smara-limits",
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )
