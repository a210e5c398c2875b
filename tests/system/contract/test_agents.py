"""Contract §1.9: agents and their memories. Isolation is rule 9 in test_decisions.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client
from tests.system.contract.calls import (
    NOBODY,
    SEARCHED,
    agent,
    at_once,
    found,
    got,
    made,
    refused,
    statuses,
    store,
    used,
)

FIELDS = {"id", "name", "description", "owner_id", "model", "system_prompt", "created_at"}


def test_an_agent_is_made_listed_and_read(client: Client) -> None:
    """§1.9 POST, GET list, GET: fields; `owner_id` filter; newest first; `skills[]`."""
    full = {
        "name": "CodeAssist",
        "owner_id": "sri",
        "description": "Writes code ✍",
        "model": "m-1",
        "system_prompt": "Be brief.",
    }
    first = made(client, "/v1/agents", **full)
    assert first.keys() >= FIELDS
    assert first.items() >= full.items()
    second = made(client, "/v1/agents", name="B", owner_id="ada")
    assert (second["description"], second["model"], second["system_prompt"]) == (None, None, None)

    agents = got(client, "/v1/agents")["agents"]
    assert [each["id"] for each in agents] == [second["id"], first["id"]]
    assert agents[0].keys() >= FIELDS | {"updated_at"}
    by_owner = got(client, "/v1/agents", owner_id="sri")["agents"]
    assert [each["id"] for each in by_owner] == [first["id"]]
    detail = got(client, f"/v1/agents/{first['id']}")
    assert detail["skills"] == []
    assert detail.items() >= full.items()
    refused(client.http.get(f"/v1/agents/{NOBODY}"), 404, "not_found")


def test_an_agent_is_changed(client: Client) -> None:
    """§1.9 PATCH: any of the four; 422 nothing; 404."""
    agent_id = agent(client)
    for field, value in (
        ("name", "New"),
        ("description", "d"),
        ("model", "m"),
        ("system_prompt", "s"),
        ("description", None),
    ):
        answer = client.http.patch(f"/v1/agents/{agent_id}", json={field: value})
        assert (answer.status_code, answer.json()[field]) == (200, value)
    for nothing in ({}, {"name": None}, {"name": ""}, {"owner_id": "bob"}):
        answer = client.http.patch(f"/v1/agents/{agent_id}", json=nothing)
        refused(answer, 422, "validation")
    refused(client.http.patch(f"/v1/agents/{NOBODY}", json={"name": "x"}), 404, "not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"owner_id": ""},
        {"description": "x" * 2001},
        {"model": "x" * 201},
        {"system_prompt": "x" * 10001},
        {"name": None},
    ],
)
def test_an_agent_that_makes_no_sense_is_refused(somebody: Client, changes: dict[str, Any]) -> None:
    """§1.9 POST and §5.3 agent limits."""
    body = {"name": "A", "owner_id": "ada", **changes}
    refused(somebody.http.post("/v1/agents", json=body), 422, "validation")


def test_the_free_plan_has_one_agent(free: Client) -> None:
    """§1.9 POST and §5.2: 402 with `limit` and `used`; of five at once one is made; room again
    after a deletion."""
    body = {"name": "A", "owner_id": "ada"}
    answers = at_once(*[lambda: free.http.post("/v1/agents", json=body)] * 5)
    assert statuses(answers) == [201] + [402] * 4
    over = next(answer for answer in answers if answer.status_code == 402)
    refused(over, 402, "plan_limit")
    assert (over.json()["limit"], over.json()["used"]) == (1, 1)
    [only] = got(free, "/v1/agents")["agents"]
    assert free.http.delete(f"/v1/agents/{only['id']}").status_code == 204
    made(free, "/v1/agents", **body)


def test_an_agent_stores_replaces_and_finds_duplicates(client: Client) -> None:
    """§1.9 POST memories: 201 with `agent_id`, `replaced_id` when replaced; 200 duplicate; 404."""
    agent_id = agent(client)
    path = f"/v1/agents/{agent_id}/memories"
    first = client.http.post(path, json={"user_id": "ada", "fact": "Lives in New York"})
    body = first.json()
    assert first.status_code == 201
    assert body == {
        "action": "stored",
        "id": body["id"],
        "agent_id": agent_id,
        "namespace": "default",
        "source": "api",
    }
    again = client.http.post(path, json={"user_id": "ada", "fact": "Lives in New York"})
    assert (again.status_code, again.json()) == (200, {"action": "duplicate", "id": body["id"]})
    moved = made(client, path, user_id="ada", fact="Lives in San Francisco", importance=0.9)
    assert (moved["action"], moved["replaced_id"]) == ("replaced", body["id"])
    unknown = client.http.post(
        f"/v1/agents/{NOBODY}/memories", json={"user_id": "ada", "fact": "x"}
    )
    refused(unknown, 404, "not_found")
    refused(client.http.post(path, json={"user_id": "ada"}), 422, "validation")


def test_an_agent_searches_and_lists_its_own(client: Client) -> None:
    """§1.9 GET memories: with `q` by score, without newest first; both names; limit 10, max 50."""
    agent_id = agent(client)
    path = f"/v1/agents/{agent_id}/memories"
    facts = ["Likes tea", "Plays the cello", "Lives in Lisbon"]
    for fact in facts:
        made(client, path, user_id="ada", fact=fact)
    made(client, path, user_id="ada", fact="Works as a nurse", namespace="work")
    made(client, path, user_id="bob", fact="Keeps bees")

    newest = got(client, path, user_id="ada")
    assert newest["results"] == newest["memories"]
    assert [memory["fact"] for memory in newest["memories"]] == facts[::-1]
    best = got(client, path, user_id="ada", q="Which instrument?", limit=1)
    assert [memory["fact"] for memory in best["results"]] == ["Plays the cello"]
    assert best["results"] == best["memories"]
    assert best["results"][0].keys() >= SEARCHED
    work = got(client, path, user_id="ada", namespace="work")["memories"]
    assert [memory["fact"] for memory in work] == ["Works as a nurse"]
    assert got(client, path, user_id="eve", q="x")["results"] == []
    assert len(got(client, path, user_id="ada", limit=99)["memories"]) == 3
    refused(client.http.get(path), 422, "validation")
    refused(client.http.get(path, params={"user_id": "ada", "q": ""}), 422, "validation")


def test_a_deleted_agent_leaves_its_memories_or_takes_them(client: Client) -> None:
    """§1.9 DELETE: 204; memories stay, found with include_agents, or go with `?memories=true`."""
    keeps, takes = agent(client), agent(client)
    store(client, "Likes tea", agent_id=keeps)
    store(client, "Plays the cello", agent_id=takes)
    assert client.http.delete(f"/v1/agents/{keeps}").status_code == 204
    assert client.http.delete(f"/v1/agents/{takes}?memories=true").status_code == 204
    assert found(client, include_agents=True) == {"Likes tea"}
    assert used(client) == 1
    for agent_id in (keeps, takes):
        path = f"/v1/agents/{agent_id}"
        refused(client.http.get(f"{path}/memories?user_id=ada"), 404, "not_found")
        refused(client.http.delete(path), 404, "not_found")


def test_agent_and_team_do_not_go_together(client: Client) -> None:
    """Rule 9: each is a scope of its own, so both at once are refused, on reads as well."""
    agent_id = agent(client)
    body = {"user_id": "ada", "fact": "x", "agent_id": agent_id, "team_id": NOBODY}
    refused(client.http.post("/v1/memories", json=body), 422, "validation")
    query = {"user_id": "ada", "q": "x", "agent_id": agent_id, "team_id": NOBODY}
    refused(client.http.get("/v1/memories/search", params=query), 422, "validation")
