"""Contract §1.4: usage and health, and the tenant's own settings.

A dead database is in test_faults_of_the_original.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import (
    age,
    agent,
    batch,
    edge,
    found,
    got,
    made,
    refused,
    restricted,
    sql,
    store,
    team,
    used,
)
from tests.system.contract.test_memories import DISTINCT


def rules(client: Client, **changes: float | None) -> dict[str, Any]:
    """What PATCH /v1/settings answers."""
    answer = client.http.patch("/v1/settings", json=changes)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_usage_shows_both_shapes(free: Client) -> None:
    """§1.4 GET /v1/usage: the flat fields and the nested ones agree; remaining is never below 0."""
    store(free, "Likes tea")
    agent(free)
    usage = got(free, "/v1/usage")
    assert usage.pop("budget")["hard_usd"] is None
    assert usage == {
        "plan": "free",
        "memory_limit": 100,
        "memories_used": 1,
        "memories_remaining": 99,
        "usage": {
            "memories": {"used": 1, "limit": 100},
            "agents": {"used": 1, "limit": 1},
            "teams": {"used": 0, "limit": None},
        },
    }


def test_a_plan_that_became_smaller_leaves_nothing_and_takes_nothing(
    own: Stack, small: Client
) -> None:
    """§1.4: `memories_remaining` is floored at 0, and what is there stays readable."""
    sql(own, "UPDATE tenants SET plan = 'free' WHERE plan = 'small'")
    batch(small, DISTINCT[:5])
    sql(own, "UPDATE tenants SET plan = 'small' WHERE plan = 'free'")
    usage = got(small, "/v1/usage")
    assert (usage["memories_used"], usage["memories_remaining"]) == (5, 0)
    assert len(found(small)) == 5


def test_the_count_is_right_whatever_happened(stack: Stack, client: Client) -> None:
    """§1.4 and §5.2 Counted: live memories of the tenant, team rows included."""
    team_id, agent_id = team(client, bob="member"), agent(client)
    ids = batch(client, DISTINCT)
    for home in ("New York", "San Francisco"):
        store(client, f"Lives in {home}", "bob")
        store(client, f"Lives in {home}", "bob", team_id=team_id)
        store(client, f"Lives in {home}", "bob", agent_id=agent_id)
    store(client, "Likes tea", "bob", team_id=team_id)
    store(client, "Likes tea", "bob")
    store(client, "Likes tea", "bob")
    edge(client, ids[0], ids[1])
    client.http.delete(f"/v1/memories/{ids[0]}")
    client.http.patch(f"/v1/memories/{ids[1]}", json={"visibility": "team"})
    talk = client.post_conversation("carl", "I live in Lisbon.", "I have a dog.")
    client.finished(talk)
    old = got(client, "/v1/memories", user_id="bob")["memories"][-1]["id"]
    old = got(client, f"/v1/memories/{old}")["versions"][0]["id"]
    assert client.http.post(f"/v1/memories/{old}/restore").status_code == 200

    def live() -> int:
        [[number]] = sql(
            stack,
            "SELECT count(*) FROM memories WHERE state = 'live' AND tenant_id ="
            " (SELECT tenant_id FROM memories WHERE memory_id = %s)",
            ids[2],
        )
        return int(number)

    assert used(client) == live()
    for step in (
        f"/v1/conversations/{talk}?memories=true",
        f"/v1/teams/{team_id}?user_id=ada",
        f"/v1/agents/{agent_id}?memories=true",
        "/v1/users/bob",
    ):
        before = live()
        assert client.http.delete(step).is_success
        assert used(client) == live() < before, step
    assert used(client) == 9


def test_health_needs_no_key(stack: Stack) -> None:
    """§1.4 GET /health: `status` ok, `db` ok, without a key or with a wrong one."""
    answer = Client(stack.base_url, "nonsense").http.get("/health")
    assert answer.status_code == 200
    assert answer.json().items() >= {"status": "ok", "db": "ok"}.items()


def test_the_rules_are_shown_with_their_defaults(client: Client) -> None:
    """§2.1, §2.2: half-life 10 days, floor 0.1, weights 0.7 and 0.3."""
    body = got(client, "/v1/settings")
    assert (
        body.items()
        >= {
            "similarity_weight": 0.7,
            "retention_weight": 0.3,
            "half_life_days": 10,
            "lowest_importance": 0.1,
        }.items()
    )
    assert 0 < body["contradiction_similarity"] <= body["duplicate_similarity"] <= 1
    explained = got(client, "/v1/memories/search", user_id="ada", q="x", explain=True)["explain"]
    assert {**explained, "redaction": "off"} == body


def test_weights_show_in_scores_and_explanations(stack: Stack, client: Client) -> None:
    """§2.2 by PATCH /v1/settings: similarity_weight takes effect at once, null is the default."""
    close = store(client, "Plays the cello")["id"]
    fresh = store(client, "Likes tea", importance=1.0)["id"]
    age(stack, close, 50)
    query = {"user_id": "ada", "q": "Plays the cello", "explain": True}

    assert rules(client, similarity_weight=0.0)["retention_weight"] == 1.0
    first, second = got(client, "/v1/memories/search", **query)["results"]
    assert [first["id"], second["id"]] == [fresh, close]
    assert first["score"] == first["decay_score"] == first["explain"]["retention_part"]
    assert first["explain"]["similarity_part"] == 0

    rules(client, similarity_weight=1.0)
    first, second = got(client, "/v1/memories/search", **query)["results"]
    assert [first["id"], second["id"]] == [close, fresh]
    assert first["score"] == first["similarity"] == first["explain"]["similarity_part"]

    assert rules(client, similarity_weight=None)["similarity_weight"] == 0.7
    [first, _] = got(client, "/v1/memories/search", **query)["results"]
    assert first["score"] == pytest.approx(0.7 * first["similarity"], abs=0.01)


def test_half_lives_are_the_tenants_own(stack: Stack, client: Client) -> None:
    """§2.1 by PATCH /v1/settings: half_life_days and lowest_importance; other tenants keep
    theirs."""
    rules(client, half_life_days=2, lowest_importance=0.5)
    other = stack.client()
    for each in (client, other):
        for importance, fact in ((1.0, "Likes tea"), (0.2, "Plays the cello")):
            age(stack, store(each, fact, importance=importance)["id"], 2)

    def decays(each: Client) -> dict[str, tuple[float, float]]:
        answer = got(each, "/v1/users/ada/context", explain=True)
        for memory in answer["memories"]:
            parts = memory["explain"]
            assert memory["score"] == parts["similarity_part"] + parts["retention_part"]
        return {
            memory["fact"]: (memory["decay_score"], memory["explain"]["half_life_days"])
            for memory in answer["memories"]
        }

    assert decays(client) == {"Likes tea": (0.5, 2), "Plays the cello": (0.25, 1)}
    assert decays(other) == {"Likes tea": (0.8706, 10), "Plays the cello": (0.5, 2)}
    [memory] = got(client, "/v1/memories", user_id="ada", limit=1)["memories"]
    assert memory["decay_score"] == 0.25


def test_a_lower_band_makes_a_paraphrase_a_duplicate(client: Client) -> None:
    """§2.4 by PATCH /v1/settings: duplicate_similarity and contradiction_similarity."""
    said, again = "Plays the cello on Sundays", "Plays their own cello on Sundays"
    assert store(client, said)["action"] == "stored"
    first = store(client, said, "bob")["id"]
    assert store(client, again)["action"] == "stored"
    rules(client, duplicate_similarity=0.8, contradiction_similarity=0.8)
    assert store(client, again, "bob") == {"action": "duplicate", "id": first}
    assert store(client, "The lesson is at 6:30", "bob")["action"] == "stored"
    assert store(client, "The lesson is at 7:30", "bob")["action"] == "replaced"
    rules(client, duplicate_similarity=1.0, contradiction_similarity=1.0)
    assert store(client, "The lesson is at 8:30", "bob")["action"] == "stored"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"similarity_weight": 1.1},
        {"similarity_weight": "x"},
        {"half_life_days": 0},
        {"half_life_days": -1},
        {"lowest_importance": 0},
        {"duplicate_similarity": 0.5},
        {"contradiction_similarity": 0.999},
    ],
)
def test_rules_that_make_no_sense_change_nothing(somebody: Client, changes: dict[str, Any]) -> None:
    """§5.3 for PATCH /v1/settings: out of range or out of order is 422."""
    before = got(somebody, "/v1/settings")
    refused(somebody.http.patch("/v1/settings", json=changes), 422, "validation")
    assert got(somebody, "/v1/settings") == before


def test_rules_are_changed_by_an_admin(stack: Stack, client: Client) -> None:
    """Rule 12 scopes: `admin` for PATCH /v1/settings, `read` to see them."""
    writer = restricted(stack, client)
    answer = writer.http.patch("/v1/settings", json={"half_life_days": 1})
    refused(answer, 403, "missing_scope")
    assert got(writer, "/v1/settings")["half_life_days"] == 10
    assert made(client, "/v1/keys", scopes=["write"])["scopes"] == ["write"]
