"""Search agrees with the pure rules, stays in its scope, and finds as much in large scopes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from app.db import memories
from app.db import search as searches
from app.db.pool import close_pool, open_pool, transaction
from app.db.search import is_large
from app.errors import Duplicate
from app.rules.content_hash import content_hash
from app.rules.filters import Filters
from app.rules.retention import half_life_days, retention
from app.rules.score import score
from app.rules.types import Neighbour, Recalled, Scope
from app.settings import Settings
from tests.integration.db.rows import (
    NEW_YEAR,
    at_angle,
    execute,
    new_memory,
    new_tenant,
    owner,
    random_unit,
    remember,
    unit,
)
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import VOYAGE_MODEL, reached

pytestmark = pytest.mark.anyio

QUESTION = at_angle(1.0)


def ada(tenant: UUID) -> Scope:
    return Scope(tenant, "default", "ada")


async def search(
    *scopes: Scope, limit: int = 10, source: str | None = None, large: bool = False
) -> list[Recalled]:
    async with transaction(scopes[0].tenant_id) as tx:
        return await searches.search(
            tx, scopes, QUESTION, filters=Filters(source=source), limit=limit, large=large
        )


async def set_age(memory_id: UUID, days: float) -> None:
    await execute(
        "UPDATE memories SET created_at = now() - make_interval(secs => %s) WHERE memory_id = %s",
        days * 86_400,
        memory_id,
    )


async def sixty(scope: Scope) -> dict[UUID, tuple[float, float, float]]:
    """Memories of all ages, importances and reinforcements.

    By id: their similarity, retention and score by the pure rules.
    """
    rng = random.Random(7)
    expected = {}
    for n in range(60):
        importance, days, reinforcements = (
            rng.random(),
            rng.uniform(0, 30),
            rng.choice([0, 0, 1, 2, 7]),
        )
        similarity = rng.uniform(-0.3, 1.0)
        memory_id = await remember(
            scope,
            f"User has thing {n}.",
            at_angle(similarity),
            importance=importance,
            source=f"source-{n % 2}",
        )
        await set_age(memory_id, days)
        if reinforcements:
            await execute(
                "INSERT INTO memory_recalls (tenant_id, scope_key, memory_id, reinforcements)"
                " VALUES (%s, %s, %s, %s)",
                scope.tenant_id,
                scope.key,
                memory_id,
                reinforcements,
            )
        left = retention(days, half_life_days(importance, reinforcements))
        # A half-precision vector keeps a cosine to about 3 digits and a bit.
        expected[memory_id] = (max(similarity, 0.0), left, score(similarity, left))
    return expected


@pytest.mark.parametrize("large", [False, True])
async def test_search_scores_and_orders_as_the_pure_rules_do(tenant: UUID, large: bool) -> None:
    expected = await sixty(ada(tenant))

    found = await search(ada(tenant), limit=60, large=large)

    assert len(found) == 60
    for memory in found:
        similarity, left, _ = expected[memory.memory_id]
        assert memory.retention == pytest.approx(left, abs=1e-4)
        assert memory.similarity == pytest.approx(similarity, abs=1e-3)
        assert memory.score == pytest.approx(score(memory.similarity, memory.retention), abs=1e-6)
    assert [memory.score for memory in found] == sorted(
        (memory.score for memory in found), reverse=True
    )
    by_rule = sorted(expected, key=lambda memory_id: -expected[memory_id][2])
    assert [memory.memory_id for memory in found][:5] == by_rule[:5]


async def test_without_a_question_the_highest_retention_comes_first(tenant: UUID) -> None:
    expected = await sixty(ada(tenant))

    async with transaction(tenant) as tx:
        found = await searches.strongest(tx, [ada(tenant)], limit=60)

    assert [memory.memory_id for memory in found] == sorted(
        expected, key=lambda memory_id: -expected[memory_id][1]
    )
    assert {memory.similarity for memory in found} == {1.0}
    assert all(memory.score == memory.retention for memory in found)
    assert found[0].retention == pytest.approx(
        max(left for _, left, _ in expected.values()), abs=1e-4
    )


async def test_words_stand_in_for_the_vector_when_there_is_none(tenant: UUID) -> None:
    await remember(ada(tenant), "User lives in Oslo.", at_angle(0.1), importance=0.5)
    await remember(ada(tenant), "User has two cats.", at_angle(0.2), importance=0.6)
    old = await remember(ada(tenant), "User likes tea.", at_angle(0.3), importance=1.0)
    await set_age(old, 10)

    async with transaction(tenant) as tx:
        found = await searches.search_text(
            tx, [ada(tenant)], "Which city does she live in?", limit=9
        )

    assert [memory.fact for memory in found] == [
        "User lives in Oslo.",
        "User has two cats.",
        "User likes tea.",
    ]
    assert found[0].similarity > 0
    assert [memory.similarity for memory in found[1:]] == [0.0, 0.0]
    assert [memory.score for memory in found] == pytest.approx(
        [score(memory.similarity, memory.retention) for memory in found], abs=1e-6
    )
    assert found[2].retention == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    "word", ["Zürich", "Zu\u0308rich", "Zür\u00adich", "\u200bZürich", "ZÜRICH"]
)
@pytest.mark.parametrize("asked", ["Zürich", "Zu\u0308ri\u200bch"])
async def test_a_memory_with_the_words_comes_before_newer_ones_however_they_are_written(
    tenant: UUID, word: str, asked: str
) -> None:
    old = await remember(ada(tenant), f"User lives in {word}.", at_angle(0.1), importance=1.0)
    await set_age(old, 10)
    await remember(ada(tenant), "User likes tea.", at_angle(0.3), importance=1.0)

    async with transaction(tenant) as tx:
        found = await searches.search_text(tx, [ada(tenant)], f"What of {asked}?", limit=9)

    assert [memory.memory_id for memory in found][:1] == [old]
    assert found[0].similarity == pytest.approx(0.61, abs=0.01)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the of and",
        "?!&|()<->:*'\\",
        "AT&T 'quoted' \"x\" | & ! :* <2>",
        "https://a.example/x?a=1&b='2'",
        "a" * 3000,
    ],
)
async def test_no_question_breaks_the_search_by_words(tenant: UUID, text: str) -> None:
    await remember(ada(tenant), "User lives in Oslo.", at_angle(0.1))

    async with transaction(tenant) as tx:
        found = await searches.search_text(tx, [ada(tenant)], text, limit=9)

    assert [memory.fact for memory in found] == ["User lives in Oslo."]


@pytest.mark.parametrize("large", [False, True])
async def test_of_equal_scores_the_newest_comes_first_and_then_the_highest_id(
    tenant: UUID, large: bool
) -> None:
    # All are from the future, so that retention is exactly 1 and the scores are equal beyond doubt.
    times = [0, 2, 1, 2, 2, 0]
    ids = []
    for n, minutes in enumerate(times):
        memory_id = await remember(ada(tenant), f"Fact {n}.", at_angle(0.8))
        await execute(
            "UPDATE memories SET created_at = '2100-01-01'::timestamptz + make_interval(mins => %s)"
            " WHERE memory_id = %s",
            minutes,
            memory_id,
        )
        ids.append((minutes, memory_id))

    found = await search(ada(tenant), large=large)

    assert {memory.retention for memory in found} == {1.0}
    assert [memory.memory_id for memory in found] == [
        memory_id for _, memory_id in sorted(ids, reverse=True)
    ]


@pytest.mark.parametrize("large", [False, True])
async def test_nothing_of_another_scope_or_tenant_and_nothing_superseded_is_found(
    tenant: UUID, large: bool
) -> None:
    other = await new_tenant("other")
    agent, team = uuid4(), uuid4()
    elsewhere = [
        Scope(tenant, "default", "bob"),
        Scope(tenant, "work", "ada"),
        Scope(tenant, "default", "ada", agent_id=agent),
        Scope(tenant, "default", "ada", team_id=team),
        ada(other),
    ]
    for scope in elsewhere:
        await remember(scope, "User lives in Oslo.", QUESTION)
    mine = await remember(ada(tenant), "User likes tea.", at_angle(0.2))
    await remember(ada(tenant), "User lived in Rome.", QUESTION, superseded_by=mine)
    retired = await remember(ada(tenant), "User lived in Bergen.", QUESTION)
    async with transaction(tenant) as tx:
        await memories.supersede(tx, retired, by=mine, at=NEW_YEAR, valid_until=NEW_YEAR)

    async with transaction(tenant) as tx:
        assert [memory.memory_id for memory in await search(ada(tenant), large=large)] == [mine]
        assert [
            each.memory_id for each in await searches.strongest(tx, [ada(tenant)], limit=9)
        ] == [mine]
        assert [
            each.memory_id
            for each in await searches.search_text(tx, [ada(tenant)], "live", limit=9)
        ] == [mine]
        assert await nearest(ada(tenant), [QUESTION], large=large) == [[]]
    assert [memory.fact for memory in await search(elsewhere[0], elsewhere[1], large=large)] == [
        "User lives in Oslo."
    ] * 2


async def test_a_source_narrows_the_search(tenant: UUID) -> None:
    await sixty(ada(tenant))

    found = await search(ada(tenant), limit=60, source="source-1", large=True)

    assert (len(found), {memory.source for memory in found}) == (30, {"source-1"})


@pytest.mark.parametrize("years", [3, 30, 1000])
async def test_a_very_old_memory_fades_to_nothing_and_breaks_no_search(
    tenant: UUID, years: int
) -> None:
    memory_id = await remember(ada(tenant), "User likes tea.", at_angle(0.5), importance=0.0)
    await set_age(memory_id, years * 365.25)

    for large in (False, True):
        [found] = await search(ada(tenant), large=large)
        assert found.retention == pytest.approx(0.0, abs=1e-9)
        assert found.score == pytest.approx(0.35, abs=1e-3)
    async with transaction(tenant) as tx:
        assert len(await searches.strongest(tx, [ada(tenant)], limit=1)) == 1
        assert len(await searches.search_text(tx, [ada(tenant)], "tea", limit=1)) == 1


async def nearest(
    scope: Scope,
    vectors: Sequence[Sequence[float]],
    hashes: Sequence[bytes] | None = None,
    *,
    floor: float = 0.6,
    limit: int = 8,
    large: bool = False,
) -> list[list[Neighbour]]:
    async with transaction(scope.tenant_id) as tx:
        return await searches.nearest(
            tx,
            scope,
            vectors,
            hashes or [b"" for _ in vectors],
            floor=floor,
            limit=limit,
            large=large,
        )


@pytest.mark.parametrize("large", [False, True])
async def test_neighbours_come_best_first_from_the_floor_on_and_no_more_than_asked_for(
    tenant: UUID, large: bool
) -> None:
    for similarity in (0.55, 0.65, 0.75, 0.85, 0.95):
        await remember(ada(tenant), f"At {similarity}", at_angle(similarity))

    [found] = await nearest(ada(tenant), [QUESTION], large=large)
    assert [neighbour.fact for neighbour in found] == ["At 0.95", "At 0.85", "At 0.75", "At 0.65"]
    assert [neighbour.similarity for neighbour in found] == pytest.approx(
        [0.95, 0.85, 0.75, 0.65], abs=1e-3
    )
    assert {neighbour.valid_from for neighbour in found} == {NEW_YEAR}
    [found] = await nearest(ada(tenant), [QUESTION], limit=2, large=large)
    assert [neighbour.fact for neighbour in found] == ["At 0.95", "At 0.85"]


@pytest.mark.parametrize("large", [False, True])
async def test_the_same_words_are_a_neighbour_of_similarity_one_wherever_their_vector_lies(
    tenant: UUID, large: bool
) -> None:
    await remember(ada(tenant), "User likes tea.", at_angle(0.0))
    await remember(ada(tenant), "User likes coffee.", at_angle(0.99))

    [found] = await nearest(ada(tenant), [QUESTION], [content_hash("user likes TEA")], large=large)

    assert [(neighbour.fact, neighbour.similarity) for neighbour in found] == [
        ("User likes tea.", 1.0),
        ("User likes coffee.", pytest.approx(0.99, abs=1e-3)),
    ]


@pytest.mark.parametrize("large", [False, True])
async def test_several_vectors_at_once_each_get_neighbours_of_their_own(
    tenant: UUID, large: bool
) -> None:
    axes = [unit([float(i == axis) for i in range(384)]) for axis in range(4)]
    for axis in range(3):
        await remember(ada(tenant), f"Axis {axis}", axes[axis])

    found = await nearest(ada(tenant), [axes[2], axes[3], axes[0], axes[2]], large=large)

    assert [[neighbour.fact for neighbour in each] for each in found] == [
        ["Axis 2"],
        [],
        ["Axis 0"],
        ["Axis 2"],
    ]
    assert await nearest(ada(tenant), [], large=large) == []


async def test_a_live_fact_cannot_be_stored_twice_in_its_scope(tenant: UUID) -> None:
    first = await remember(ada(tenant), "User likes tea.", QUESTION)

    with pytest.raises(Duplicate):
        await remember(ada(tenant), "user likes tea", at_angle(0.1))

    await remember(Scope(tenant, "default", "bob"), "User likes tea.", QUESTION)
    await remember(ada(tenant), "User likes tea.", QUESTION, superseded_by=first)
    async with transaction(tenant) as tx:
        await memories.supersede(tx, first, by=uuid4(), at=NEW_YEAR, valid_until=NEW_YEAR)
    await remember(ada(tenant), "User likes tea.", QUESTION)
    assert len(await search(ada(tenant))) == 1


async def test_several_memories_are_written_together_or_not_at_all(tenant: UUID) -> None:
    news = [new_memory(ada(tenant), f"Fact {n}.", at_angle(0.5)) for n in (1, 2, 1)]

    with pytest.raises(Duplicate):
        async with transaction(tenant) as tx:
            await memories.insert(tx, news)
    assert await search(ada(tenant)) == []

    async with transaction(tenant) as tx:
        await memories.insert(tx, [])
        await memories.insert(tx, news[:2])
    assert sorted(memory.fact for memory in await search(ada(tenant))) == ["Fact 1.", "Fact 2."]


async def test_a_retired_memory_says_since_when_and_by_which(tenant: UUID) -> None:
    old, new = (
        await remember(ada(tenant), "Old.", QUESTION),
        await remember(ada(tenant), "New.", QUESTION),
    )
    later = uuid4()

    async with transaction(tenant) as tx:
        await memories.supersede(
            tx, old, by=new, at=NEW_YEAR, valid_until=NEW_YEAR + timedelta(days=1)
        )
        await memories.supersede(tx, old, by=later, at=datetime.now(UTC), valid_until=NEW_YEAR)

    [row] = await execute(
        "SELECT state, superseded_by, valid_until, superseded_at FROM memories"
        " WHERE memory_id = %s",
        old,
    )
    assert row == ("superseded", new, NEW_YEAR + timedelta(days=1), NEW_YEAR)


async def test_a_memory_is_reinforced_at_most_once_a_day(tenant: UUID) -> None:
    memory_id = await remember(ada(tenant), "User likes tea.", QUESTION, importance=1.0)
    await set_age(memory_id, 10)

    async def reinforce(times: int) -> int:
        for _ in range(times):
            async with transaction(tenant) as tx:
                await memories.reinforce(tx, ada(tenant), memory_id, datetime.now(UTC))
        [row] = await execute(
            "SELECT reinforcements FROM memory_recalls WHERE memory_id = %s", memory_id
        )
        count: int = row[0]
        return count

    assert await reinforce(3) == 1
    [found] = await search(ada(tenant))
    assert found.retention == pytest.approx(2**-0.5, abs=1e-4)  # The half-life is 20 days now.
    await execute(
        "UPDATE memory_recalls SET last_reinforced_at = last_reinforced_at - interval '23 h'"
    )
    assert await reinforce(1) == 1
    await execute(
        "UPDATE memory_recalls SET last_reinforced_at = last_reinforced_at - interval '2 h'"
    )
    assert await reinforce(2) == 2


async def test_reinforcements_at_the_same_time_count_once(tenant: UUID) -> None:
    memory_id = await remember(ada(tenant), "User likes tea.", QUESTION)

    async def once() -> None:
        async with transaction(tenant) as tx:
            await memories.reinforce(tx, ada(tenant), memory_id, datetime.now(UTC))

    await asyncio.gather(*(once() for _ in range(8)))

    assert await execute(
        "SELECT reinforcements FROM memory_recalls WHERE memory_id = %s", memory_id
    ) == [(1,)]


async def test_scopes_are_large_from_a_thousand_live_memories_on(tenant: UUID) -> None:
    bob, carol = Scope(tenant, "default", "bob"), Scope(tenant, "default", "carol")
    await crowd(ada(tenant), np.tile(np.eye(1, 384, dtype=np.float32), (999, 1)))
    await remember(bob, "User likes tea.", QUESTION)
    retired = await remember(carol, "User likes tea.", QUESTION)
    await remember(carol, "User likes water.", QUESTION, superseded_by=retired)

    async with transaction(tenant) as tx:
        assert not await is_large(tx, [ada(tenant)])
        assert await is_large(tx, [ada(tenant), bob])
        assert not await is_large(tx, [bob, carol])


async def crowd(
    scope: Scope, vectors: np.ndarray, created_at: Sequence[datetime] | None = None
) -> None:
    """Store many memories quickly."""
    rows = [
        (
            scope.tenant_id,
            scope.key,
            scope.user_id,
            scope.namespace,
            f"Fact {n}.",
            "User",
            0.1 + 0.9 * (n * 7919 % 1000) / 1000,
            "test",
            content_hash(f"Fact {n}."),
            "test",
            "[" + ",".join(f"{x:.5g}" for x in vector.tolist()) + "]",
            created_at[n] if created_at else NEW_YEAR,
        )
        for n, vector in enumerate(vectors)
    ]
    async with owner() as conn, conn.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO memories (
                tenant_id, scope_key, user_id, namespace, fact, about, importance, source,
                content_hash, embedding_model, embedding, created_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            rows,
        )
        await conn.execute("ANALYZE memories")


@pytest.fixture(scope="module")
def wide_database(make_database: MakeDatabase) -> str:
    return make_database(VOYAGE_MODEL)


async def test_the_codes_of_a_large_scope_find_99_of_100_of_what_an_exact_search_finds(
    wide_database: str,
) -> None:
    rng = np.random.default_rng(11)
    centres = rng.normal(size=(60, 1024))
    vectors = centres[rng.integers(0, 60, 3_000)] + 0.9 * rng.normal(size=(3_000, 1024))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    questions = centres[rng.integers(0, 60, 20)] + 0.9 * rng.normal(size=(20, 1024))
    questions = (questions / np.linalg.norm(questions, axis=1, keepdims=True)).astype(np.float32)
    await open_pool(Settings(database_url=reached(wide_database)), size=2)
    try:
        scope = ada(await new_tenant("acme"))
        async with transaction(scope.tenant_id) as tx:
            at = (await (await tx.execute("SELECT now()")).fetchone() or [NEW_YEAR])[0]
        await crowd(
            scope, vectors, [at - timedelta(days=float(days)) for days in rng.uniform(0, 20, 3_000)]
        )
        found = exact = near_found = near_exact = 0
        async with transaction(scope.tenant_id) as tx:
            assert await is_large(tx, [scope])
            for question in questions:
                tops = [
                    {
                        memory.memory_id
                        for memory in await searches.search(
                            tx, [scope], question, limit=10, large=large
                        )
                    }
                    for large in (False, True)
                ]
                exact, found = exact + len(tops[0]), found + len(tops[0] & tops[1])
                nears = [
                    {
                        neighbour.memory_id
                        for neighbour in (
                            await nearest(scope, [question], floor=0.0, limit=10, large=large)
                        )[0]
                    }
                    for large in (False, True)
                ]
                near_exact, near_found = (
                    near_exact + len(nears[0]),
                    near_found + len(nears[0] & nears[1]),
                )
    finally:
        await close_pool()

    assert (exact, near_exact) == (200, 200)
    assert found >= 198
    assert near_found >= 198


async def test_random_vectors_are_unit_vectors_after_storage(tenant: UUID) -> None:
    rng = random.Random(3)
    await remember(ada(tenant), "Fact.", random_unit(rng))

    [(length,)] = await execute(
        "SELECT l2_norm(embedding) FROM memories WHERE tenant_id = %s", tenant
    )

    assert length == pytest.approx(1.0, abs=1e-3)
