"""What a restricted key may not touch beside memories: agents, skills, teams, other people's
names."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import edge, store, team


def key(stack: Stack, client: Client, **restriction: Any) -> Client:
    answer = client.http.post("/v1/keys", json=restriction)
    assert answer.status_code == 201, answer.text
    return Client(stack.base_url, answer.json()["api_key"])


def made(client: Client, path: str, **body: Any) -> str:
    answer = client.http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


def out_of_reach(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (403, "out_of_reach"), answer.text


@pytest.fixture
def agent(client: Client) -> str:
    return made(client, "/v1/agents", name="Helper", owner_id="ada", system_prompt="Be kind.")


@pytest.mark.parametrize("restriction", ["users", "namespaces", "agents"])
def test_skills_are_everyones_and_no_restricted_key_changes_them(
    stack: Stack, client: Client, agent: str, restriction: str
) -> None:
    skill = made(client, "/v1/skills", name="search")
    reach = {"users": ["ada"], "namespaces": ["open"], "agents": [agent]}[restriction]
    restricted = key(stack, client, **{restriction: reach})

    out_of_reach(restricted.http.post("/v1/skills", json={"name": "x"}))
    out_of_reach(restricted.http.patch(f"/v1/skills/{skill}", json={"name": "x"}))
    out_of_reach(restricted.http.delete(f"/v1/skills/{skill}"))
    assert client.http.get(f"/v1/skills/{skill}").json()["name"] == "search"


@pytest.mark.parametrize("restriction", ["users", "namespaces", "agents"])
def test_a_restricted_key_sees_the_skills_of_the_agents_that_it_sees(
    stack: Stack, client: Client, agent: str, restriction: str
) -> None:
    own, foreign = (made(client, "/v1/skills", name=name) for name in ("search", "payroll"))
    made_for = {"users": ["ada"], "namespaces": ["open"], "agents": [agent]}[restriction]
    attached = client.http.post(f"/v1/agents/{agent}/skills", json={"skill_id": own})
    assert attached.status_code == 201
    restricted = key(stack, client, **{restriction: made_for})
    seen = [] if restriction == "namespaces" else [own]

    listed = restricted.http.get("/v1/skills").json()["skills"]

    assert [skill["id"] for skill in listed] == seen
    assert restricted.http.get(f"/v1/skills/{foreign}").status_code == 404
    assert restricted.http.get(f"/v1/skills/{own}").status_code == (200 if seen else 404)
    attach = restricted.http.post(f"/v1/agents/{agent}/skills", json={"skill_id": foreign})
    assert attach.status_code in (403, 404)
    assert len(client.http.get("/v1/skills").json()["skills"]) == 2


@pytest.mark.parametrize("restriction", [{"users": ["ada"]}, {"namespaces": ["open"]}])
def test_a_restricted_key_reads_nothing_of_the_whole_tenant(
    stack: Stack, client: Client, restriction: dict[str, Any]
) -> None:
    restricted = key(stack, client, **restriction)

    for path in ("/v1/usage", "/v1/settings", "/v1/pipeline"):
        out_of_reach(restricted.http.get(path))
        assert client.http.get(path).status_code == 200
    usage = {"name": "smara_get_usage", "arguments": {}}
    out_of_reach(restricted.http.post("/v1/openai/tool-call", json=usage))
    query = {"user_id": "ada", "q": "x", "namespace": "open", "explain": "true"}
    assert restricted.http.get("/v1/memories/search", params=query).status_code == 200


def test_a_key_for_namespaces_sees_and_changes_no_agents_and_no_teams(
    stack: Stack, client: Client, agent: str
) -> None:
    skill = made(client, "/v1/skills", name="search")
    team = made(client, "/v1/teams", name="Crew", slug="crew", user_id="ada")
    restricted = key(stack, client, namespaces=["open"])

    assert restricted.http.get("/v1/agents").json()["agents"] == []
    assert restricted.http.get(f"/v1/agents/{agent}").status_code == 404
    assert restricted.http.get(f"/v1/agents/{agent}/skills").status_code == 404
    out_of_reach(restricted.http.patch(f"/v1/agents/{agent}", json={"system_prompt": "x"}))
    out_of_reach(restricted.http.post(f"/v1/agents/{agent}/skills", json={"skill_id": skill}))
    out_of_reach(restricted.http.post("/v1/agents", json={"name": "x", "owner_id": "ada"}))
    assert restricted.http.get("/v1/teams").json()["teams"] == []
    assert restricted.http.get(f"/v1/teams/{team}").status_code == 404


def test_a_key_for_users_reads_the_agents_of_these_and_works_with_the_others(
    stack: Stack, client: Client, agent: str
) -> None:
    ours = key(stack, client, users=["ada"])
    theirs = key(stack, client, users=["bob"])

    assert ours.http.get(f"/v1/agents/{agent}").json()["system_prompt"] == "Be kind."
    assert theirs.http.get(f"/v1/agents/{agent}").status_code == 404
    assert theirs.http.get("/v1/agents").json()["agents"] == []
    fact = {"user_id": "bob", "fact": "Likes tea"}
    assert theirs.http.post(f"/v1/agents/{agent}/memories", json=fact).status_code == 201


def test_an_export_shows_the_far_end_of_an_edge_within_reach_only(
    stack: Stack, client: Client
) -> None:
    team_id = team(client, "ada", bob="member")
    hers, second = (store(client, fact)["id"] for fact in ("Likes tea", "Sails"))
    his = store(client, "Keeps bees", "bob")["id"]
    edge(client, hers, second, metadata={"note": "of ada alone"})
    edge(client, his, hers, metadata={"note": "told by bob"})
    old = store(client, "Lives in Lisbon", team_id=team_id)["id"]
    new = store(client, "Lives in Porto", "bob", team_id=team_id)
    assert new["replaced_id"] == old

    def exported(by: Client, kind: str) -> list[dict[str, Any]]:
        lines = by.http.get("/v1/users/ada/export").text.splitlines()
        return [line for line in map(json.loads, lines) if line["type"] == kind]

    restricted = key(stack, client, users=["ada"])
    text = restricted.http.get("/v1/users/ada/export").text
    assert his not in text
    assert new["id"] not in text
    assert "told by bob" not in text
    found = {
        (line["from_memory_id"], line["to_memory_id"], str(line["metadata"]))
        for line in exported(restricted, "edge")
    }
    assert (hers, second, "{'note': 'of ada alone'}") in found
    assert (None, hers, "{}") in found
    both = key(stack, client, users=["ada", "bob"])
    for reaching in (client, both):
        whole = exported(reaching, "edge")
        assert (his, hers) in {(line["from_memory_id"], line["to_memory_id"]) for line in whole}
        assert {"note": "told by bob"} in [line["metadata"] for line in whole]
        retired = {
            line["memory_id"]: line["superseded_by"] for line in exported(reaching, "memory")
        }
        assert retired[old] == new["id"]


def test_a_key_acts_for_nobody_out_of_its_reach(stack: Stack, client: Client) -> None:
    team = made(client, "/v1/teams", name="Crew", slug="crew", user_id="bob")
    member = {"user_id": "ada", "added_by": "bob"}
    assert client.http.post(f"/v1/teams/{team}/members", json=member).status_code == 201
    shared = made(client, "/v1/memories", user_id="ada", fact="The office moved", team_id=team)
    restricted = key(stack, client, users=["ada"])

    change = {"user_id": "bob", "importance": 0.1}
    out_of_reach(restricted.http.patch(f"/v1/memories/{shared}", json=change))
    assert restricted.http.patch(
        f"/v1/memories/{shared}", json={"user_id": "ada", "importance": 0.1}
    ).is_success


def test_the_last_key_that_manages_keys_cannot_revoke_itself(client: Client) -> None:
    [own] = client.http.get("/v1/keys").json()["keys"]

    refused = client.http.delete(f"/v1/keys/{own['id']}")

    assert (refused.status_code, refused.json()["code"]) == (409, "last_admin_key")
    client.http.post("/v1/keys", json={"scopes": ["read", "admin"]})
    assert client.http.delete(f"/v1/keys/{own['id']}").status_code == 204


def test_a_key_for_an_agent_that_does_not_exist_is_not_made(client: Client) -> None:
    unknown = "019a0000-0000-7000-8000-000000000000"

    assert client.http.post("/v1/keys", json={"agents": [unknown]}).status_code == 404
