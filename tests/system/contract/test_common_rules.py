"""Contract §1.1: what all routes have in common."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import NOBODY, refused, store

MEMORY = {"user_id": "ada", "fact": "Likes tea"}


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Basic eDp5", "bearer {key}", "BEARER {key}", "{key}", "sk_1"],
)
def test_a_key_that_is_missing_or_malformed_is_one_401(
    stack: Stack, somebody: Client, authorization: str | None
) -> None:
    """§1.1 Auth, 401: the scheme is case-sensitive, and every case has the same shape."""
    key = somebody.http.headers["authorization"].removeprefix("Bearer ")
    stranger = Client(stack.base_url, "x")
    del stranger.http.headers["authorization"]
    headers = {} if authorization is None else {"Authorization": authorization.format(key=key)}
    for method, path in (("GET", "/v1/usage"), ("POST", "/v1/memories"), ("GET", "/v1/nothing")):
        answer = stranger.http.request(method, path, headers=headers)
        refused(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_key_comes_before_what_is_sent(stack: Stack) -> None:
    """§1.1 Order: 401 also for a bad body, a bad query and a bad id."""
    stranger = Client(stack.base_url, "smara_" + "a" * 64)
    for method, path, body in (
        ("POST", "/v1/memories", b"{"),
        ("POST", "/v1/memories", b"{}"),
        ("GET", "/v1/memories/search", b""),
        ("PATCH", "/v1/memories/x", b"{}"),
        ("GET", "/v1/graph/traverse/x?depth=abc", b""),
    ):
        refused(stranger.http.request(method, path, content=body), 401, "unauthenticated")


def test_every_error_has_the_same_shape(client: Client) -> None:
    """§1.1 App error shape: `error` is a text; validation says where."""
    answers = [
        client.http.get("/v1/nothing"),
        client.http.get(f"/v1/memories/{NOBODY}"),
        client.http.post("/v1/memories", json={}),
        client.http.post("/v1/memories", content=b"{", headers={"Content-Type": "text/x"}),
        client.http.post("/v1/openai/tool-call", json={"name": "x"}),
        client.http.patch("/v1/settings", json={"duplicate_similarity": 0.1}),
    ]
    for answer in answers:
        body = answer.json()
        assert body.keys() <= {"error", "code", "details"}
        assert isinstance(body["error"], str)
        assert isinstance(body["code"], str)
    details = answers[2].json()["details"]
    assert {each["path"] for each in details} == {"user_id", "fact"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1"),
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/memories"),
        ("DELETE", "/v1/memories"),
        ("GET", "/v1/openai/tool-call"),
        ("POST", "/v1/usage"),
        ("PATCH", "/v1/conversations/x"),
        ("GET", "/nothing"),
        ("POST", "/health"),
    ],
)
def test_an_unknown_route_or_method_is_404(somebody: Client, method: str, path: str) -> None:
    """§1.1 Unknown route / method: wrong method is 404, not 405."""
    refused(somebody.http.request(method, path), 404, "not_found")


def test_unknown_fields_are_ignored_and_numbers_may_be_text(client: Client) -> None:
    """§1.1 Type coercion: `"0.7"` is a number, unknown fields are ignored. §4.4.5."""
    memory_id = store(client, "Likes tea", importance="0.7", tags=["x"], userId="bob")["id"]
    listed = client.http.get("/v1/memories", params={"user_id": "ada", "colour": "red"})
    [memory] = listed.json()["memories"]
    assert (memory["id"], memory["importance"]) == (memory_id, 0.7)


def test_a_json_content_type_without_a_body_is_fine(client: Client) -> None:
    """§4.4.2: GET and DELETE may carry `Content-Type: application/json`."""
    headers = {"Content-Type": "application/json"}
    memory_id = store(client, "Likes tea")["id"]
    assert client.http.get("/v1/usage", headers=headers).status_code == 200
    assert client.http.delete(f"/v1/memories/{memory_id}", headers=headers).status_code == 200


def test_the_reference_is_served(client: Client) -> None:
    """§1.1 Docs: `/docs/` is a page and `/docs/openapi.yaml` the schema; `/docs` works too."""
    for path in ("/docs", "/docs/"):
        page = client.http.get(path)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
    schema: dict[str, Any] = yaml.safe_load(client.http.get("/docs/openapi.yaml").text)
    assert schema["openapi"].startswith("3.")
    assert {
        "/v1/memories",
        "/v1/memories/search",
        "/v1/users/{user_id}/context",
        "/v1/agents/{agent_id}/memories",
        "/v1/graph/traverse/{memory_id}",
        "/v1/teams",
        "/v1/conversations",
    } <= schema["paths"].keys()


@pytest.mark.parametrize("text", ["Zoë 🌍", "\u202eright to left", "<script>", "'; DROP TABLE x"])
def test_text_of_every_kind_comes_back_as_it_was(client: Client, text: str) -> None:
    """§1.1: texts are UTF-8 throughout, in every field that takes one."""
    fields = {"source": text, "namespace": text, "metadata": {text: text}}
    memory_id = store(client, text, text, **fields)["id"]
    memory = client.http.get(f"/v1/memories/{memory_id}").json()
    assert (memory["fact"], memory["user_id"]) == (text, text)
    assert {name: memory[name] for name in fields} == fields


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/memories", {"user_id": "a\x00b"}),
        ("/v1/memories", {"user_id": ""}),
        ("/v1/memories", {"user_id": "ada", "namespace": ""}),
        ("/v1/memories", {"user_id": "ada", "cursor": "x"}),
        ("/v1/memories", {"user_id": "ada", "team_id": "x"}),
        ("/v1/memories", {"user_id": "ada", "visibility": "all"}),
        ("/v1/memories", {"user_id": "ada", "created_after": "yesterday"}),
        ("/v1/memories", {"user_id": "ada", "valid_at": "9999-12-31T23:59:59-14:00"}),
        ("/v1/memories", {"user_id": "ada", "metadata": "[]"}),
        ("/v1/memories", {"user_id": "ada", "metadata": "{"}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": {"near": 1}}'}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": {"in": 1}}'}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": NaN}'}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": 1e400}'}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": {"in": [1e400]}}'}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": "\\u0000"}'}),
        ("/v1/memories", {"user_id": "ada", "metadata": '{"a": "\\ud800"}'}),
        ("/v1/memories/search", {"user_id": "ada"}),
        ("/v1/memories/search", {"user_id": "ada", "q": ""}),
        ("/v1/memories/search", {"q": "x"}),
        ("/v1/users/ada/context", {"q": ""}),
        ("/v1/users/ada/context", {"top_n": "many"}),
        ("/v1/agents/x/memories", {"user_id": "ada"}),
        ("/v1/graph/traverse/x", {}),
        ("/v1/tools", {"format": "xml"}),
    ],
)
def test_a_query_that_means_nothing_is_422(
    somebody: Client, path: str, query: dict[str, str]
) -> None:
    """§1.1 Query numbers, §4.4.9: never a 500, always what is wrong."""
    store(somebody, "Likes tea", metadata={"a": 1})
    refused(somebody.http.get(path, params=query), 422, "validation")
