"""Contract §5: plans, quota errors, and how much each field may hold.

Agents, teams and skills are in the modules of their routes; idempotency is at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from tests.support.client import Client
from tests.system.contract.calls import (
    agent,
    at_once,
    batch,
    got,
    listed,
    made,
    refused,
    statuses,
    store,
    team,
    used,
)
from tests.system.contract.test_memories import DISTINCT


def full(client: Client, room: int = 0) -> None:
    """Leave room for so many memories on the plan `free`."""
    body = {"memories": [{"user_id": f"u{n}", "fact": "Likes tea"} for n in range(100 - room)]}
    answer = client.http.post("/v1/memories:batch", json=body)
    assert answer.json()["stored"] == 100 - room


def test_the_last_place_is_given_once(free: Client) -> None:
    """§5.2 and rule 11 under concurrency: one slot left, 20 different facts at once: one 201
    and nineteen 402."""
    full(free, room=1)
    facts = [*DISTINCT, *(fact.replace(" ", " never ") for fact in DISTINCT)]
    posts: list[Callable[[], httpx2.Response]] = [
        lambda n=n, fact=fact: free.http.post(  # type: ignore[misc]
            "/v1/memories", json={"user_id": f"v{n}", "fact": fact}
        )
        for n, fact in enumerate(facts)
    ]
    answers = at_once(*posts)
    assert statuses(answers) == [201] + [402] * 19
    over = next(answer.json() for answer in answers if answer.status_code == 402)
    assert over.keys() == {"error", "code", "plan", "limit", "used", "upgrade_url"}
    assert (over["plan"], over["limit"], over["used"]) == ("free", 100, 100)
    assert used(free) == 100


def test_the_last_place_of_one_user_is_given_once(free: Client) -> None:
    """§5.2 under concurrency: the same with one user, and a duplicate and a replacement among
    them, which succeed."""
    full(free, room=2)
    store(free, "Lives in New York")
    facts = ["Lives in New York", "Lives in San Francisco", *DISTINCT[3:]]
    posts: list[Callable[[], httpx2.Response]] = [
        lambda fact=fact: free.http.post(  # type: ignore[misc]
            "/v1/memories", json={"user_id": "ada", "fact": fact}
        )
        for fact in facts
    ]
    answers = at_once(*posts)
    assert answers[1].json()["action"] == "replaced"
    assert answers[0].status_code in (200, 201, 402)
    new = answers[2:]
    assert [answer.status_code for answer in new].count(201) <= 1
    assert {answer.status_code for answer in new} <= {201, 402}
    assert used(free) == 100


def test_every_door_is_held_to_the_plan(free: Client) -> None:
    """§5.2 Counted: agent memories and team memories too; 402 with the same body."""
    agent_id, team_id = agent(free), team(free)
    full(free)
    for path, body in (
        ("/v1/memories", {"user_id": "ada", "fact": "Keeps bees", "team_id": team_id}),
        (f"/v1/agents/{agent_id}/memories", {"user_id": "ada", "fact": "Keeps bees"}),
        ("/v1/memories", {"user_id": "ada", "fact": "Keeps bees", "agent_id": agent_id}),
    ):
        refused(free.http.post(path, json=body), 402, "plan_limit")
    talk = free.finished(free.post_conversation("ada", "I live in Lisbon."))
    [fact] = talk["receipt"]["facts"]
    assert (fact["action"], fact["reason"], fact["memory_id"]) == ("rejected", "plan_limit", None)
    assert used(free) == 100


def test_a_batch_fills_what_is_left(free: Client) -> None:
    """§5.2 with rule 15: what has no room is `rejected` and named, the rest is stored."""
    full(free, room=2)
    body = {"memories": [{"user_id": "ada", "fact": fact} for fact in DISTINCT[:4]]}
    body["memories"].insert(2, {"user_id": "u1", "fact": "Likes tea"})
    answer = free.http.post("/v1/memories:batch", json=body).json()
    actions = [each["action"] for each in answer["results"]]
    assert actions == ["stored", "stored", "duplicate", "rejected", "rejected"]
    assert answer["results"][3]["id"] is None
    assert answer["results"][3]["reason"] == "plan_limit"
    assert used(free) == 100


def test_a_deletion_makes_room_and_a_restore_takes_it(free: Client) -> None:
    """§5.2: the count follows; restoring at the limit is 402."""
    full(free, room=1)
    old = store(free, "Lives in New York")["id"]
    store(free, "Lives in San Francisco")
    refused(free.http.post(f"/v1/memories/{old}/restore"), 402, "plan_limit")
    assert got(free, f"/v1/memories/{old}")["state"] == "superseded"
    free.http.delete("/v1/users/u1")
    assert free.http.post(f"/v1/memories/{old}/restore").status_code == 200
    assert used(free) == 100


def test_what_was_refused_for_want_of_room_can_be_tried_again(free: Client) -> None:
    """§5.2 with Idempotency-Key: a 402 stored nothing, so it is not what the key stands for."""
    full(free)
    body = {"user_id": "ada", "fact": "Keeps bees"}
    headers = {"Idempotency-Key": "once"}
    refused(free.http.post("/v1/memories", json=body, headers=headers), 402, "plan_limit")
    free.http.delete("/v1/users/u1")
    assert free.http.post("/v1/memories", json=body, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("field", "most"), [("fact", 2000), ("source", 50), ("namespace", 100), ("user_id", 512)]
)
def test_texts_have_the_published_length(client: Client, field: str, most: int) -> None:
    """§5.3 fact 2000, source 50, namespace 100: the last character fits, one more does not; a
    character is a character, however many bytes it has."""
    body = {"user_id": "ada", "fact": "Likes tea"}
    fits = client.http.post("/v1/memories", json={**body, field: "🌍" * most})
    assert fits.status_code == 201, fits.text
    over = client.http.post("/v1/memories", json={**body, field: "x" * (most + 1)})
    refused(over, 422, "validation")
    assert field in over.json()["error"]


@pytest.mark.parametrize(
    ("path", "name", "most"),
    [
        ("/v1/memories/search", "limit", 50),
        ("/v1/users/ada/context", "top_n", 20),
        ("/v1/memories", "limit", 100),
    ],
)
def test_pages_have_the_published_size(client: Client, path: str, name: str, most: int) -> None:
    """§5.3 search limit 50, top_n 20, list limit 100: more counts as the maximum."""
    facts = [{"user_id": "ada", "fact": "Likes tea", "agent_id": agent(client)} for _ in range(11)]
    body = {"memories": [{**fact, "fact": f} for fact in facts for f in DISTINCT]}
    assert client.http.post("/v1/memories:batch", json=body).json()["stored"] == 110
    query = {"user_id": "ada", "q": "x", "include_agents": True, name: 1_000_000}
    answer = got(client, path, **query)
    assert len(answer["results" if "search" in path else "memories"]) == most


def test_graph_pages_have_the_published_size(client: Client) -> None:
    """§5.3 graph depth 5, related limit 100; relationship type 100."""
    [memory_id] = batch(client, DISTINCT[:1])
    assert got(client, f"/v1/graph/traverse/{memory_id}", depth=50)["max_depth"] == 5
    for number in ("0", "-1"):
        for query in ({"depth": number}, {"limit": number}):
            answer = client.http.get(f"/v1/graph/traverse/{memory_id}", params=query)
            refused(answer, 422, "validation")
    long = {"relationship_type": "x" * 101}
    refused(client.http.get(f"/v1/graph/related/{memory_id}", params=long), 422, "validation")


@pytest.mark.parametrize(
    "metadata",
    [{"a": "x" * 16_384}, {"a": float("1e300") * 10, "b": 2**63}, {"a\u0000": 1}, {"a": "\ud800"}],
)
def test_metadata_is_bounded(client: Client, metadata: dict[str, Any]) -> None:
    """§5.3: what the database or JSON cannot hold is 422, by PATCH too."""
    memory_id = store(client, "Likes tea")["id"]
    body = {"user_id": "ada", "fact": "Plays the cello", "metadata": metadata}
    for method, path in (("POST", "/v1/memories"), ("PATCH", f"/v1/memories/{memory_id}")):
        headers = {"Content-Type": "application/json"}
        answer = client.http.request(method, path, content=json.dumps(body), headers=headers)
        refused(answer, 422, "validation")


def idempotent(client: Client, path: str, body: dict[str, Any], key: str) -> httpx2.Response:
    """The answer to a POST under the key."""
    return client.http.post(path, json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize(
    "route", ["memories", "batch", "agents", "agent memories", "teams", "skills", "graph", "tool"]
)
def test_every_post_that_stores_can_be_repeated(client: Client, route: str) -> None:
    """Rule 15 Idempotency-Key: the same answer with `Idempotent-Replayed: true`, at once and
    later; another body is 422; another tenant's or no key is another request."""
    a, b = batch(client, DISTINCT[:2])
    agent_id = agent(client)
    fact: dict[str, Any] = {"user_id": "bob", "fact": "Keeps bees"}
    requests: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "memories": ("/v1/memories", fact, {"importance": 0.9}),
        "batch": ("/v1/memories:batch", {"memories": [fact]}, {"memories": [fact, fact]}),
        "agents": ("/v1/agents", {"name": "A", "owner_id": "ada"}, {"name": "B"}),
        "agent memories": (f"/v1/agents/{agent_id}/memories", fact, {"namespace": "n"}),
        "teams": ("/v1/teams", {"name": "A", "slug": "a", "user_id": "ada"}, {"slug": "b"}),
        "skills": ("/v1/skills", {"name": "A"}, {"name": "B"}),
        "graph": (
            "/v1/graph/connect",
            {"from_memory_id": a, "to_memory_id": b, "relationship_type": "r"},
            {"relationship_type": "s"},
        ),
        "tool": (
            "/v1/openai/tool-call",
            {"name": "smara_store_memory", "arguments": fact},
            {"arguments": {**fact, "importance": 0.9}},
        ),
    }
    path, body, changed = requests[route]

    answers = at_once(*[lambda: idempotent(client, path, body, "once")] * 6)
    answers.append(idempotent(client, path, body, '"once"'))

    assert len({answer.text for answer in answers}) == 1, [answer.text for answer in answers]
    assert {answer.status_code for answer in answers} == {200 if route == "batch" else 201}
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None", *["true"] * 6]
    other = idempotent(client, path, {**body, **changed}, "once")
    refused(other, 422, "idempotency_key_reused")
    again = idempotent(client, path, {**body, **changed}, "twice")
    assert again.status_code in (200, 201)
    for bad in ("", "x" * 256, "two words", "ü".encode().decode("latin-1")):
        answer = client.http.post(path, json=body, headers=[(b"idempotency-key", bad.encode())])
        refused(answer, 422, "bad_idempotency_key")


def test_a_key_stands_for_one_route_and_one_tenant(client: Client, free: Client) -> None:
    """Rule 15 Idempotency-Key: the route is part of the request, the tenant owns the key."""
    body = {"user_id": "ada", "fact": "Keeps bees"}
    agent_id = agent(client)
    assert idempotent(client, "/v1/memories", body, "once").status_code == 201
    other = idempotent(client, f"/v1/agents/{agent_id}/memories", body, "once")
    refused(other, 422, "idempotency_key_reused")
    stored = idempotent(free, "/v1/memories", body, "once")
    assert (stored.status_code, stored.headers.get("Idempotent-Replayed")) == (201, None)


def test_an_invalid_request_uses_no_key_up(client: Client) -> None:
    """Rule 15 Idempotency-Key: what was refused can be put right under the same key."""
    bad = idempotent(client, "/v1/memories", {"user_id": "ada", "fact": " "}, "once")
    refused(bad, 422, "validation")
    body = {"user_id": "ada", "fact": "Keeps bees"}
    missing = {**body, "agent_id": "00000000-0000-7000-8000-000000000000"}
    refused(idempotent(client, "/v1/memories", missing, "once"), 404, "not_found")
    assert idempotent(client, "/v1/memories", body, "once").status_code == 201
    assert listed(client) == ["Keeps bees"]
    taken = made(client, "/v1/teams", name="A", slug="a", user_id="ada")
    team_body = {"name": "B", "slug": "a", "user_id": "ada"}
    refused(idempotent(client, "/v1/teams", team_body, "team"), 409, "slug_taken")
    client.http.delete(f"/v1/teams/{taken['id']}?user_id=ada")
    assert idempotent(client, "/v1/teams", team_body, "team").status_code == 201
