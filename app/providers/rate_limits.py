"""Limit our own calls and tokens a minute to each provider, shared by all workers.

The counters are in Redis. Without it each process keeps to a share, smaller than its fair one: a
limit never turns into none.
"""

from __future__ import annotations

import math
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from app.logs import log
from app.provider_errors import ProviderThrottled
from app.rules.types import EMBEDDER, EXTRACTOR
from app.settings import Settings
from app.startup import runtime

TOKENS_PER_UNIT = 1_000
"""The counter keeps an entry for each unit, so tokens are counted by the thousand."""
WORKERS_ASSUMED = 2
"""Without Redis nobody knows how many other workers there are: this many, with as many processes as
this one, are assumed to share the limit."""
REDIS_RETRY_SECONDS = 5.0


async def take(provider: str, tokens: int) -> None:
    """Count one call with so many tokens. Raises ProviderThrottled when there is no room for it
    now."""
    limits = _limits()
    for name, limit, units in limits.wanted(provider, tokens):
        wait = await limits.hit(name, limit, units)
        if wait is not None:
            raise ProviderThrottled(
                f"Our limit of {name.replace('_', ' ')} a minute for {provider} is used up.",
                retry_after_seconds=wait,
            )


class ProviderRateLimits:
    """The counters of one process and event loop."""

    def __init__(self, settings: Settings) -> None:
        self._limits = {
            EXTRACTOR: (
                settings.extraction_requests_per_minute,
                settings.extraction_tokens_per_minute,
            ),
            EMBEDDER: (
                settings.embedding_requests_per_minute,
                settings.embedding_tokens_per_minute,
            ),
        }
        self._processes = settings.worker_processes * WORKERS_ASSUMED
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared: MovingWindowRateLimiter | None = None
        if any(limit for both in self._limits.values() for limit in both):
            self._shared = _shared(settings.redis_url)
        self._redis_away_until = 0.0

    def wanted(self, provider: str, tokens: int) -> list[tuple[str, RateLimitItem, int]]:
        """Give the limits that a call needs room in: a name, the limit, and how many units of
        it."""
        requests, per_minute = self._limits[provider]
        found: list[tuple[str, RateLimitItem, int]] = []
        if requests is not None:
            found.append(("requests", RateLimitItemPerMinute(requests, 1, provider), 1))
        if per_minute is not None:
            limit = per_minute // TOKENS_PER_UNIT
            # A call larger than a whole minute's tokens takes them all; otherwise it would wait
            # for ever.
            units = min(math.ceil(tokens / TOKENS_PER_UNIT) or 1, limit)
            found.append(("tokens", RateLimitItemPerMinute(limit, 1, provider), units))
        return found

    async def hit(self, name: str, limit: RateLimitItem, units: int) -> float | None:
        """Take the units; give None, or in how many seconds to try again."""
        if self._shared is not None and time.monotonic() >= self._redis_away_until:
            try:
                return await self._hit(self._shared, name, limit, units)
            except (RedisError, OSError) as error:
                log.warning("rate_limits_by_process", error=type(error).__name__)
                self._redis_away_until = time.monotonic() + REDIS_RETRY_SECONDS
        share = RateLimitItemPerMinute(max(limit.amount // self._processes, 1), 1, limit.namespace)
        return await self._hit(self._alone, name, share, min(units, share.amount))

    async def _hit(
        self, limiter: MovingWindowRateLimiter, name: str, limit: RateLimitItem, units: int
    ) -> float | None:
        if await limiter.hit(limit, name, cost=units):
            return None
        stats = await limiter.get_window_stats(limit, name)
        return min(max(stats.reset_time - time.time(), 0.5), 60.0)


def _limits() -> ProviderRateLimits:
    return runtime().one(_provider_rate_limits)


def _provider_rate_limits() -> ProviderRateLimits:
    return ProviderRateLimits(runtime().settings)


def _shared(url: str | None) -> MovingWindowRateLimiter | None:
    """Give the counters in the queue's Redis; None for a queue in files."""
    parts = urlsplit(url or "")
    options: dict[str, Any] = {"socket_timeout": 1.0, "socket_connect_timeout": 0.5}
    if parts.scheme == "redis+socket":
        database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        uri = f"async+redis+unix://{parts.path}?db={database}"
    elif parts.scheme in ("redis", "rediss"):
        uri = f"async+{url}"
    else:
        return None
    storage = RedisStorage(uri, implementation="redispy", key_prefix="smara:rate-limits", **options)
    return MovingWindowRateLimiter(storage)
