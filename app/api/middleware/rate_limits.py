"""Limit how many requests a tenant may send in a minute."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from cachetools import TTLCache
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import RateLimiter, SlidingWindowCounterRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import RateLimited
from app.logs import log
from app.rules.types import Caller
from app.settings import Settings
from app.tenancy import tenants

_TENANTS = 100_000
SHARE = 60
"""A process takes a sixtieth of the limit at a time, about a second's worth, and asks Redis nothing
in between. What it does not use within ten seconds lapses."""


class TenantRateLimits:
    """Counts each request against its tenant's limit; raises RateLimited when none is left. A tool
    call and the request that it makes count as one."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        limit = TenantRateLimit(
            RateLimiters(settings.redis_url, SlidingWindowCounterRateLimiter), settings
        )
        self._limit = limit if limit.any else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller | None = scope.get("state", {}).get("caller")
        if self._limit is not None and caller is not None and "smara.outer" not in scope:
            await self._limit.count(caller.tenant_id)
        await self._app(scope, receive, send)


class TenantRateLimit:
    """The limits of the settings and of the tenants' plans."""

    def __init__(self, limiters: RateLimiters, settings: Settings) -> None:
        self._limiters, self._settings = limiters, settings
        self._by_plan = any(
            plan.requests_per_minute is not None for plan in settings.plans.values()
        )
        self._limits: TTLCache[UUID, int | None] = TTLCache(maxsize=_TENANTS, ttl=30.0)
        self._share: TTLCache[UUID, int] = TTLCache(maxsize=_TENANTS, ttl=10.0)
        self._shut_until: TTLCache[UUID, float] = TTLCache(maxsize=_TENANTS, ttl=60.0)

    @property
    def any(self) -> bool:
        """Whether any limit is set; without one, nothing is counted."""
        return self._by_plan or self._settings.requests_per_minute is not None

    async def count(self, tenant_id: UUID) -> None:
        """Count one request. Raises RateLimited when the tenant has none left."""
        limit = await self._limit_of(tenant_id)
        if limit is None:
            return
        left = self._share.get(tenant_id, 0)
        if left > 0:
            self._share[tenant_id] = left - 1
            return
        wait = self._shut_until.get(tenant_id, 0.0) - time.monotonic()
        if wait <= 0:
            if await self._take(tenant_id, limit):
                return
            wait = await self._limiters.wait_seconds(_item(limit), str(tenant_id))
            # One second at most: there is room again all the time.
            self._shut_until[tenant_id] = time.monotonic() + min(wait, 1.0)
        seconds = max(1, math.ceil(wait))
        raise RateLimited(
            f"This tenant may send {limit} requests in a minute.",
            retry_after_seconds=seconds,
            headers={
                "RateLimit-Policy": f'"tenant";q={limit};w=60',
                "RateLimit": f'"tenant";r=0;t={seconds}',
            },
        )

    async def _take(self, tenant_id: UUID, limit: int) -> bool:
        share = limit // SHARE
        if share > 1 and await self._limiters.take(_item(limit), str(tenant_id), cost=share):
            self._share[tenant_id] = self._share.get(tenant_id, 0) + share - 1
            return True
        return await self._limiters.take(_item(limit), str(tenant_id))

    async def _limit_of(self, tenant_id: UUID) -> int | None:
        if not self._by_plan:
            return self._settings.requests_per_minute
        try:
            return self._limits[tenant_id]
        except KeyError:
            name = await tenants.plan_of(tenant_id)
        limit = self._settings.plan(name).requests_per_minute
        if limit is None:
            limit = self._settings.requests_per_minute
        self._limits[tenant_id] = limit
        return limit


def _item(limit: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(limit)


ANSWER_SECONDS = 0.1
"""A Redis on the same network answers in a hundredth of this."""
REST_SECONDS = 5.0
"""How long a Redis that did not answer is not asked, so that not every request waits for it."""

T = TypeVar("T")


class RateLimiters:
    """Counters of one kind, in Redis and in the process; ``strategy`` is one of
    limits.aio.strategies."""

    def __init__(self, redis_url: str | None, strategy: type[RateLimiter]) -> None:
        self._here = strategy(MemoryStorage())
        self._shared = strategy(_redis(redis_url)) if redis_url and "redis" in redis_url else None
        self._away_until = 0.0

    async def take(self, limit: RateLimitItem, who: str, *, cost: int = 1) -> bool:
        """Count ``cost`` more if there is room for it, and say whether there was."""
        return await self._ask(lambda limiter: limiter.hit(limit, who, cost=cost))

    async def wait_seconds(self, limit: RateLimitItem, who: str) -> float:
        """Give the seconds until there is room for one more; 0 when there is."""
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
    """Turn Celery's ``url`` into the form of `limits`, which differs for a socket."""
    return RedisStorage(
        "async+" + url.replace("redis+socket://", "redis+unix://", 1),
        implementation="redispy",
        key_prefix="smara-limits",
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )
