"""Idempotency keys belong to a reach: a restricted API key takes none of another's, and learns
nothing of what was asked under it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import got, listed, made, refused, restricted, sql, store, team


def sent(client: Client, path: str, body: dict[str, Any], key: str = "once") -> httpx2.Response:
    return client.http.post(path, json=body, headers={"Idempotency-Key": key})


def replayed(answer: httpx2.Response) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


ALICES = {
    "/v1/conversations": {"user_id": "alice", "transcript": "Alice: I keep bees."},
    "/v1/memories": {"user_id": "alice", "fact": "Keeps bees"},
    "/v1/memories:batch": {"memories": [{"user_id": "alice", "fact": "Keeps bees"}]},
    "/v1/agents": {"name": "Bee", "owner_id": "alice"},
    "/v1/teams": {"name": "Bees", "slug": "bees", "user_id": "alice"},
}


@pytest.fixture
def bob(stack: Stack, client: Client) -> Client:
    return restricted(stack, client, users=["bob"])


@pytest.mark.parametrize("path", ALICES)
def test_a_restricted_key_takes_no_idempotency_key_of_the_application_away(
    path: str, client: Client, bob: Client
) -> None:
    mine = sent(bob, "/v1/memories", {"user_id": "bob", "fact": "Likes tea"})
    assert mine.status_code == 201

    first = sent(client, path, ALICES[path])

    assert first.is_success, first.text
    assert not replayed(first)
    assert replayed(sent(client, path, ALICES[path]))
    assert replayed(sent(bob, "/v1/memories", {"user_id": "bob", "fact": "Likes tea"}))


def test_keys_of_the_same_reach_share_their_idempotency_keys(stack: Stack, client: Client) -> None:
    one = restricted(stack, client, users=["bob", "carol"])
    same = restricted(stack, client, users=["carol", "bob"])
    less = restricted(stack, client, users=["bob"])
    body = {"user_id": "bob", "fact": "Likes tea"}

    assert not replayed(sent(one, "/v1/memories", body))
    assert replayed(sent(same, "/v1/memories", body))
    assert not replayed(sent(less, "/v1/memories", body))
    refused(sent(same, "/v1/memories", {**body, "fact": "x"}), 422, "idempotency_key_reused")


def of_the_application(client: Client) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests that bob's key may not make."""
    one, two = (store(client, fact, "alice")["id"] for fact in ("Keeps bees", "Sails"))
    edge = {"from_memory_id": one, "to_memory_id": two, "relationship_type": "x"}
    crew = team(client, "alice", slug="alices")
    agent_id = made(client, "/v1/agents", name="Bee", owner_id="alice")["id"]
    skill_id = made(client, "/v1/skills", name="search")["id"]
    yield from ALICES.items()
    yield "/v1/graph/connect", edge
    yield "/v1/skills", {"name": "search"}
    yield f"/v1/teams/{crew}/members", {"user_id": "carol", "added_by": "alice"}
    yield f"/v1/agents/{agent_id}/skills", {"skill_id": skill_id}
    yield f"/v1/agents/{agent_id}/memories", {"user_id": "alice", "fact": "Flies"}


def test_nobody_is_told_the_answer_to_a_request_that_they_may_not_make(
    client: Client, bob: Client
) -> None:
    for number, (path, body) in enumerate(of_the_application(client)):
        key = f"chat-{number}"
        first = sent(client, path, body, key)
        assert first.is_success, first.text

        same = sent(bob, path, body, key)
        other = sent(bob, path, {**body, "name": "x", "fact": "x", "weight": 0.5}, key)

        for answer in (same, other):
            assert answer.status_code in (403, 404), (path, answer.text)
            assert not replayed(answer)
        assert replayed(sent(client, path, body, key))


def test_what_a_restricted_key_sent_before_keys_had_spaces_is_still_answered(
    stack: Stack, client: Client, bob: Client
) -> None:
    """Rows of the version before: under the bare key, for the whole tenant."""
    fact = {"user_id": "bob", "fact": "Likes tea"}
    chat = {"user_id": "bob", "transcript": "Bob: I sail."}
    first = [sent(bob, "/v1/memories", fact), sent(bob, "/v1/conversations", chat)]
    tenant = got(client, "/v1/teams/" + team(client))["tenant_id"]
    for table, column in (("idempotency_keys", "key"), ("conversations", "idempotency_key")):
        sql(
            stack,
            f"UPDATE {table} SET {column} = 'once' WHERE tenant_id = %s AND {column} LIKE %s",
            tenant,
            "% once",
        )

    again = [sent(bob, "/v1/memories", fact), sent(bob, "/v1/conversations", chat)]

    assert [replayed(each) for each in again] == [True, True]
    assert [each.json()["id"] for each in again] == [each.json()["id"] for each in first]
    other = sent(bob, "/v1/memories", {**fact, "fact": "Likes coffee"})
    assert (other.status_code, replayed(other)) == (201, False)
    assert "Likes coffee" in listed(client, "bob")
