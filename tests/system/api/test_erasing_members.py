"""What becomes of teams, of what others told them, and of keys, when a member is erased."""

from __future__ import annotations

import json
from typing import Any

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import got, listed, made, refused, sql, store, team, used


def erase(client: Client, user_id: str) -> None:
    answer = client.http.delete(f"/v1/users/{user_id}")
    assert answer.status_code == 200, answer.text


def shared(client: Client, user_id: str, team_id: str) -> list[dict[str, Any]]:
    query = {"user_id": user_id, "team_id": team_id, "visibility": "team"}
    found: list[dict[str, Any]] = got(client, "/v1/memories", **query)["memories"]
    return found


def test_what_a_second_member_stored_directly_stays_when_the_first_is_erased(
    client: Client,
) -> None:
    team_id = team(client, bob="member", carl="member")
    by_a_model = {"Smara-Stated-By": "model"}
    first = store(client, "The office is in Bergen.", team_id=team_id, metadata={"from": "ada"})
    store(client, "The harbour is in Stavanger.", team_id=team_id)
    again = {"user_id": "bob", "fact": "The office is in Bergen", "team_id": team_id}
    again |= {"source": "wiki", "metadata": {"from": "bob"}}
    repeated = client.http.post("/v1/memories", json=again, headers=by_a_model).json()
    assert repeated == {"action": "duplicate", "id": first["id"]}
    store(client, "The office is in Bergen.", "carl", team_id=team_id)

    erase(client, "ada")

    [left] = shared(client, "bob", team_id)
    assert (left["fact"], left["user_id"]) == ("The office is in Bergen", "bob")
    assert (left["source"], left["metadata"]) == ("wiki", {"from": "bob"})
    assert (left["id"], left["trust"]) == (first["id"], 0.6)
    assert used(client) == 1

    erase(client, "bob")
    assert [memory["user_id"] for memory in shared(client, "carl", team_id)] == ["carl"]
    erase(client, "carl")
    assert used(client) == 0


def test_what_a_batch_repeats_stays_too_and_what_is_said_of_it_is_exported_and_erased(
    stack: Stack, client: Client
) -> None:
    team_id = team(client, bob="member")
    store(client, "The office is in Bergen.", team_id=team_id)
    batch = [{"user_id": "bob", "fact": "The office is in Bergen.", "team_id": team_id}] * 2
    answer = client.http.post("/v1/memories:batch", json={"memories": batch}).json()
    assert answer["duplicates"] == 2

    lines = client.http.get("/v1/users/bob/export").text.splitlines()
    [said] = [line for line in map(json.loads, lines) if line["type"] == "observation"]
    assert (said["user_id"], said["fact"]) == ("bob", "The office is in Bergen.")
    ada = client.http.get("/v1/users/ada/export").text
    assert '"observation"' not in ada

    erase(client, "bob")
    kept = "SELECT count(*) FROM observations WHERE memory_id = %s AND user_id = 'bob'"
    assert sql(stack, kept, said["memory_id"]) == [(0,)]
    assert [memory["user_id"] for memory in shared(client, "ada", team_id)] == ["ada"]


def test_a_team_whose_only_member_is_erased_goes_with_its_name(
    stack: Stack, client: Client
) -> None:
    alone = team(client, slug="ada-and-friends", bob="member")
    store(client, "The office is in Bergen.", "bob", team_id=alone)
    store(client, "The harbour is in Stavanger.", team_id=alone)
    left = client.http.delete(f"/v1/teams/{alone}/members/bob", params={"removed_by": "bob"})
    assert left.status_code == 204
    shared_with_carl = team(client, slug="crew", carl="member")
    assert got(client, "/v1/usage")["usage"]["teams"]["used"] == 2

    erase(client, "ada")

    assert [each["id"] for each in got(client, "/v1/teams")["teams"]] == [shared_with_carl]
    refused(client.http.get(f"/v1/teams/{alone}"), 404, "not_found")
    assert sql(stack, "SELECT name FROM teams WHERE team_id = %s", alone) == []
    assert got(client, "/v1/usage")["usage"]["teams"]["used"] == 1
    assert listed(client, "bob") == ["The office is in Bergen."]
    assert used(client) == 1
    made(client, "/v1/teams", name="Anew", slug="ada-and-friends", user_id="bob")


def test_nobody_joins_a_team_that_goes(client: Client) -> None:
    team_id = team(client)
    token = made(
        client, f"/v1/teams/{team_id}/invitations", email="b@example.org", invited_by="ada"
    )["token"]

    erase(client, "ada")

    body = {"user_id": "bob", "email": "b@example.org"}
    refused(client.http.post(f"/v1/invitations/{token}/accept", json=body), 404, "not_found")
