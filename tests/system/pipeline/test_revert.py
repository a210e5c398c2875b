"""A conversation undone: the memories are as if it had never been."""

from __future__ import annotations

from typing import Any

from tests.providers.anthropic import FakeAnthropic
from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack


def revert(client: Client, conversation_id: str) -> dict[str, Any]:
    answer = client.http.post(f"/v1/conversations/{conversation_id}/revert")
    assert answer.status_code == 200, answer.text
    undone: dict[str, Any] = answer.json()
    return {name: undone[name] for name in ("deleted", "restored", "edges", "weakened")}


def said(client: Client, text: str, **fields: Any) -> str:
    conversation_id = client.post_conversation("ada", text, **fields)
    assert client.finished(conversation_id)["state"] == "done"
    return conversation_id


def used(client: Client) -> int:
    memories: int = client.http.get("/v1/usage").json()["usage"]["memories"]["used"]
    return memories


def test_what_it_stored_goes_and_what_it_replaced_is_back(steady: Stack) -> None:
    client = steady.client()
    first = said(client, "User lives in Oslo. User has a cat named Miso.")
    second = said(client, "User lives in Rome. User has a cat named Miso.")
    assert sorted(client.facts("ada")) == ["User has a cat named Miso.", "User lives in Rome."]

    assert revert(client, second) == {"deleted": 1, "restored": 1, "edges": 0, "weakened": 1}

    assert sorted(client.facts("ada")) == ["User has a cat named Miso.", "User lives in Oslo."]
    assert used(client) == 2
    assert client.http.get(f"/v1/conversations/{second}").json()["reverted_at"] is not None
    assert revert(client, second) == {"deleted": 0, "restored": 0, "edges": 0, "weakened": 0}
    assert revert(client, first) == {"deleted": 2, "restored": 0, "edges": 0, "weakened": 0}
    assert client.facts("ada") == []
    assert used(client) == 0


def test_one_in_the_middle_leaves_what_came_after_it(steady: Stack) -> None:
    client = steady.client()
    said(client, "User lives in Oslo.")
    middle = said(client, "User lives in Rome.")
    last = said(client, "User lives in Bergen.")

    assert revert(client, middle) == {"deleted": 1, "restored": 0, "edges": 0, "weakened": 0}
    assert client.facts("ada") == ["User lives in Bergen."]

    assert revert(client, last) == {"deleted": 1, "restored": 1, "edges": 0, "weakened": 0}
    assert client.facts("ada") == ["User lives in Oslo."]
    assert used(client) == 1


def test_a_value_that_changed_twice_within_it_is_undone_to_what_was_before(
    steady: Stack,
) -> None:
    client = steady.client()
    said(client, "User lives in Oslo.")
    both = client.post_conversation("ada", "User lives in Rome.", "User lives in Bergen.")
    assert client.finished(both)["state"] == "done"
    assert client.facts("ada") == ["User lives in Bergen."]

    assert revert(client, both)["restored"] == 1

    assert client.facts("ada") == ["User lives in Oslo."]
    assert used(client) == 1


def test_edges_return_to_what_had_them(steady: Stack, steady_claude: FakeAnthropic) -> None:
    client = steady.client()
    said(client, "User lives in Oslo. User has a cat named Miso.")
    listed = client.http.get("/v1/memories", params={"user_id": "ada"}).json()["memories"]
    ids = {memory["fact"]: memory["id"] for memory in listed}
    oslo, cat = ids["User lives in Oslo."], ids["User has a cat named Miso."]
    client.http.post(
        "/v1/graph/connect",
        json={"from_memory_id": cat, "to_memory_id": oslo, "relationship_type": "lives_at"},
    )
    steady_claude.script({"kind": "related"})
    second = said(client, "User lives in Rome. User collects stamps.")

    undone = revert(client, second)

    assert (undone["deleted"], undone["restored"], undone["edges"]) == (2, 1, 1)
    related = client.http.get(f"/v1/graph/related/{cat}").json()["related"]
    assert [node["fact"] for node in related] == ["User lives in Oslo."]


def test_one_that_is_unfinished_or_unknown_is_refused(make_stack: MakeStack) -> None:
    client = make_stack().start(workers=False).client()
    waiting = client.post_conversation("ada", "User lives in Oslo.")

    assert client.http.post(f"/v1/conversations/{waiting}/revert").status_code == 409
    guessed = "00000000-0000-7000-8000-000000000000"
    assert client.http.post(f"/v1/conversations/{guessed}/revert").status_code == 404


def test_what_somebody_else_has_said_too_stays_as_theirs(steady: Stack) -> None:
    client = steady.client()
    first = said(client, "User lives in Oslo.")
    second = said(client, "User lives in Oslo.")

    assert revert(client, first) == {"deleted": 0, "restored": 0, "edges": 0, "weakened": 0}

    [memory] = client.http.get("/v1/memories?user_id=ada").json()["memories"]
    assert (memory["fact"], memory["conversation_id"]) == ("User lives in Oslo.", second)
    assert revert(client, second)["deleted"] == 1
    assert client.facts("ada") == []


def test_what_the_application_has_stated_too_stays(steady: Stack) -> None:
    client = steady.client()
    first = said(client, "User lives in Oslo.")
    stated = {"user_id": "ada", "fact": "User lives in Oslo."}
    assert client.http.post("/v1/memories", json=stated).json()["action"] == "duplicate"

    assert revert(client, first)["deleted"] == 0

    assert client.facts("ada") == ["User lives in Oslo."]


def test_erasing_what_replaced_a_fact_brings_it_back(steady: Stack) -> None:
    client = steady.client()
    said(client, "User lives in Oslo.")
    moved = said(client, "User lives in Rome.")

    path = f"/v1/conversations/{moved}"
    assert client.http.delete(path, params={"memories": "true"}).status_code == 204

    assert client.facts("ada") == ["User lives in Oslo."]
    assert used(client) == 1


def test_a_key_undoes_nothing_that_has_moved_out_of_its_reach(steady: Stack) -> None:
    stack = steady
    client = stack.client()
    talk = said(client, "User lives in Oslo.", namespace="open")
    [memory] = client.http.get("/v1/memories?user_id=ada&namespace=open").json()["memories"]
    moved = client.http.patch(f"/v1/memories/{memory['id']}", json={"namespace": "closed"})
    assert moved.status_code == 200
    key = client.http.post("/v1/keys", json={"namespaces": ["open"]}).json()["api_key"]
    restricted = Client(stack.base_url, key)

    path = f"/v1/conversations/{talk}"
    for answer in (
        restricted.http.post(f"{path}/revert"),
        restricted.http.delete(path, params={"memories": "true"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "out_of_reach")

    assert client.http.get(f"/v1/memories/{memory['id']}").json()["state"] == "live"


def test_what_others_told_the_team_too_stays_when_the_first_is_erased(
    steady: Stack,
) -> None:
    client = steady.client()
    team = {"name": "Crew", "slug": "crew", "user_id": "ada"}
    team_id = client.http.post("/v1/teams", json=team).json()["id"]
    member = {"user_id": "bob", "added_by": "ada"}
    assert client.http.post(f"/v1/teams/{team_id}/members", json=member).status_code == 201
    for user in ("ada", "bob"):
        talk = client.post_conversation(
            user, "The office is in Bergen.", team_id=team_id, metadata={"from": user}
        )
        assert client.finished(talk)["state"] == "done"
    said(client, "The harbour is in Stavanger.", team_id=team_id)

    assert client.http.delete("/v1/users/ada").status_code == 200

    query = {"user_id": "bob", "team_id": team_id, "visibility": "team"}
    [left] = client.http.get("/v1/memories", params=query).json()["memories"]
    assert (left["fact"], left["user_id"]) == ("The office is in Bergen.", "bob")
    assert left["metadata"] == {"from": "bob"}
    assert left["conversation_id"] == talk
    assert used(client) == 1
