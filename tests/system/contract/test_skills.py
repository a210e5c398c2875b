"""Contract §1.10: skills, and which agent has which."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client
from tests.system.contract.calls import NOBODY, agent, got, made, refused


def test_a_skill_is_made_listed_and_read(client: Client) -> None:
    """§1.10 POST, GET list, GET: fields, `category` filter, oldest first."""
    first = made(
        client,
        "/v1/skills",
        name="Chess",
        description="d",
        category="games",
        schema={"type": "object"},
    )
    assert first.keys() == {"id", "name", "description", "category", "schema", "created_at"}
    assert (first["category"], first["schema"]) == ("games", {"type": "object"})
    second = made(client, "/v1/skills", name="Mail")
    assert (second["description"], second["category"], second["schema"]) == (None, None, {})
    assert got(client, "/v1/skills")["skills"] == [first, second]
    assert got(client, "/v1/skills", category="games")["skills"] == [first]
    assert got(client, f"/v1/skills/{first['id']}") == first
    refused(client.http.get(f"/v1/skills/{NOBODY}"), 404, "not_found")


def test_a_skill_is_changed_and_removed(client: Client) -> None:
    """§1.10 PATCH 200, 422 empty; DELETE 204, 404; agents lose it too."""
    skill_id, agent_id = made(client, "/v1/skills", name="Chess")["id"], agent(client)
    path = f"/v1/skills/{skill_id}"
    answer = client.http.patch(path, json={"name": "Go", "schema": {"a": 1}, "category": "x"})
    assert (answer.status_code, answer.json()["name"], answer.json()["schema"]) == (
        200,
        "Go",
        {"a": 1},
    )
    for nothing in ({}, {"name": None}, {"schema": None}, {"name": ""}):
        refused(client.http.patch(path, json=nothing), 422, "validation")
    made(client, f"/v1/agents/{agent_id}/skills", skill_id=skill_id)
    assert client.http.delete(path).status_code == 204
    refused(client.http.delete(path), 404, "not_found")
    refused(client.http.patch(path, json={"name": "x"}), 404, "not_found")
    assert got(client, f"/v1/agents/{agent_id}/skills")["skills"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"description": "x" * 2001},
        {"category": "x" * 101},
        {"schema": []},
    ],
)
def test_a_skill_that_makes_no_sense_is_refused(somebody: Client, changes: dict[str, Any]) -> None:
    """§1.10 POST and §5.3 skill limits."""
    refused(somebody.http.post("/v1/skills", json={"name": "A", **changes}), 422, "validation")


def test_an_agent_is_given_skills(client: Client) -> None:
    """§1.10 agents/{id}/skills: POST 201, 404, 409; GET by name; PATCH; DELETE 204, 404."""
    agent_id = agent(client)
    path = f"/v1/agents/{agent_id}/skills"
    mail = made(client, "/v1/skills", name="Mail")["id"]
    chess = made(client, "/v1/skills", name="Chess")["id"]
    attached = made(client, path, skill_id=mail, config={"a": 1})
    assert attached == {"agent_id": agent_id, "skill_id": mail, "config": {"a": 1}}
    assert made(client, path, skill_id=chess)["config"] == {}
    assert client.http.post(path, json={"skill_id": mail}).status_code == 409
    refused(client.http.post(path, json={"skill_id": NOBODY}), 404, "not_found")
    refused(client.http.post(path, json={"skill_id": "x"}), 422, "validation")
    other = client.http.post(f"/v1/agents/{NOBODY}/skills", json={"skill_id": mail})
    refused(other, 404, "not_found")

    skills = got(client, path)["skills"]
    assert [(each["name"], each["config"]) for each in skills] == [
        ("Chess", {}),
        ("Mail", {"a": 1}),
    ]
    assert got(client, f"/v1/agents/{agent_id}")["skills"] == skills
    answer = client.http.patch(f"{path}/{mail}", json={"config": {"b": 2}})
    assert answer.json() == {"agent_id": agent_id, "skill_id": mail, "config": {"b": 2}}
    refused(client.http.patch(f"{path}/{mail}", json={}), 422, "validation")
    refused(client.http.patch(f"{path}/{NOBODY}", json={"config": {}}), 404, "not_found")
    assert client.http.delete(f"{path}/{mail}").status_code == 204
    refused(client.http.delete(f"{path}/{mail}"), 404, "not_found")
