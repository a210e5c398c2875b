"""What a tenant is said to hold is what it holds, whatever happened to its memories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.support.client import Client
from tests.support.stack import Stack

Change = Callable[[Client], object]


def store(client: Client, fact: str, **fields: Any) -> dict[str, Any]:
    answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": fact, **fields})
    assert answer.status_code in (200, 201), answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def replaced(client: Client) -> str:
    """A memory that another one has retired."""
    store(client, "Lives in New York")
    retired: str = store(client, "Lives in San Francisco")["replaced_id"]
    return retired


def history_that_came_late(client: Client) -> None:
    store(client, "Lives in San Francisco", valid_from="2026-03-01T00:00:00Z")
    store(client, "Lives in New York", valid_from="2020-01-01T00:00:00Z")


def a_batch_that_changes_its_mind(client: Client) -> None:
    york, francisco = "Lives in New York", "Lives in San Francisco"
    facts = [york, francisco, york, "Likes tea", "Likes tea"]
    body = {"memories": [{"user_id": "ada", "fact": fact} for fact in facts]}
    assert client.http.post("/v1/memories:batch", json=body).status_code == 200


def a_team_that_is_dissolved(client: Client) -> None:
    body = {"name": "E", "slug": "e", "user_id": "ada"}
    team = client.http.post("/v1/teams", json=body).json()["id"]
    store(client, "The deadline is May 15")
    store(client, "The deadline is May 15", team_id=team)
    store(client, "The office is in Oslo", team_id=team)
    gone = client.http.delete(f"/v1/teams/{team}", params={"user_id": "ada"})
    assert gone.status_code == 204, gone.text


def an_agent_that_is_forgotten(client: Client) -> None:
    agent = client.http.post("/v1/agents", json={"name": "A", "owner_id": "o"}).json()["id"]
    store(client, "Prefers functional programming", agent_id=agent)
    gone = client.http.delete(f"/v1/agents/{agent}", params={"memories": "true"})
    assert gone.status_code == 204, gone.text


def a_conversation_that_is_erased_with_what_it_taught(client: Client) -> None:
    talk = client.post_conversation("ada", "I live in Lisbon.", "I have two cats.")
    client.finished(talk)
    client.http.delete(f"/v1/conversations/{talk}", params={"memories": "true"})


def a_person_who_is_erased(client: Client) -> None:
    replaced(client)
    assert client.http.delete("/v1/users/ada").status_code == 200


@pytest.mark.parametrize(
    ("change", "held"),
    [
        (lambda client: store(client, "Likes tea"), 1),
        (lambda client: [store(client, "Likes tea"), store(client, "Likes tea")], 1),
        (replaced, 1),
        (lambda client: client.http.delete(f"/v1/memories/{replaced(client)}"), 1),
        (lambda client: client.http.post(f"/v1/memories/{replaced(client)}/restore"), 2),
        (history_that_came_late, 1),
        (a_batch_that_changes_its_mind, 2),
        (a_team_that_is_dissolved, 2),
        (an_agent_that_is_forgotten, 0),
        (a_conversation_that_is_erased_with_what_it_taught, 0),
        (a_person_who_is_erased, 0),
    ],
)
def test_the_counter_is_the_number_of_live_memories(
    stack: Stack, client: Client, change: Change, held: int
) -> None:
    change(client)

    usage = client.http.get("/v1/usage").json()
    with psycopg.connect(stack.database_url) as connection:
        [counted] = connection.execute(
            "SELECT count(*) FROM memories JOIN api_keys USING (tenant_id)"
            " WHERE state = 'live' AND prefix = %s",
            (client.http.headers["authorization"].removeprefix("Bearer ")[:10],),
        ).fetchall()
    assert usage["memories_used"] == held
    assert counted == (held,)
