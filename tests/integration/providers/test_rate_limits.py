"""Our own limits: shared over Redis, and never gone without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.providers.rate_limits import ProviderRateLimits
from app.settings import Settings
from tests.support.redis import start_redis

pytestmark = pytest.mark.anyio


def settings(redis_url: str, **limits: int) -> Settings:
    return Settings(redis_url=redis_url, worker_processes=2, **limits)  # type: ignore[arg-type]


async def taken(pace: ProviderRateLimits, provider: str, *, tokens: int, calls: int = 30) -> int:
    """How many of so many calls found room."""
    found = 0
    for _ in range(calls):
        waits = [await pace.hit(*window) for window in pace.wanted(provider, tokens)]
        found += waits.count(None) == len(waits)
    return found


async def test_two_processes_share_one_limit(redis_url: str) -> None:
    limits = settings(redis_url, extraction_requests_per_minute=12)
    one, other = ProviderRateLimits(limits), ProviderRateLimits(limits)

    assert await taken(one, "anthropic", tokens=1, calls=8) == 8
    assert await taken(other, "anthropic", tokens=1) == 4
    [(name, limit, units)] = one.wanted("anthropic", 1)
    wait = await one.hit(name, limit, units)
    assert wait is not None
    assert 50 < wait <= 60


async def test_tokens_are_counted_by_the_thousand(redis_url: str) -> None:
    pace = ProviderRateLimits(settings(redis_url, embedding_tokens_per_minute=10_000))

    assert await taken(pace, "voyage", tokens=2_500) == 3
    assert await taken(pace, "anthropic", tokens=2_500) == 30


async def test_a_call_larger_than_the_limit_takes_all_of_it(redis_url: str) -> None:
    pace = ProviderRateLimits(settings(redis_url, extraction_tokens_per_minute=10_000))

    assert await taken(pace, "anthropic", tokens=50_000, calls=2) == 1


@pytest.fixture
def dead_redis(workspace: Path) -> str:
    """The address of a Redis that has been killed."""
    server, url = start_redis(workspace / "dead-redis")
    server.kill()
    return url


async def test_without_redis_a_process_keeps_to_a_share(dead_redis: str) -> None:
    pace = ProviderRateLimits(settings(dead_redis, extraction_requests_per_minute=12))

    assert await taken(pace, "anthropic", tokens=1) == 3


async def test_a_queue_in_files_has_a_share_as_well() -> None:
    pace = ProviderRateLimits(settings("filesystem://", extraction_requests_per_minute=12))

    assert await taken(pace, "anthropic", tokens=1) == 3
