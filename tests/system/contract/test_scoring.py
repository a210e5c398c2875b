"""Contract §2: decay, blend, ranking and reinforcement, over HTTP.

The thresholds (§2.4) and Voyage (§2.6) are in test_decisions.py, the tenant's own rules in
test_usage_and_health.py, the agreement with the pure rules in tests/integration/db/test_memories.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import age, agent, batch, got, sql, store
from tests.system.contract.test_memories import DISTINCT

DECAY = {
    1: {1.0: 0.9330, 0.7: 0.9057, 0.5: 0.8706, 0.2: 0.7071},
    2: {1.0: 0.8706, 0.7: 0.8203, 0.5: 0.7579, 0.2: 0.5000},
    5: {1.0: 0.7071, 0.7: 0.6095, 0.5: 0.5000, 0.2: 0.1768},
    7: {1.0: 0.6156, 0.7: 0.5000, 0.5: 0.3789, 0.2: 0.0884},
    10: {1.0: 0.5000, 0.7: 0.3715, 0.5: 0.2500, 0.2: 0.0313},
    30: {1.0: 0.1250, 0.7: 0.0513, 0.5: 0.0156, 0.2: 0.0000},
}
"""§2.1's table: by days, by importance."""


def searched(client: Client, q: str, **query: Any) -> list[dict[str, Any]]:
    """The results of a search."""
    results: list[dict[str, Any]] = got(
        client, "/v1/memories/search", user_id="ada", q=q, limit=50, **query
    )["results"]
    return results


@pytest.mark.parametrize("days", DECAY)
def test_decay_follows_the_published_half_lives(stack: Stack, client: Client, days: int) -> None:
    """§2.1 and rule 3: the whole table, a row each, on search, context, list and by id."""
    for importance, decay in DECAY[days].items():
        user_id = f"ada-{importance}"
        memory_id = store(client, "Likes tea", user_id, importance=importance)["id"]
        age(stack, memory_id, days)
        query = {"user_id": user_id, "q": "x"}
        shown = [
            got(client, f"/v1/memories/{memory_id}"),
            *got(client, "/v1/memories", **query)["memories"],
            *got(client, "/v1/memories/search", **query)["results"],
            *got(client, f"/v1/users/{user_id}/context")["memories"],
        ]
        assert len(shown) == 4
        for memory in shown:
            assert memory["decay_score"] == pytest.approx(decay, abs=0.00011)


@pytest.mark.parametrize(
    ("importance", "half_life"),
    [(1.0, 10), (0.7, 7), (0.5, 5), (0.3, 3), (0.2, 2), (0.1, 1), (0.05, 1), (0.0, 1)],
)
def test_half_of_a_memory_is_left_after_its_half_life(
    stack: Stack, client: Client, importance: float, half_life: int
) -> None:
    """§2.1 and rule 3: 0.5 ± 0.001 at 10, 7 and 2 days, and down to the floor of 0.1."""
    age(stack, store(client, "Likes tea", importance=importance)["id"], half_life)
    [memory] = searched(client, "tea", explain=True)
    assert memory["decay_score"] == pytest.approx(0.5, abs=0.001)
    assert memory["explain"]["half_life_days"] == half_life
    assert memory["explain"]["age_days"] == pytest.approx(half_life, abs=0.001)
    assert memory["explain"]["reinforcements"] == 0


def test_a_new_memory_and_one_from_the_future_are_whole(stack: Stack, client: Client) -> None:
    """§2.1: decay 1 at age 0; a clock that goes ahead makes nothing stronger."""
    store(client, "Likes tea")
    age(stack, store(client, "Plays the cello")["id"], -3)
    assert [memory["decay_score"] for memory in searched(client, "x")] == [1.0, 1.0]


def test_the_score_is_the_published_blend(stack: Stack, client: Client) -> None:
    """§2.2 and rule 4: 0.7·similarity + 0.3·decay, all in [0, 1], 4 decimals, best first."""
    for days, memory_id in enumerate(batch(client, DISTINCT)):
        age(stack, memory_id, days * 3)
    results = searched(client, "What does Ada like to drink?")
    assert len(results) == 10
    for memory in results:
        for name in ("similarity", "decay_score", "score"):
            assert 0 <= memory[name] <= 1
            assert memory[name] == round(memory[name], 4)
        blend = 0.7 * memory["similarity"] + 0.3 * memory["decay_score"]
        assert memory["score"] == pytest.approx(blend, abs=0.0001)
    scores = [memory["score"] for memory in results]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 5


def test_the_same_words_are_as_similar_as_can_be(client: Client) -> None:
    """§2.2: similarity is cosine; 1 for the fact's own words, and never above."""
    store(client, "Plays the cello")
    [memory] = searched(client, "Plays the cello")
    assert (memory["similarity"], memory["score"]) == (1.0, 1.0)


def test_of_equal_scores_the_newest_comes_first_then_the_id(stack: Stack, client: Client) -> None:
    """§2.2 and rule 4: ties are broken by newest, then id."""
    ids = [
        client.http.post(
            "/v1/memories",
            json={"user_id": "ada", "fact": "Likes tea", "agent_id": agent(client)},
        ).json()["id"]
        for _ in range(4)
    ]
    sql(
        stack,
        "UPDATE memories SET created_at = now() + interval '1 hour' WHERE memory_id = ANY(%s)",
        ids,
    )
    sql(
        stack,
        "UPDATE memories SET created_at = now() + interval '2 hours' WHERE memory_id = %s",
        ids[1],
    )
    found = [memory["id"] for memory in searched(client, "tea", include_agents=True)]
    assert found == [ids[1], ids[3], ids[2], ids[0]]


def test_all_memories_compete_not_the_nearest_alone(stack: Stack, client: Client) -> None:
    """§2.2 and rule 4: ranked over all candidates of the scope, so `limit` never changes who
    comes first."""
    near = ["Plays the violin", "Plays the cello", "Plays the viola", "Teaches the violin"]
    for memory_id in batch(client, near):
        age(stack, memory_id, 365)
    store(client, "Goes to concerts of string quartets")
    everything = searched(client, "Which string instrument does Ada play?")
    best = everything[0]
    assert best["fact"] == "Goes to concerts of string quartets"
    assert sum(memory["similarity"] > best["similarity"] for memory in everything) >= 2
    query = {"user_id": "ada", "q": "Which string instrument does Ada play?", "limit": 1}
    assert got(client, "/v1/memories/search", **query)["results"][0]["id"] == best["id"]


def test_recalling_changes_nothing(stack: Stack, client: Client) -> None:
    """§2.3: a search is a read: the second identical one returns the same, and no row changes."""
    ids = batch(client, DISTINCT[:3])

    def rows() -> list[tuple[Any, ...]]:
        return sql(
            stack,
            "SELECT m.xmin::text, r.xmin::text FROM memories m LEFT JOIN memory_recalls r"
            " USING (tenant_id, memory_id) WHERE memory_id = ANY(%s::uuid[]) ORDER BY memory_id",
            ids,
        )

    before = rows()
    first = searched(client, "tea")
    got(client, "/v1/users/ada/context", q="tea")
    got(client, "/v1/users/ada/context")
    got(client, f"/v1/memories/{ids[0]}")
    again = searched(client, "tea")
    assert [memory["fact"] for memory in again] == [memory["fact"] for memory in first]
    assert again[0]["similarity"] == first[0]["similarity"]
    assert rows() == before


def test_what_is_said_again_lives_longer(stack: Stack, client: Client) -> None:
    """§2.3: a duplicate reinforces, with the published half-life for what was never said again;
    once a day counts."""
    once = store(client, "Likes tea")["id"]
    twice = store(client, "Plays the cello")["id"]
    for _ in range(3):
        assert store(client, "Plays the cello")["action"] == "duplicate"
    for memory_id in (once, twice):
        age(stack, memory_id, 5)
    shown = {memory["id"]: memory for memory in searched(client, "x", explain=True)}
    assert shown[once]["decay_score"] == 0.5
    assert shown[twice]["explain"]["reinforcements"] == 1
    assert shown[twice]["explain"]["half_life_days"] == 10
    assert shown[twice]["decay_score"] == 0.7071
