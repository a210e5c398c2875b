"""Contract §1.5 and rule 12: setup, sign-up, keys with scopes, restrictions and rotation."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import (
    NOBODY,
    OwnerLock,
    agent,
    all_behind,
    at_once,
    batch,
    edge,
    found,
    got,
    keyless,
    listed,
    made,
    refused,
    restricted,
    sql,
    statuses,
    store,
    team,
    walked,
)
from tests.system.contract.test_memories import DISTINCT


def test_setup_works_once_ever(own: Stack) -> None:
    """§1.5 POST /setup and rule 12: of ten at once on a fresh database one is 201, the others
    410; SETUP_SECRET is asked for; the key works; nothing makes it possible again."""
    sql(own, "DELETE FROM tenants")
    sql(own, "UPDATE installation SET set_up_at = NULL")

    http = keyless(own)

    def setup(body: Any = None) -> httpx2.Response:
        secret = {"x-setup-secret": "a secret of the operator"}
        return http.post("/setup", json=body, headers=secret)

    refused(http.post("/setup"), 403, "setup_secret")
    for wrong in ("", "a secret of the operatoR", "ä"):
        answer = http.post("/setup", headers=[(b"x-setup-secret", wrong.encode())])
        refused(answer, 403, "setup_secret")
    answers = at_once(*[lambda: setup({"tenant_name": "Lab"})] * 10)

    assert statuses(answers) == [201] + [410] * 9
    [body] = [answer.json() for answer in answers if answer.status_code == 201]
    assert body.keys() == {"tenant_id", "tenant_name", "api_key", "note"}
    assert body["tenant_name"] == "Lab"
    assert sql(own, "SELECT count(*) FROM tenants") == [(1,)]
    client = Client(own.base_url, body["api_key"])
    assert got(client, "/v1/usage")["plan"] == "self-hosted"
    assert [key["label"] for key in got(client, "/v1/keys")["keys"]] == ["setup"]
    refused(setup(), 410, "already_set_up")
    sql(own, "DELETE FROM tenants WHERE tenant_id = %s", UUID(body["tenant_id"]))
    refused(setup({}), 410, "already_set_up")


def test_signing_up_makes_a_tenant_of_its_own(own: Stack) -> None:
    """§1.5 POST /v1/signup where it is open: 201; 409 for the same address in any case; 422; 429
    after 5 attempts an hour from one address, of however many at once."""
    sql(own, "DELETE FROM signup_attempts")

    http = keyless(own)

    def sign_up(email: str) -> httpx2.Response:
        return http.post("/v1/signup", json={"email": email})

    refused(sign_up("nobody"), 422, "validation")
    answers = at_once(*[lambda: sign_up("Ada@Example.org")] * 3)
    assert statuses(answers) == [201, 409, 409]
    [body] = [answer.json() for answer in answers if answer.status_code == 201]
    assert body.keys() == {"api_key", "message"}
    client = Client(own.base_url, body["api_key"])
    usage = got(client, "/v1/usage")
    assert (usage["plan"], usage["memory_limit"]) == ("free", 100)
    assert usage["usage"]["agents"]["limit"] == 1
    refused(sign_up("ada@example.ORG"), 409, "already_registered")
    tries: list[Callable[[], httpx2.Response]] = [
        lambda n=n: sign_up(f"b{n}@example.org")  # type: ignore[misc]
        for n in range(8)
    ]
    last = all_behind(OwnerLock(own, "LOCK TABLE signup_attempts IN EXCLUSIVE MODE"), *tries)
    assert statuses(last) == [201] + [429] * 7
    limited = next(answer for answer in last if answer.status_code == 429)
    refused(limited, 429, "rate_limited")
    assert int(limited.headers["retry-after"]) > 0


def test_keys_are_listed_without_their_secret(client: Client) -> None:
    """§1.5 keys: id, label, created_at, last_used_at, hint; the secret is shown once."""
    issued = made(client, "/v1/keys", label="bot", scopes=["read", "read"], users=["ada"])
    assert (issued["scopes"], issued["users"], issued["agents"]) == (["read"], ["ada"], None)
    listed = got(client, "/v1/keys")["keys"]
    assert [key["label"] for key in listed] == ["test", "bot"]
    assert listed[1] == {name: issued[name] for name in issued if name != "api_key"}
    assert issued["api_key"].startswith(listed[1]["prefix"])
    assert listed[0]["last_used_at"] is not None


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": []},
        {"scopes": ["root"]},
        {"label": "x" * 101},
        {"users": []},
        {"users": [""]},
        {"namespaces": []},
        {"agents": ["x"]},
        {"expires_at": "soon"},
        {"scopes": ["admin"], "users": ["ada"]},
        {"scopes": ["read", "admin"], "namespaces": ["n"]},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(somebody: Client, body: dict[str, Any]) -> None:
    """Rule 12 and §5.3 key label 100: a restricted key cannot be an admin's."""
    refused(somebody.http.post("/v1/keys", json=body), 422, "validation")


def test_scopes_hold_on_every_route(stack: Stack, client: Client) -> None:
    """Rule 12 scopes: `read` writes nothing, `write` reads nothing, neither manages keys."""
    memory_id = store(client, "Likes tea")["id"]

    def with_scope(scope: str) -> Client:
        key = made(client, "/v1/keys", scopes=[scope])["api_key"]
        return Client(stack.base_url, key)

    reads = [
        ("GET", "/v1/memories?user_id=ada"),
        ("GET", "/v1/memories/search?user_id=ada&q=x"),
        ("GET", f"/v1/memories/{memory_id}"),
        ("GET", "/v1/users/ada/context"),
        ("GET", "/v1/users/ada/export"),
        ("GET", "/v1/conversations"),
        ("GET", f"/v1/conversations/{NOBODY}"),
        ("GET", "/v1/agents"),
        ("GET", f"/v1/agents/{NOBODY}/memories?user_id=ada"),
        ("GET", "/v1/teams"),
        ("GET", f"/v1/teams/{NOBODY}"),
        ("GET", "/v1/skills"),
        ("GET", f"/v1/graph/traverse/{memory_id}"),
        ("GET", f"/v1/graph/related/{memory_id}"),
        ("GET", "/v1/usage"),
        ("GET", "/v1/settings"),
        ("GET", "/v1/pipeline"),
    ]
    writes = [
        ("POST", "/v1/memories", {"user_id": "ada", "fact": "x"}),
        ("POST", "/v1/memories:batch", {"memories": [{"user_id": "ada", "fact": "x"}]}),
        ("PATCH", f"/v1/memories/{memory_id}", {"importance": 1}),
        ("POST", f"/v1/memories/{memory_id}/restore", None),
        ("DELETE", f"/v1/memories/{memory_id}", None),
        ("DELETE", "/v1/users/ada", None),
        ("POST", "/v1/conversations", {"user_id": "ada", "transcript": "Ada: Hi"}),
        ("POST", f"/v1/conversations/{NOBODY}/replay", None),
        ("DELETE", f"/v1/conversations/{NOBODY}", None),
        ("POST", "/v1/agents", {"name": "x", "owner_id": "ada"}),
        ("DELETE", f"/v1/agents/{NOBODY}", None),
        ("POST", f"/v1/agents/{NOBODY}/memories", {"user_id": "ada", "fact": "x"}),
        ("POST", f"/v1/agents/{NOBODY}/skills", {"skill_id": NOBODY}),
        ("POST", "/v1/skills", {"name": "x"}),
        ("DELETE", f"/v1/skills/{NOBODY}", None),
        ("POST", "/v1/teams", {"name": "x", "slug": "x", "user_id": "ada"}),
        ("DELETE", f"/v1/teams/{NOBODY}?user_id=ada", None),
        ("POST", f"/v1/teams/{NOBODY}/members", {"user_id": "b", "added_by": "ada"}),
        ("DELETE", f"/v1/teams/{NOBODY}/members/b?removed_by=ada", None),
        ("DELETE", f"/v1/graph/edge/{NOBODY}", None),
        ("POST", "/v1/keys", {}),
        ("GET", "/v1/keys", None),
        ("DELETE", f"/v1/keys/{NOBODY}", None),
        ("POST", f"/v1/keys/{NOBODY}/rotate", None),
        ("PATCH", "/v1/settings", {"half_life_days": 1}),
    ]
    reader, writer = with_scope("read"), with_scope("write")
    for method, path, body in writes:
        refused(reader.http.request(method, path, json=body), 403, "missing_scope")
    for method, path in reads:
        refused(writer.http.request(method, path), 403, "missing_scope")
        assert reader.http.request(method, path).status_code in (200, 404), path
    assert got(client, f"/v1/memories/{memory_id}")["importance"] == 0.5


def test_a_rotated_key_gives_way_to_one_that_may_do_the_same(stack: Stack, client: Client) -> None:
    """Rule 12 rotation: without grace the old key ends at once, with grace a little later."""
    agent_id = agent(client)
    first = made(client, "/v1/keys", label="bot", scopes=["read"], agents=[agent_id])
    rotated = made(client, f"/v1/keys/{first['id']}/rotate")
    same = ("label", "scopes", "users", "namespaces", "agents", "expires_at")
    assert {name: rotated[name] for name in same} == {name: first[name] for name in same}
    assert rotated["id"] != first["id"]
    refused(Client(stack.base_url, first["api_key"]).http.get("/v1/usage"), 401, "unauthenticated")
    assert got(Client(stack.base_url, rotated["api_key"]), "/v1/agents")["agents"]

    kept = made(client, "/v1/keys", scopes=["read"])
    brief = made(client, "/v1/keys", scopes=["read"])
    made(client, f"/v1/keys/{kept['id']}/rotate", grace_seconds=60)
    made(client, f"/v1/keys/{brief['id']}/rotate", grace_seconds=0.2)
    assert got(Client(stack.base_url, kept["api_key"]), "/v1/usage")
    time.sleep(0.3)
    refused(Client(stack.base_url, brief["api_key"]).http.get("/v1/usage"), 401, "unauthenticated")
    for key_id in (first["id"], brief["id"], NOBODY):
        refused(client.http.post(f"/v1/keys/{key_id}/rotate"), 404, "not_found")
    answer = client.http.post(f"/v1/keys/{kept['id']}/rotate", json={"grace_seconds": -1})
    refused(answer, 422, "validation")


def test_a_key_is_rotated_once_however_many_ask(client: Client) -> None:
    """Rule 12 rotation under concurrency: one 201, the others 404."""
    key_id = made(client, "/v1/keys", scopes=["read"])["id"]
    answers = at_once(*[lambda: client.http.post(f"/v1/keys/{key_id}/rotate")] * 6)
    assert statuses(answers) == [201] + [404] * 5


def out_of_reach(key: Client, user_id: str, **place: Any) -> None:
    """Assert that every way to this place is closed, by what a request names."""
    query = {"user_id": user_id, "q": "x", **place}
    for path in ("/v1/memories", "/v1/memories/search", f"/v1/users/{user_id}/context"):
        refused(key.http.get(path, params=query), 403, "out_of_reach")
    fact = {"user_id": user_id, "fact": "Was here", **place}
    talk = {"user_id": user_id, "transcript": "Ada: I was here.", **place}
    for path, body in (
        ("/v1/memories", fact),
        ("/v1/memories:batch", {"memories": [fact]}),
        ("/v1/conversations", talk),
    ):
        refused(key.http.post(path, json=body), 403, "out_of_reach")


def untouchable(key: Client, hidden: str, reachable: str, edge_id: str, talk: str) -> None:
    """Assert that nothing is reached by its id."""
    ends = {"from_memory_id": hidden, "to_memory_id": reachable, "relationship_type": "x"}
    for method, path, body in (
        ("GET", f"/v1/memories/{hidden}", None),
        ("PATCH", f"/v1/memories/{hidden}", {"importance": 1}),
        ("DELETE", f"/v1/memories/{hidden}", None),
        ("POST", f"/v1/memories/{hidden}/restore", None),
        ("GET", f"/v1/graph/traverse/{hidden}", None),
        ("GET", f"/v1/graph/related/{hidden}", None),
        ("POST", "/v1/graph/connect", ends),
        ("DELETE", f"/v1/graph/edge/{edge_id}", None),
        ("GET", f"/v1/conversations/{talk}", None),
        ("POST", f"/v1/conversations/{talk}/replay", None),
        ("DELETE", f"/v1/conversations/{talk}?memories=true", None),
    ):
        refused(key.http.request(method, path, json=body), 404, "not_found")
    assert walked(key, reachable, depth=5) == {}
    assert got(key, f"/v1/graph/related/{reachable}")["related"] == []
    assert got(key, "/v1/conversations")["conversations"] == []


def test_a_key_for_a_user_reaches_nobody_else(stack: Stack, client: Client) -> None:
    """Rule 12 restriction to users: by name, by id, by graph, conversation, export, agent."""
    agent_id = agent(client)
    mine, theirs = store(client, "Likes tea")["id"], store(client, "Keeps bees", "bob")["id"]
    store(client, "Plays the cello", "bob", agent_id=agent_id)
    talk = client.post_conversation("bob", "I live in Lisbon.")
    key = restricted(stack, client, users=["ada", "carl"])

    out_of_reach(key, "bob")
    out_of_reach(key, "bob", agent_id=agent_id)
    out_of_reach(key, "ADA")
    untouchable(key, theirs, mine, edge(client, mine, theirs), talk)
    for method, path in (("GET", "/v1/users/bob/export"), ("DELETE", "/v1/users/bob")):
        refused(key.http.request(method, path), 403, "out_of_reach")
    path = f"/v1/agents/{agent_id}/memories"
    refused(key.http.get(path, params={"user_id": "bob"}), 403, "out_of_reach")
    refused(key.http.post(path, json={"user_id": "bob", "fact": "x"}), 403, "out_of_reach")
    assert found(key) == {"Likes tea"}
    assert store(key, "Drives a red van", "carl")["action"] == "stored"
    export = key.http.get("/v1/users/ada/export")
    assert (export.status_code, "bees" in export.text) == (200, False)


def test_a_key_for_a_user_acts_for_nobody_else_in_a_team(stack: Stack, client: Client) -> None:
    """Rule 12 restriction to users: it cannot speak as another admin or member."""
    team_id = team(client, "bob", ada="member")
    shared = store(client, "The release is on Friday", "bob", team_id=team_id)["id"]
    key = restricted(stack, client, users=["ada"])
    path = f"/v1/teams/{team_id}"
    for method, where, body in (
        ("PATCH", path, {"user_id": "bob", "name": "x"}),
        ("DELETE", f"{path}?user_id=bob", None),
        ("POST", f"{path}/members", {"user_id": "x", "added_by": "bob"}),
        ("PATCH", f"{path}/members/ada", {"role": "admin", "changed_by": "bob"}),
        ("DELETE", f"{path}/members/bob?removed_by=bob", None),
        ("POST", f"{path}/invitations", {"email": "a@b.org", "invited_by": "bob"}),
        ("POST", "/v1/teams", {"name": "x", "slug": "x", "user_id": "bob"}),
    ):
        refused(key.http.request(method, where, json=body), 403, "out_of_reach")
    refused(key.http.delete(f"{path}?user_id=ada"), 403, "not_an_admin")
    out_of_reach(key, "bob", team_id=team_id)
    assert found(key, team_id=team_id) == {"The release is on Friday"}
    assert key.http.delete(f"/v1/memories/{shared}").status_code == 404


def test_a_key_for_a_user_cannot_forget_an_agents_other_users(stack: Stack, client: Client) -> None:
    """Rule 12 restriction to users: deleting an agent with its memories is no way around."""
    agent_id = agent(client)
    theirs = store(client, "Keeps bees", "bob", agent_id=agent_id)["id"]
    for reach in ({"users": ["ada"]}, {"namespaces": ["work"]}):
        key = restricted(stack, client, **reach)
        answer = key.http.delete(f"/v1/agents/{agent_id}", params={"memories": "true"})
        assert answer.status_code in (403, 404)
        assert got(client, f"/v1/memories/{theirs}")["state"] == "live"


def test_a_key_for_a_namespace_reaches_no_other(stack: Stack, client: Client) -> None:
    """Rule 12 restriction to namespaces: the default one is closed as well."""
    agent_id, team_id = agent(client), team(client)
    hidden = store(client, "Keeps bees")["id"]
    mine = store(client, "Works as a nurse", namespace="work")["id"]
    talk = client.post_conversation("ada", "I live in Lisbon.")
    store(client, "The release is on Friday", team_id=team_id)
    key = restricted(stack, client, namespaces=["work"])

    out_of_reach(key, "ada")
    out_of_reach(key, "ada", namespace="Work")
    out_of_reach(key, "ada", team_id=team_id)
    untouchable(key, hidden, mine, edge(client, mine, hidden), talk)
    for method, path in (("GET", "/v1/users/ada/export"), ("DELETE", "/v1/users/ada")):
        refused(key.http.request(method, path), 403, "out_of_reach")
    path = f"/v1/agents/{agent_id}/memories"
    refused(key.http.get(path, params={"user_id": "ada"}), 403, "out_of_reach")
    moved = key.http.patch(f"/v1/memories/{mine}", json={"namespace": "default"})
    refused(moved, 403, "out_of_reach")
    assert found(key, namespace="work") == {"Works as a nurse"}
    assert listed(key, namespace="work", include_team=True) == ["Works as a nurse"]


def test_a_key_for_a_namespace_shows_no_past_of_another(stack: Stack, client: Client) -> None:
    """Rule 12 restriction to namespaces: nor through the versions of what was moved in."""
    store(client, "Lives in New York")
    moved = store(client, "Lives in San Francisco")["id"]
    answer = client.http.patch(f"/v1/memories/{moved}", json={"namespace": "work"})
    assert answer.status_code == 200
    key = restricted(stack, client, namespaces=["work"])
    assert "New York" not in key.http.get(f"/v1/memories/{moved}").text


def test_a_key_for_an_agent_reaches_its_memories_alone(stack: Stack, client: Client) -> None:
    """Rule 12 restriction to agents: nothing but the memories of these agents."""
    mine, other, team_id = agent(client, "Mine"), agent(client, "Other"), team(client)
    hidden = store(client, "Keeps bees", agent_id=other)["id"]
    reachable = store(client, "Likes tea", agent_id=mine)["id"]
    own = store(client, "Lives in Lisbon")["id"]
    store(client, "The release is on Friday", team_id=team_id)
    talk = client.post_conversation("ada", "I live in Lisbon.")
    key = restricted(stack, client, agents=[mine])

    out_of_reach(key, "ada")
    out_of_reach(key, "ada", team_id=team_id)
    for memory_id in (hidden, own):
        untouchable(key, memory_id, reachable, edge(client, reachable, memory_id), talk)
    for method, path, body in (
        ("GET", f"/v1/agents/{other}", None),
        ("PATCH", f"/v1/agents/{other}", {"name": "x"}),
        ("DELETE", f"/v1/agents/{other}?memories=true", None),
        ("GET", f"/v1/agents/{other}/memories?user_id=ada", None),
        ("POST", f"/v1/agents/{other}/memories", {"user_id": "ada", "fact": "x"}),
        ("POST", "/v1/memories", {"user_id": "ada", "fact": "x", "agent_id": other}),
        ("GET", f"/v1/memories/search?user_id=ada&q=x&agent_id={other}", None),
        ("GET", f"/v1/agents/{other}/skills", None),
    ):
        refused(key.http.request(method, path, json=body), 404, "not_found")
    assert [each["id"] for each in got(key, "/v1/agents")["agents"]] == [mine]
    for query in ({"agent_id": mine}, {"include_agents": True}):
        assert found(key, **query) == {"Likes tea"}
        assert listed(key, **query) == ["Likes tea"]
    assert found(key, include_agents=True, include_team=True) == {"Likes tea"}
    stored = store(key, "Plays the cello", agent_id=mine)
    shared = key.http.patch(
        f"/v1/memories/{stored['id']}", json={"visibility": "team", "team_id": team_id}
    )
    assert shared.status_code in (403, 409)


@pytest.mark.parametrize("reach", ["agents", "namespaces"])
def test_a_key_for_a_part_cannot_undo_a_team(stack: Stack, client: Client, reach: str) -> None:
    """Rule 12 restriction to agents or namespaces: a team's memories are out of its reach, so
    dissolving the team, which moves them, is too."""
    team_id = team(client, bob="member")
    shared = store(client, "The release is on Friday", team_id=team_id)["id"]
    part = [agent(client)] if reach == "agents" else ["work"]
    key = restricted(stack, client, **{reach: part})
    refused(key.http.delete(f"/v1/teams/{team_id}?user_id=ada"), 403, "out_of_reach")
    assert got(client, f"/v1/memories/{shared}")["visibility"] == "team"


def test_another_tenants_ids_lead_nowhere(stack: Stack, client: Client) -> None:
    """§1.1 Tenancy: another tenant's ids on every route are 404, a refusal or empty, never a
    5xx."""
    ids = batch(client, DISTINCT[:2])
    team_id, agent_id = team(client), agent(client)
    skill_id = made(client, "/v1/skills", name="x")["id"]
    key_id = made(client, "/v1/keys", scopes=["read"])["id"]
    edge_id = edge(client, *ids)
    talk = client.post_conversation("ada", "I live in Lisbon.")
    client.finished(talk)
    other = stack.client()
    mine = store(other, "Likes tea")["id"]
    own_agent = agent(other)

    for method, path, body in (
        ("GET", f"/v1/memories/{ids[0]}", None),
        ("PATCH", f"/v1/memories/{ids[0]}", {"importance": 1}),
        ("PATCH", f"/v1/memories/{ids[0]}", {"fact": "Stolen"}),
        ("DELETE", f"/v1/memories/{ids[0]}", None),
        ("POST", f"/v1/memories/{ids[0]}/restore", None),
        ("GET", f"/v1/graph/traverse/{ids[0]}", None),
        ("GET", f"/v1/graph/related/{ids[0]}", None),
        ("DELETE", f"/v1/graph/edge/{edge_id}", None),
        ("GET", f"/v1/agents/{agent_id}", None),
        ("PATCH", f"/v1/agents/{agent_id}", {"name": "x"}),
        ("DELETE", f"/v1/agents/{agent_id}?memories=true", None),
        ("GET", f"/v1/agents/{agent_id}/memories?user_id=ada", None),
        ("POST", f"/v1/agents/{agent_id}/memories", {"user_id": "ada", "fact": "x"}),
        ("GET", f"/v1/agents/{agent_id}/skills", None),
        ("POST", f"/v1/agents/{own_agent}/skills", {"skill_id": skill_id}),
        ("POST", f"/v1/agents/{agent_id}/skills", {"skill_id": skill_id}),
        ("DELETE", f"/v1/agents/{agent_id}/skills/{skill_id}", None),
        ("GET", f"/v1/skills/{skill_id}", None),
        ("PATCH", f"/v1/skills/{skill_id}", {"name": "x"}),
        ("DELETE", f"/v1/skills/{skill_id}", None),
        ("GET", f"/v1/teams/{team_id}", None),
        ("PATCH", f"/v1/teams/{team_id}", {"user_id": "ada", "name": "x"}),
        ("DELETE", f"/v1/teams/{team_id}?user_id=ada", None),
        ("POST", f"/v1/teams/{team_id}/members", {"user_id": "x", "added_by": "ada"}),
        ("PATCH", f"/v1/teams/{team_id}/members/ada", {"role": "member", "changed_by": "ada"}),
        ("DELETE", f"/v1/teams/{team_id}/members/ada?removed_by=ada", None),
        ("POST", f"/v1/teams/{team_id}/invitations", {"email": "a@b.org", "invited_by": "ada"}),
        ("GET", f"/v1/conversations/{talk}", None),
        ("POST", f"/v1/conversations/{talk}/replay", None),
        ("DELETE", f"/v1/conversations/{talk}", None),
        ("DELETE", f"/v1/keys/{key_id}", None),
        ("POST", f"/v1/keys/{key_id}/rotate", None),
    ):
        refused(other.http.request(method, path, json=body), 404, "not_found")
    for start, end in ((mine, ids[0]), (ids[0], mine), (ids[0], ids[1])):
        body = {"from_memory_id": start, "to_memory_id": end, "relationship_type": "x"}
        refused(other.http.post("/v1/graph/connect", json=body), 404, "not_found")
    for place in ({"team_id": team_id}, {"agent_id": agent_id}):
        for path in ("/v1/memories", "/v1/memories/search", "/v1/users/ada/context"):
            answer = other.http.get(path, params={"user_id": "ada", "q": "x", **place})
            assert answer.status_code in (403, 404), (path, place)
        answer = other.http.post("/v1/memories", json={"user_id": "ada", "fact": "x", **place})
        assert answer.status_code in (403, 404)
    assert listed(other, cursor=ids[1]) in ([], ["Likes tea"])
    assert '"edge"' not in other.http.get("/v1/users/ada/export").text
    assert other.http.delete("/v1/users/ada").json()["erased"]["memories"] == 1
    assert set(listed(client)) >= set(DISTINCT[:2])
    assert walked(client, ids[0]) == {ids[1]: 1}
