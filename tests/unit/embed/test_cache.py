"""The cache of query embeddings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.embed.cache import QueryCache
from app.provider_errors import ProviderUnavailable
from app.rules.types import Embeddings, Usage, Vector

pytestmark = pytest.mark.anyio


class SlowEmbedder:
    """Takes a moment, fails while ``failing`` is set. A vector tells which call it came from."""

    model = "slow"
    dimension = 2

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failing = False

    async def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        return Embeddings(
            tuple([1.0, 0.0] for _ in texts), Usage(provider="test", model=self.model)
        )

    async def embed_query(self, text: str) -> Vector:
        self.asked.append(text)
        await asyncio.sleep(0.02)
        if self.failing:
            raise ProviderUnavailable("down")
        return [float(len(self.asked)), 0.1]


async def test_a_query_asked_again_is_not_embedded_again() -> None:
    cache = QueryCache(slow := SlowEmbedder(), capacity=10)

    first, second = await cache.embed_query("tea"), await cache.embed_query("tea")

    assert slow.asked == ["tea"]
    assert first == second
    assert (cache.hits, cache.misses) == (1, 1)


async def test_equal_queries_at_the_same_time_share_one_call() -> None:
    cache = QueryCache(slow := SlowEmbedder(), capacity=10)

    vectors = await asyncio.gather(*(cache.embed_query("tea") for _ in range(50)))

    assert slow.asked == ["tea"]
    assert {vector[0] for vector in vectors} == {1.0}
    assert (cache.hits, cache.misses) == (49, 1)


async def test_the_query_unused_for_longest_makes_room() -> None:
    cache = QueryCache(slow := SlowEmbedder(), capacity=2)

    for text in ("a", "b", "a", "c", "a", "b"):
        await cache.embed_query(text)

    assert slow.asked == ["a", "b", "c", "b"]


async def test_a_failure_reaches_every_caller_and_is_not_kept() -> None:
    cache = QueryCache(slow := SlowEmbedder(), capacity=10)
    slow.failing = True
    results = await asyncio.gather(
        *(cache.embed_query("tea") for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [ProviderUnavailable] * 3
    assert slow.asked == ["tea"]

    slow.failing = False
    assert (await cache.embed_query("tea"))[0] == 2.0


async def test_a_caller_that_goes_away_leaves_the_call_to_the_others() -> None:
    cache = QueryCache(slow := SlowEmbedder(), capacity=10)
    leaves = asyncio.create_task(cache.embed_query("tea"))
    stays = asyncio.create_task(cache.embed_query("tea"))
    await asyncio.sleep(0.005)
    leaves.cancel()

    assert (await stays)[0] == 1.0
    assert leaves.cancelled()
    assert slow.asked == ["tea"]


async def test_documents_pass_through() -> None:
    cache = QueryCache(SlowEmbedder(), capacity=10)

    assert (await cache.embed_documents(["a", "b"])).vectors == ([1.0, 0.0], [1.0, 0.0])
    assert (cache.model, cache.dimension) == ("slow", 2)
