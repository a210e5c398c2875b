"""Contract §1.8: teams, members, invitations, and what becomes of a team's memories."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import (
    NOBODY,
    OwnerLock,
    all_behind,
    at_once,
    found,
    got,
    listed,
    made,
    refused,
    sql,
    statuses,
    store,
    team,
    used,
)


def invited(client: Client, team_id: str, email: str, **fields: Any) -> str:
    """The token of a new invitation."""
    path = f"/v1/teams/{team_id}/invitations"
    return str(made(client, path, email=email, invited_by="ada", **fields)["token"])


def accepted(stack: Stack, token: str, user_id: str, email: str) -> httpx2.Response:
    """The answer to accepting an invitation, without any key."""
    return httpx2.post(
        f"{stack.base_url}/v1/invitations/{token}/accept",
        json={"user_id": user_id, "email": email},
        trust_env=False,
    )


def roles(client: Client, team_id: str) -> dict[str, str]:
    """The role of each member."""
    members = got(client, f"/v1/teams/{team_id}")["members"]
    return {member["user_id"]: member["role"] for member in members}


def test_a_team_is_formed_listed_and_read(client: Client) -> None:
    """§1.8 POST, GET list, GET: fields, the creator as admin, `member_count`, oldest first."""
    first = made(
        client,
        "/v1/teams",
        name="Engineering",
        slug="eng-1",
        user_id="ada",
        email="ada@example.org",
    )
    assert first.keys() == {"id", "tenant_id", "name", "slug", "created_at"}
    second = team(client, slug="second", bob="member")

    teams = got(client, "/v1/teams")["teams"]
    assert [(each["slug"], each["member_count"]) for each in teams] == [("eng-1", 1), ("second", 2)]
    detail = got(client, f"/v1/teams/{first['id']}")
    assert detail.items() >= first.items()
    [member] = detail["members"]
    assert member.keys() == {"id", "user_id", "email", "role", "invited_by", "joined_at"}
    assert (member["user_id"], member["email"]) == ("ada", "ada@example.org")
    assert (member["role"], member["invited_by"]) == ("admin", None)
    assert roles(client, second) == {"ada": "admin", "bob": "member"}
    refused(client.http.get(f"/v1/teams/{NOBODY}"), 404, "not_found")
    refused(client.http.get("/v1/teams/x"), 422, "validation")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"slug": ""},
        {"slug": "Upper"},
        {"slug": "white space"},
        {"slug": "x" * 101},
        {"slug": "line\n"},
        {"user_id": ""},
        {"email": "nobody"},
    ],
)
def test_a_team_that_makes_no_sense_is_refused(client: Client, changes: dict[str, str]) -> None:
    """§1.8 POST and §5.3 team name/slug 100: 422."""
    body = {"name": "Crew", "slug": "crew", "user_id": "ada", **changes}
    refused(client.http.post("/v1/teams", json=body), 422, "validation")
    assert got(client, "/v1/teams")["teams"] == []


def test_a_slug_is_taken_once(stack: Stack, client: Client) -> None:
    """§1.8 POST and PATCH: 409 slug taken, under concurrency too; other tenants may have it."""
    body = {"name": "Crew", "slug": "crew", "user_id": "ada"}
    answers = at_once(*[lambda: client.http.post("/v1/teams", json=body)] * 6)
    assert statuses(answers) == [201] + [409] * 5
    assert got(client, "/v1/usage")["usage"]["teams"]["used"] == 1
    other = team(client, slug="other")
    clash = client.http.patch(f"/v1/teams/{other}", json={"user_id": "ada", "slug": "crew"})
    refused(clash, 409, "slug_taken")
    assert team(stack.client(), slug="crew")


def test_an_admin_renames_a_team(client: Client) -> None:
    """§1.8 PATCH: name and slug; nothing to change 422, others 403, unknown 404."""
    team_id = team(client, bob="member")
    path = f"/v1/teams/{team_id}"
    body = client.http.patch(path, json={"user_id": "ada", "name": "Ops", "slug": "ops"}).json()
    assert (body["id"], body["name"], body["slug"]) == (team_id, "Ops", "ops")
    refused(client.http.patch(path, json={"user_id": "ada"}), 422, "validation")
    refused(client.http.patch(path, json={"name": "x"}), 422, "validation")
    for user_id in ("bob", "eve"):
        answer = client.http.patch(path, json={"user_id": user_id, "name": "x"})
        refused(answer, 403, "not_an_admin")
    unknown = client.http.patch(f"/v1/teams/{NOBODY}", json={"user_id": "ada", "name": "x"})
    refused(unknown, 404, "not_found")


def test_members_come_change_and_go(client: Client) -> None:
    """§1.8 members: POST, PATCH, DELETE with their fields and failures."""
    team_id = team(client)
    path = f"/v1/teams/{team_id}/members"
    bob = made(client, path, user_id="bob", added_by="ada", email="bob@example.org")
    assert bob.keys() >= {"id", "user_id", "email", "role", "joined_at"}
    assert (bob["role"], bob["email"]) == ("member", "bob@example.org")
    again = client.http.post(path, json={"user_id": "bob", "added_by": "ada"})
    refused(again, 409, "already_a_member")
    by_bob = client.http.post(path, json={"user_id": "eve", "added_by": "bob"})
    refused(by_bob, 403, "not_an_admin")
    king = {"user_id": "eve", "added_by": "ada", "role": "king"}
    refused(client.http.post(path, json=king), 422, "validation")

    changed = client.http.patch(f"{path}/bob", json={"role": "read_only", "changed_by": "ada"})
    assert (changed.status_code, changed.json()["role"]) == (200, "read_only")
    self_made = client.http.patch(f"{path}/bob", json={"role": "admin", "changed_by": "bob"})
    refused(self_made, 403, "not_an_admin")
    nobody = client.http.patch(f"{path}/eve", json={"role": "member", "changed_by": "ada"})
    refused(nobody, 404, "not_found")

    refused(client.http.delete(f"{path}/bob"), 422, "validation")
    refused(client.http.delete(f"{path}/ada?removed_by=bob"), 403, "not_an_admin")
    assert client.http.delete(f"{path}/bob?removed_by=bob").status_code == 204
    refused(client.http.delete(f"{path}/bob?removed_by=ada"), 404, "not_found")
    assert roles(client, team_id) == {"ada": "admin"}


def test_a_member_may_have_a_slash_in_the_name(client: Client) -> None:
    """§1.8 members with rule 13: any character in the path."""
    team_id = team(client)
    path = f"/v1/teams/{team_id}/members"
    made(client, path, user_id="org/bob c", added_by="ada")
    one = f"{path}/org%2Fbob%20c"
    assert client.http.patch(one, json={"role": "admin", "changed_by": "ada"}).status_code == 200
    assert client.http.delete(f"{one}?removed_by=ada").status_code == 204


def test_the_same_user_joins_once_however_many_add_them(client: Client) -> None:
    """§1.8 members under concurrency: one 201, the rest 409."""
    path = f"/v1/teams/{team(client)}/members"
    body = {"user_id": "bob", "added_by": "ada"}
    answers = at_once(*[lambda: client.http.post(path, json=body)] * 6)
    assert statuses(answers) == [201] + [409] * 5


def test_two_admins_cannot_remove_each_other_at_once(stack: Stack, client: Client) -> None:
    """§1.8 under concurrency: whoever goes first, one admin stays."""
    team_id = team(client, bob="admin")
    path = f"/v1/teams/{team_id}/members"
    answers = all_behind(
        OwnerLock(stack, "SELECT FROM teams WHERE team_id = %s FOR UPDATE", team_id),
        lambda: client.http.delete(f"{path}/bob?removed_by=ada"),
        lambda: client.http.delete(f"{path}/ada?removed_by=bob"),
    )
    assert statuses(answers) in ([204, 403], [204, 409])
    assert list(roles(client, team_id).values()) == ["admin"]


def test_an_invitation_is_accepted_without_a_key(stack: Stack, client: Client) -> None:
    """§1.8 invitations: fields, 64 hex digits, 7 days; accepted by the address, in any case."""
    team_id = team(client)
    body = made(
        client,
        f"/v1/teams/{team_id}/invitations",
        email="Bob@Example.org",
        invited_by="ada",
        role="read_only",
    )
    assert body.keys() == {"id", "email", "role", "token", "expires_at", "created_at"}
    assert len(bytes.fromhex(body["token"])) == 32
    created, expires = (datetime.fromisoformat(body[name]) for name in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=7)
    answer = accepted(stack, body["token"], "bob", " bob@example.ORG ")
    assert answer.status_code == 200
    assert answer.json().keys() == {"team_id", "role", "message"}
    assert (answer.json()["team_id"], answer.json()["role"]) == (team_id, "read_only")
    assert roles(client, team_id) == {"ada": "admin", "bob": "read_only"}


def test_an_invitation_is_used_once(stack: Stack, client: Client) -> None:
    """§1.8 accept: 404 unknown, 410 used, 410 expired, under concurrency one 200."""
    team_id = team(client, carl="member")
    token = invited(client, team_id, "bob@example.org")
    tries: list[Callable[[], httpx2.Response]] = [
        lambda n=n: accepted(stack, token, f"bob{n}", "bob@example.org")  # type: ignore[misc]
        for n in range(8)
    ]
    answers = at_once(*tries)
    assert statuses(answers) == [200] + [410] * 7
    assert len(roles(client, team_id)) == 3
    refused(accepted(stack, token, "x", "bob@example.org"), 410, "invitation_used")
    refused(accepted(stack, "0" * 64, "x", "bob@example.org"), 404, "not_found")

    late = invited(client, team_id, "late@example.org")
    sql(stack, "UPDATE invitations SET expires_at = now() WHERE email = 'late@example.org'")
    refused(accepted(stack, late, "late", "late@example.org"), 410, "invitation_expired")
    again = invited(client, team_id, "carl@example.org")
    refused(accepted(stack, again, "carl", "carl@example.org"), 409, "already_a_member")


def test_only_an_admin_invites(client: Client) -> None:
    """§1.8 invitations: 403 for a member, 404 unknown team, 422 without an address."""
    team_id = team(client, bob="member")
    path = f"/v1/teams/{team_id}/invitations"
    body = {"email": "x@example.org", "invited_by": "bob"}
    refused(client.http.post(path, json=body), 403, "not_an_admin")
    unknown = client.http.post(f"/v1/teams/{NOBODY}/invitations", json=body)
    refused(unknown, 404, "not_found")
    bad = {**body, "invited_by": "ada", "email": "x"}
    refused(client.http.post(path, json=bad), 422, "validation")


def test_a_small_plan_limits_teams_and_members(own: Stack, small: Client) -> None:
    """§5.2: 402 with `limit` and `used` for teams and members, by invitation and at once too."""
    team_id = team(small)
    body = {"name": "B", "slug": "b", "user_id": "ada"}
    over = small.http.post("/v1/teams", json=body)
    refused(over, 402, "plan_limit")
    assert (over.json()["limit"], over.json()["used"]) == (1, 1)
    assert over.json()["upgrade_url"] == "https://example.org/plans"
    tokens = [invited(small, team_id, f"u{n}@example.org") for n in range(4)]
    tries: list[Callable[[], httpx2.Response]] = [
        lambda n=n, token=token: accepted(own, token, f"u{n}", f"u{n}@example.org")  # type: ignore[misc]
        for n, token in enumerate(tokens)
    ]
    row = "SELECT FROM teams WHERE team_id = %s FOR UPDATE"
    answers = all_behind(OwnerLock(own, row, team_id), *tries)
    assert statuses(answers) == [200, 402, 402, 402]
    full = small.http.post(f"/v1/teams/{team_id}/members", json={"user_id": "x", "added_by": "ada"})
    refused(full, 402, "plan_limit")
    assert (full.json()["limit"], full.json()["used"]) == (2, 2)
    assert small.http.delete(f"/v1/teams/{team_id}?user_id=ada").status_code == 204
    made(small, "/v1/teams", **body)


def test_a_dissolved_team_leaves_its_memories_to_their_authors(client: Client) -> None:
    """§1.8 DELETE: 204; memories are private again; what an author has already is not doubled."""
    team_id = team(client, bob="member")
    store(client, "The release is on Friday", team_id=team_id)
    store(client, "The office is in Lisbon", "bob", team_id=team_id)
    store(client, "The office is in Lisbon", "bob")
    store(client, "Likes tea", "bob", team_id=team_id, visibility="private")
    assert used(client) == 4
    path = f"/v1/teams/{team_id}"
    refused(client.http.delete(path), 422, "validation")
    refused(client.http.delete(f"{path}?user_id=bob"), 403, "not_an_admin")

    assert client.http.delete(f"{path}?user_id=ada").status_code == 204

    refused(client.http.delete(f"{path}?user_id=ada"), 404, "not_found")
    assert listed(client) == ["The release is on Friday"]
    assert sorted(listed(client, "bob")) == ["Likes tea", "The office is in Lisbon"]
    assert used(client) == 3
    for user_id in ("ada", "bob"):
        for memory in got(client, "/v1/memories", user_id=user_id)["memories"]:
            assert (memory["team_id"], memory["visibility"]) == (None, "private")
    assert found(client, "bob", include_team=True) == {"Likes tea", "The office is in Lisbon"}


def held(stack: Stack, team_id: str) -> OwnerLock:
    """A team's memories, which nobody may change meanwhile."""
    return OwnerLock(
        stack, "SELECT FROM memory_owners WHERE owner_key = %s FOR UPDATE", f"team:{team_id}"
    )


def test_nothing_is_lost_in_a_team_that_is_being_dissolved(stack: Stack, client: Client) -> None:
    """§1.8 DELETE under concurrency: a store that was let in before is refused or can be found."""
    team_id = team(client)
    store(client, "The release is on Friday", team_id=team_id)
    body = {"user_id": "ada", "fact": "The office is in Lisbon", "team_id": team_id}
    with ThreadPoolExecutor(2) as pool:
        with held(stack, team_id) as lock:
            gone = pool.submit(client.http.delete, f"/v1/teams/{team_id}?user_id=ada")
            lock.wait_for(1)
            stored = pool.submit(client.http.post, "/v1/memories", json=body)
            lock.wait_for(2)
        assert gone.result(20).status_code == 204
        answer = stored.result(20)
    assert answer.status_code in (201, 403, 404, 409)
    if answer.status_code == 201:
        assert "The office is in Lisbon" in listed(client)
    assert used(client) == len(listed(client))


def test_what_a_conversation_taught_a_dissolved_team_can_be_found(
    stack: Stack, client: Client
) -> None:
    """§1.8 DELETE and §0.1: a conversation that was accepted for the team before it went."""
    team_id = team(client)
    store(client, "The release is on Friday", team_id=team_id)
    with ThreadPoolExecutor(1) as pool:
        with held(stack, team_id) as lock:
            gone = pool.submit(client.http.delete, f"/v1/teams/{team_id}?user_id=ada")
            lock.wait_for(1)
            talk = client.post_conversation("ada", "I live in Lisbon.", team_id=team_id)
            lock.wait_for(2)
        assert gone.result(20).status_code == 204
    conversation = client.finished(talk)
    if conversation["state"] == "done":
        actions = [fact["action"] for fact in conversation["receipt"]["facts"]]
        assert len(listed(client)) == 1 + actions.count("stored")
    assert used(client) == len(listed(client))
