"""What the OpenAPI document promises, tried with generated requests: with a key, with a wrong one,
and with another tenant's ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.app import create_app
from tests.support.client import Client
from tests.support.stack import Stack

OPEN = {"/setup", "/v1/signup", "/v1/invitations/{token}/accept", "/health"}
PROMISED = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

# The seed is fixed by derandomize; shrinking is left out, since it repeats requests that store.
bounded = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


schema = schemathesis.openapi.from_dict(create_app().openapi())


@pytest.fixture(scope="module")
def somebody(stack: Stack) -> Client:
    """One tenant for all the generated requests with a valid key."""
    return stack.client()


@pytest.fixture(scope="module")
def stranger(stack: Stack) -> Iterator[dict[str, Any]]:
    """Another tenant's things, by the names that parameters and bodies have for them."""
    http = stack.client().http

    def post(path: str, **body: Any) -> dict[str, Any]:
        answer = http.post(path, json=body)
        assert answer.status_code in (201, 202), answer.text
        made: dict[str, Any] = answer.json()
        return made

    user = "somebody-elses-user"
    mine = {"user_id": user, "importance": 1.0}
    first = post("/v1/memories", fact="The canary sings in the cellar", **mine)
    second = post("/v1/memories", fact="A brass key opens the garden gate", **mine)
    agent = post("/v1/agents", name="Canary", owner_id=user)
    skill = post("/v1/skills", name="Canary")
    edge = post(
        "/v1/graph/connect",
        from_memory_id=first["id"],
        to_memory_id=second["id"],
        relationship_type="canary",
    )
    team = post("/v1/teams", name="Canary", slug="canary", user_id=user)
    talk = post("/v1/conversations", user_id=user, transcript="User: The canary is mine.")
    key = http.get("/v1/keys").json()["keys"][0]
    yield {
        "memory_id": first["id"],
        "from_memory_id": first["id"],
        "to_memory_id": second["id"],
        "agent_id": agent["id"],
        "skill_id": skill["id"],
        "edge_id": edge["id"],
        "team_id": team["id"],
        "conversation_id": talk["id"],
        "cursor": first["id"],
        "key_id": key["id"],
        "user_id": user,
    }
    assert http.get(f"/v1/memories/{first['id']}").json()["state"] == "live"
    assert http.get(f"/v1/memories/{second['id']}").json()["state"] == "live"
    assert http.get(f"/v1/agents/{agent['id']}").status_code == 200
    assert len(http.get(f"/v1/teams/{team['id']}").json()["members"]) == 1
    walk = http.get(f"/v1/graph/traverse/{first['id']}").json()
    assert [node["memory_id"] for node in walk["nodes"]] == [second["id"]]
    assert http.get("/v1/keys").json()["keys"][0]["revoked_at"] is None


@schema.parametrize()
@bounded
def test_no_request_breaks_the_service_or_its_promises(
    case: schemathesis.Case, stack: Stack, somebody: Client
) -> None:
    if case.operation.path == "/v1/keys/{key_id}":
        case.path_parameters["key_id"] = str(UUID(int=1))  # Its own key is needed further on.
    case.call_and_validate(stack.base_url, headers=_headers(somebody), checks=PROMISED)


@schema.parametrize()
@settings(bounded, max_examples=3, phases=[Phase.generate])
def test_a_key_that_is_none_opens_nothing(case: schemathesis.Case, stack: Stack) -> None:
    response = case.call_and_validate(
        stack.base_url,
        headers={"Authorization": "Bearer smara_" + "x" * 46},
        checks=[schemathesis.checks.not_a_server_error],
    )
    if case.operation.path not in OPEN:
        assert response.status_code == 401


@schema.parametrize()
@settings(bounded, max_examples=6, phases=[Phase.generate])
def test_another_tenants_ids_lead_nowhere(
    case: schemathesis.Case, stack: Stack, somebody: Client, stranger: dict[str, Any]
) -> None:
    aimed = _aim(case.path_parameters, stranger)
    aimed |= _aim(case.query, stranger)
    aimed |= _aim(case.body, stranger)

    response = case.call_and_validate(
        stack.base_url, headers=_headers(somebody), checks=[schemathesis.checks.not_a_server_error]
    )

    assert "canary sings" not in response.text
    assert "brass key" not in response.text
    if aimed - {"user_id", "cursor"}:
        assert response.status_code >= 400, (case.formatted_path, aimed, response.text)


def _headers(client: Client) -> dict[str, str]:
    return {"Authorization": client.http.headers["authorization"]}


def _aim(fields: Any, at: dict[str, Any]) -> set[str]:
    """Put the stranger's ids into fields of these names; which ones there were."""
    if not isinstance(fields, dict):
        return set()
    named = fields.keys() & at.keys()
    fields.update({name: at[name] for name in named})
    return named
