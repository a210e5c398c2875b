"""A PATCH with If-Match changes only what its client has seen; without it, it changes what is
there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from app.api.app import create_app
from tests.support.client import Client
from tests.system.contract.calls import agent, at_once, got, made, refused, statuses, store, team

Thing = tuple[str, dict[str, Any], str | None]
"""The path to PATCH, a change, and the path whose GET shows the version, if one does."""


def a_memory(client: Client) -> Thing:
    path = f"/v1/memories/{store(client, 'Likes tea')['id']}"
    return path, {"importance": 0.25}, path


def an_agent(client: Client) -> Thing:
    path = f"/v1/agents/{agent(client)}"
    return path, {"name": "Other"}, path


def a_skill(client: Client) -> Thing:
    path = f"/v1/skills/{made(client, '/v1/skills', name='search')['id']}"
    return path, {"name": "find"}, path


def an_agents_skill(client: Client) -> Thing:
    skill_id = made(client, "/v1/skills", name="search")["id"]
    skills = f"/v1/agents/{agent(client)}/skills"
    made(client, skills, skill_id=skill_id)
    return f"{skills}/{skill_id}", {"config": {"depth": 2}}, None


def a_team(client: Client) -> Thing:
    path = f"/v1/teams/{team(client)}"
    return path, {"user_id": "ada", "name": "Ops"}, path


def a_member(client: Client) -> Thing:
    path = f"/v1/teams/{team(client, bob='member')}/members/bob"
    return path, {"role": "read_only", "changed_by": "ada"}, None


def a_webhook(client: Client) -> Thing:
    made_ = made(client, "/v1/webhooks", url="https://hooks.invalid/")
    path = f"/v1/webhooks/{made_['id']}"
    return path, {"description": "other"}, path


def the_settings(client: Client) -> Thing:
    return "/v1/settings", {"half_life_days": 20}, "/v1/settings"


THINGS: dict[str, Callable[[Client], Thing]] = {
    "/v1/memories/{memory_id}": a_memory,
    "/v1/agents/{agent_id}": an_agent,
    "/v1/skills/{skill_id}": a_skill,
    "/v1/agents/{agent_id}/skills/{skill_id}": an_agents_skill,
    "/v1/teams/{team_id}": a_team,
    "/v1/teams/{team_id}/members/{user_id}": a_member,
    "/v1/webhooks/{webhook_id}": a_webhook,
    "/v1/settings": the_settings,
}


def patched(client: Client, thing: Thing, if_match: str | None = None) -> httpx2.Response:
    path, change, _ = thing
    headers = {} if if_match is None else {"If-Match": if_match}
    return client.http.patch(path, json=change, headers=headers)


def test_every_patch_is_tried() -> None:
    paths = create_app().openapi()["paths"]

    assert {path for path, item in paths.items() if "patch" in item} == set(THINGS)


@pytest.mark.parametrize("route", THINGS)
def test_what_was_changed_since_it_was_seen_is_not_changed(client: Client, route: str) -> None:
    thing = THINGS[route](client)
    _, _, shown_at = thing
    first = client.http.get(shown_at).headers["etag"] if shown_at else "*"

    changed = patched(client, thing, first)

    assert changed.status_code == 200, changed.text
    etag = changed.headers["etag"]
    assert etag.startswith('"')
    assert etag != first
    if shown_at:
        assert client.http.get(shown_at).headers["etag"] == etag
        refused(patched(client, thing, first), 412, "precondition_failed")
    refused(patched(client, thing, '"another"'), 412, "precondition_failed")
    again = patched(client, thing, f'"another", W/{etag}')
    assert again.status_code == 200, again.text
    assert patched(client, thing).status_code == 200
    assert patched(client, thing, "*").status_code == 200


@pytest.mark.parametrize("route", THINGS)
def test_of_those_who_have_seen_the_same_version_one_changes_it(client: Client, route: str) -> None:
    thing = THINGS[route](client)
    etag = patched(client, thing).headers["etag"]
    path, change, _ = thing

    def other(nth: int) -> Callable[[], httpx2.Response]:
        values = {"importance": nth / 10, "half_life_days": 30 + nth, "config": {"n": nth}}
        values |= {"role": ["member", "admin"][nth % 2], "description": f"d{nth}"}
        differing = {name: values.get(name, f"n{nth}") for name in change}
        differing |= {name: change[name] for name in ("user_id", "changed_by") if name in change}
        headers = {"If-Match": etag}
        return lambda: client.http.patch(path, json=differing, headers=headers)

    answers = at_once(*map(other, range(4)))

    assert statuses(answers) == [200, 412, 412, 412], [each.text for each in answers]


def test_a_memory_that_is_not_there_is_unknown_and_not_changed(client: Client) -> None:
    path = f"/v1/memories/{store(client, 'Likes tea')['id']}"
    assert client.http.delete(path).status_code == 200

    answer = client.http.patch(path, json={"importance": 1}, headers={"If-Match": "*"})

    refused(answer, 404, "not_found")


def test_looking_at_a_memory_or_hearing_it_again_leaves_its_version(client: Client) -> None:
    path = f"/v1/memories/{store(client, 'Likes tea')['id']}"
    etag = client.http.get(path).headers["etag"]
    assert store(client, "Likes tea")["action"] == "duplicate"
    got(client, "/v1/memories/search", user_id="ada", q="tea")

    assert client.http.get(path).headers["etag"] == etag
