"""Every route there is, with another tenant's things and with guessed ones: the answers are the
same, and nothing is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from app.api.app import create_app
from tests.support.client import Client
from tests.support.stack import Stack

OWNER = "the-stranger's-user"
CANARY = "quetzalcoatlus"


@dataclass(frozen=True)
class Request:
    """A request whose ``{names}`` are filled with ids. ``missing`` says how one for things that are
    not there is answered: 404, or with nothing in it."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    missing: int = 404

    def filled(self, ids: dict[str, str]) -> dict[str, Any]:
        def fill(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: fill(member) for name, member in value.items()}
            return value.format(**ids) if isinstance(value, str) else value

        quoted = {name: quote(value, safe="") for name, value in ids.items()}
        path = re.sub(r"\{(\w+)\}", lambda name: quoted[name.group(1)], self.path)
        return {
            "method": self.method,
            "url": path,
            "params": fill(self.query),
            "json": fill(self.body),
        }


BY = {"user_id": OWNER}
AIMED = [
    Request("GET", "/v1/conversations/{conversation_id}"),
    Request("DELETE", "/v1/conversations/{conversation_id}"),
    Request("POST", "/v1/conversations/{conversation_id}/replay"),
    Request("POST", "/v1/conversations/{conversation_id}/revert"),
    Request("GET", "/v1/conversations", {"cursor": "{conversation_id}"}, missing=200),
    Request("GET", "/v1/conversations", BY, missing=200),
    Request("GET", "/v1/memories/search", {**BY, "q": CANARY}, missing=200),
    Request("GET", "/v1/memories/search", {**BY, "q": CANARY, "agent_id": "{agent_id}"}),
    Request("GET", "/v1/memories/search", {**BY, "q": CANARY, "team_id": "{team_id}"}, missing=403),
    Request("GET", "/v1/users/{user_id}/context", {"q": CANARY}, missing=200),
    Request("GET", "/v1/users/{user_id}/context", {"agent_id": "{agent_id}"}),
    Request("GET", "/v1/users/{user_id}/context", {"team_id": "{team_id}"}, missing=403),
    Request("POST", "/v1/memories/search", body={**BY, "q": CANARY}, missing=200),
    Request("POST", "/v1/memories/search", body={**BY, "q": CANARY, "agent_id": "{agent_id}"}),
    Request(
        "POST",
        "/v1/memories/search",
        body={**BY, "q": CANARY, "team_id": "{team_id}"},
        missing=403,
    ),
    Request("POST", "/v1/users/{user_id}/context", body={"q": CANARY}, missing=200),
    Request("POST", "/v1/users/{user_id}/context", body={"agent_id": "{agent_id}"}),
    Request("POST", "/v1/users/{user_id}/context", body={"team_id": "{team_id}"}, missing=403),
    Request("GET", "/v1/users/{user_id}/export", missing=200),
    Request("GET", "/v1/memories", BY, missing=200),
    Request("GET", "/v1/memories", {**BY, "cursor": "{memory_id}"}, missing=200),
    Request("GET", "/v1/memories", {**BY, "team_id": "{team_id}"}, missing=403),
    Request("GET", "/v1/memories", {**BY, "agent_id": "{agent_id}"}),
    Request("POST", "/v1/memories", body={**BY, "fact": "x", "agent_id": "{agent_id}"}),
    Request("POST", "/v1/memories", body={**BY, "fact": "x", "team_id": "{team_id}"}, missing=403),
    Request(
        "POST", "/v1/conversations", body={**BY, "transcript": "User: x", "agent_id": "{agent_id}"}
    ),
    Request("GET", "/v1/memories/{memory_id}"),
    Request("PATCH", "/v1/memories/{memory_id}", body={"importance": 0.1}),
    Request("DELETE", "/v1/memories/{memory_id}"),
    Request("POST", "/v1/memories/{memory_id}/restore"),
    Request("GET", "/v1/agents/{agent_id}"),
    Request("PATCH", "/v1/agents/{agent_id}", body={"name": "x"}),
    Request("DELETE", "/v1/agents/{agent_id}"),
    Request("POST", "/v1/agents/{agent_id}/memories", body={**BY, "fact": "x"}),
    Request("GET", "/v1/agents/{agent_id}/memories", BY),
    Request("GET", "/v1/skills/{skill_id}"),
    Request("PATCH", "/v1/skills/{skill_id}", body={"name": "x"}),
    Request("DELETE", "/v1/skills/{skill_id}"),
    Request("POST", "/v1/agents/{agent_id}/skills", body={"skill_id": "{skill_id}"}),
    Request("GET", "/v1/agents/{agent_id}/skills"),
    Request("PATCH", "/v1/agents/{agent_id}/skills/{skill_id}", body={"config": {}}),
    Request("DELETE", "/v1/agents/{agent_id}/skills/{skill_id}"),
    Request("GET", "/v1/teams/{team_id}"),
    Request("PATCH", "/v1/teams/{team_id}", body={**BY, "name": "x"}),
    Request("DELETE", "/v1/teams/{team_id}", BY),
    Request(
        "POST",
        "/v1/teams/{team_id}/members",
        body={"user_id": "eve", "role": "admin", "added_by": OWNER},
    ),
    Request(
        "PATCH",
        "/v1/teams/{team_id}/members/{user_id}",
        body={"role": "admin", "changed_by": OWNER},
    ),
    Request("DELETE", "/v1/teams/{team_id}/members/{user_id}", {"removed_by": OWNER}),
    Request(
        "POST",
        "/v1/teams/{team_id}/invitations",
        body={"email": "eve@example.com", "role": "member", "invited_by": OWNER},
    ),
    Request(
        "POST",
        "/v1/graph/connect",
        body={
            "from_memory_id": "{memory_id}",
            "to_memory_id": "{other_memory_id}",
            "relationship_type": "x",
        },
    ),
    Request("GET", "/v1/graph/traverse/{memory_id}"),
    Request("GET", "/v1/graph/related/{memory_id}"),
    Request("DELETE", "/v1/graph/edge/{edge_id}"),
    Request("DELETE", "/v1/keys/{key_id}"),
    Request("POST", "/v1/keys/{key_id}/rotate"),
    Request("GET", "/v1/webhooks/{webhook_id}"),
    Request("PATCH", "/v1/webhooks/{webhook_id}", body={"enabled": False}),
    Request("POST", "/v1/webhooks/{webhook_id}/rotate"),
    Request("POST", "/v1/webhooks/{webhook_id}/test"),
    Request("GET", "/v1/webhooks/{webhook_id}/deliveries"),
    Request("GET", "/v1/webhooks/{webhook_id}/deliveries", {"cursor": "{delivery_id}"}),
    Request("POST", "/v1/webhooks/{webhook_id}/replay"),
    Request("POST", "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"),
    Request("DELETE", "/v1/webhooks/{webhook_id}"),
    Request("DELETE", "/v1/users/{user_id}", missing=200),
]
OF_THE_CALLER_ALONE = {
    "GET /v1/agents",
    "GET /v1/skills",
    "GET /v1/teams",
    "GET /v1/keys",
    "GET /v1/audit",
    "GET /v1/usage",
    "GET /v1/settings",
    "GET /v1/pipeline",
    "GET /v1/tools",
    "GET /v1/webhooks",
}
"""They name nothing; what they list is looked through for the stranger's words."""
UNDER_A_KEY: dict[str, dict[str, Any]] = {
    "/v1/conversations": {**BY, "transcript": "User: The swifts are back."},
    "/v1/memories": {**BY, "fact": "The swifts are back."},
    "/v1/memories:batch": {"memories": [{**BY, "fact": "The storks are back."}]},
    "/v1/agents": {"name": "Swift", "owner_id": OWNER},
    "/v1/skills": {"name": "Swift"},
    "/v1/teams": {"name": "Swift", "slug": "swift", **BY},
    "/v1/openai/tool-call": {
        "name": "smara_store_memory",
        "arguments": {**BY, "fact": "The cranes are back."},
    },
}
ELSEWHERE = {
    "POST /v1/erasures/verify",  # Checks what the caller holds and names.
    "POST /v1/webhooks",  # Makes one of the caller's own.
    "POST /v1/keys",  # Makes a key of the caller's own.
    "PATCH /v1/settings",  # Changes the caller's own.
    "POST /v1/invitations/{token}/accept",  # Open: its token is the credential.
    "POST /setup",
    "POST /v1/signup",
    "GET /health",
}


@pytest.fixture(scope="module")
def stranger(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture(scope="module")
def theirs(stranger: Client) -> dict[str, str]:
    """One of each kind of thing, all of them the stranger's."""

    def post(path: str, **body: Any) -> dict[str, Any]:
        answer = stranger.http.post(path, json=body)
        assert answer.status_code in (201, 202), answer.text
        made: dict[str, Any] = answer.json()
        return made

    first = post("/v1/memories", fact=f"Keeps a {CANARY} in the cellar", **BY)["id"]
    second = post("/v1/memories", fact=f"Feeds the {CANARY} on figs", **BY)["id"]
    agent = post("/v1/agents", name=CANARY, owner_id=OWNER)["id"]
    skill = post("/v1/skills", name=CANARY)["id"]
    post(f"/v1/agents/{agent}/skills", skill_id=skill)
    edge = post(
        "/v1/graph/connect", from_memory_id=first, to_memory_id=second, relationship_type=CANARY
    )["id"]
    webhook = post("/v1/webhooks", url="https://hooks.invalid/", description=CANARY)["id"]
    return {
        "webhook_id": webhook,
        "delivery_id": post(f"/v1/webhooks/{webhook}/test")["id"],
        "memory_id": first,
        "other_memory_id": second,
        "agent_id": agent,
        "skill_id": skill,
        "edge_id": edge,
        "team_id": post("/v1/teams", name=CANARY, slug=CANARY, **BY)["id"],
        "conversation_id": post("/v1/conversations", transcript=f"User: {CANARY}", **BY)["id"],
        "key_id": stranger.http.get("/v1/keys").json()["keys"][0]["id"],
        "user_id": OWNER,
    }


@pytest.fixture(scope="module")
def somebody(stack: Stack) -> Client:
    return stack.client()


def test_every_route_is_tried() -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, operations in create_app().openapi()["paths"].items()
        for method in operations
    }
    tried = {f"{request.method} {request.path}" for request in AIMED}
    under_a_key = {f"POST {path}" for path in UNDER_A_KEY}

    assert routes == tried | under_a_key | OF_THE_CALLER_ALONE | ELSEWHERE


@pytest.mark.parametrize(
    "request_", AIMED, ids=lambda each: f"{each.method} {each.path} {','.join(each.query)}".strip()
)
def test_anothers_things_look_like_none(
    request_: Request, somebody: Client, stranger: Client, theirs: dict[str, str]
) -> None:
    guessed = {name: OWNER if name == "user_id" else str(uuid4()) for name in theirs}
    before = everything(stranger)

    aimed = somebody.http.request(**request_.filled(theirs))
    missed = somebody.http.request(**request_.filled(guessed))

    assert aimed.status_code == missed.status_code == request_.missing, aimed.text
    assert without_ids(aimed, theirs) == without_ids(missed, guessed)
    assert CANARY not in aimed.text
    assert everything(stranger) == before


@pytest.mark.parametrize("route", sorted(OF_THE_CALLER_ALONE))
def test_lists_hold_the_callers_own(
    route: str, somebody: Client, stranger: Client, theirs: dict[str, str]
) -> None:
    listed = somebody.http.get(route.removeprefix("GET "))

    assert listed.status_code == 200
    assert CANARY not in listed.text
    assert not any(value in listed.text for name, value in theirs.items() if name != "user_id")


@pytest.mark.parametrize("path", sorted(UNDER_A_KEY))
def test_anothers_idempotency_key_is_free(path: str, somebody: Client, stranger: Client) -> None:
    headers = {"Idempotency-Key": f"the-same-{uuid4()}"}

    first = stranger.http.post(path, json=UNDER_A_KEY[path], headers=headers)
    mine = somebody.http.post(path, json=UNDER_A_KEY[path], headers=headers)

    assert first.status_code == mine.status_code, mine.text
    assert mine.status_code in (200, 201, 202)
    assert "idempotent-replayed" not in mine.headers
    assert first.json() != mine.json()


def everything(client: Client) -> list[Any]:
    """What the stranger has, as they see it."""
    see: Callable[[str], Any] = lambda path: client.http.get(path).json()  # noqa: E731
    return [
        see(f"/v1/memories?user_id={quote(OWNER)}"),
        see("/v1/agents"),
        see("/v1/skills"),
        see("/v1/teams"),
        see("/v1/webhooks")["webhooks"][0]["enabled"],
        [{**key, "last_used_at": None} for key in see("/v1/keys")["keys"]],
    ]


def without_ids(answer: httpx2.Response, ids: dict[str, str]) -> str:
    """The answer without what is bound to differ: the ids asked for, and what a receipt signs."""
    text = answer.text
    if "signature" in text:
        text = json.dumps(answer.json()["erased"])
    for value in ids.values():
        text = text.replace(value, "…")
    return text
