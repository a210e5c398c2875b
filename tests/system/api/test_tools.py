"""Function definitions for client libraries, and the endpoint that carries the calls out."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from anthropic.types import ToolParam
from openai.types.chat import ChatCompletionFunctionToolParam
from pydantic import TypeAdapter

from tests.support.client import Client
from tests.support.stack import Stack


def call(client: Client, name: str, /, **arguments: Any) -> httpx2.Response:
    """POST the call of a model."""
    return client.http.post("/v1/openai/tool-call", json={"name": name, "arguments": arguments})


def test_storing_says_what_became_of_the_fact(client: Client) -> None:
    first = call(client, "smara_store_memory", user_id="ada", fact="Lives in New York")
    again = call(client, "smara_store_memory", user_id="ada", fact="Lives in New York")
    other = call(client, "smara_store_memory", user_id="ada", fact="Lives in San Francisco")

    identifier = first.json()["id"]
    nothing_replaced = {"replaced_id": None, "replacedId": None}
    assert first.status_code == 201
    assert first.json() == {"id": identifier, "action": "stored", **nothing_replaced}
    assert again.status_code == 201
    assert again.json() == {"id": identifier, "action": "duplicate", **nothing_replaced}
    assert other.status_code == 201
    assert other.json() == {
        "id": other.json()["id"],
        "action": "replaced",
        "replaced_id": identifier,
        "replacedId": identifier,
    }


def test_what_is_stored_has_the_defaults_of_this_door(client: Client) -> None:
    call(client, "smara_store_memory", user_id="ada", fact="Likes tea")
    call(
        client,
        "smara_store_memory",
        user_id="ada",
        fact="Plays chess",
        importance=0.9,
        source="bot",
        namespace="hobbies",
    )

    (tea,) = call(client, "smara_search_memories", user_id="ada", q="drinks").json()["results"]
    (chess,) = call(
        client, "smara_search_memories", user_id="ada", q="games", namespace="hobbies"
    ).json()["results"]
    assert (tea["source"], tea["importance"], tea["namespace"]) == ("openai", 0.5, "default")
    assert (chess["source"], chess["importance"], chess["namespace"]) == ("bot", 0.9, "hobbies")


def test_searching_takes_the_filters_and_numbers_of_the_search(client: Client) -> None:
    for fact in ("Likes tea", "Plays chess", "Lives in Lisbon"):
        call(client, "smara_store_memory", user_id="a/b c", fact=fact)

    def found(**arguments: Any) -> int:
        answer = call(client, "smara_search_memories", user_id="a/b c", q="life", **arguments)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["results"])

    assert found() == 3
    assert found(limit=1.5) == 1
    assert found(limit="2") == 2
    assert found(limit=5_000) == 3
    assert found(source="openai") == 3
    assert found(source="elsewhere") == 0
    assert found(namespace="work") == 0


def test_the_context_comes_with_and_without_a_message(client: Client) -> None:
    call(client, "smara_store_memory", user_id="a/b c", fact="Likes tea")

    for arguments in ({"q": "What would I drink?", "top_n": 3}, {}, {"q": ""}, {"q": None}):
        answer = call(client, "smara_get_context", user_id="a/b c", **arguments)
        assert answer.status_code == 200
        assert "Likes tea" in answer.json()["context"]
        assert [memory["fact"] for memory in answer.json()["memories"]] == ["Likes tea"]


def test_deleting_answers_204_once(client: Client) -> None:
    stored = call(client, "smara_store_memory", user_id="ada", fact="Likes tea").json()["id"]

    first = call(client, "smara_delete_memory", memory_id=stored)
    again = call(client, "smara_delete_memory", memory_id=stored)

    assert (first.status_code, first.content) == (204, b"")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert call(client, "smara_search_memories", user_id="ada", q="tea").json()["results"] == []


def test_usage_is_that_of_the_usage_endpoint(client: Client) -> None:
    answer = client.http.post("/v1/openai/tool-call", json={"name": "smara_get_usage"})

    assert answer.status_code == 200
    assert answer.json() == client.http.get("/v1/usage").json()
    assert answer.json()["memories_used"] == 0


def test_an_unknown_tool_is_named_and_cut_to_size(client: Client) -> None:
    unknown = call(client, "smara_fly")
    long = call(client, "x" * 5_000)

    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_tool")
    assert unknown.json()["error"].startswith("There is no tool `smara_fly`; there are smara_")
    assert long.json()["error"].startswith(f"There is no tool `{'x' * 100}`; ")


@pytest.mark.parametrize(
    ("name", "arguments", "details"),
    [
        (
            "smara_store_memory",
            {},
            [
                {"path": "arguments.user_id", "message": "Field required"},
                {"path": "arguments.fact", "message": "Field required"},
            ],
        ),
        (
            "smara_store_memory",
            {"user_id": "ada", "fact": "   "},
            [{"path": "arguments.fact", "message": "must not be blank"}],
        ),
        (
            "smara_store_memory",
            {"user_id": "ada", "fact": "x", "importance": "much"},
            [
                {
                    "path": "arguments.importance",
                    "message": "Input should be a valid number, unable to parse string as a number",
                }
            ],
        ),
        (
            "smara_search_memories",
            {"user_id": "ada", "q": ""},
            [{"path": "arguments.q", "message": "must not be blank"}],
        ),
        (
            "smara_search_memories",
            {"user_id": "ada", "q": "tea", "limit": "many"},
            [{"path": "arguments.limit", "message": "must be a number"}],
        ),
        (
            "smara_get_context",
            {"user_id": ["ada"]},
            [{"path": "arguments.user_id", "message": "Input should be a string"}],
        ),
        (
            "smara_get_context",
            {"user_id": "lone \ud800"},
            [{"path": "arguments.user_id", "message": "must not contain lone surrogates"}],
        ),
    ],
)
def test_what_is_wrong_with_the_arguments_is_listed(
    client: Client, name: str, arguments: dict[str, Any], details: list[dict[str, str]]
) -> None:
    # The standard library's JSON escapes the lone surrogate, which a client may send.
    refused = client.http.post(
        "/v1/openai/tool-call",
        content=json.dumps({"name": name, "arguments": arguments}),
        headers={"Content-Type": "application/json"},
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    assert refused.json()["details"] == details
    assert refused.json()["error"].startswith(f"{details[0]['path']}: {details[0]['message']}")


@pytest.mark.parametrize("memory_id", ["mem-1", "a/b", "..", "a%2Fb"])
def test_an_id_that_is_none_is_refused_with_what_to_do(client: Client, memory_id: str) -> None:
    refused = call(client, "smara_delete_memory", memory_id=memory_id)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation")
    [detail] = refused.json()["details"]
    assert detail["path"] == "arguments.memory_id"
    assert detail["message"].startswith("is not an id of a memory; ids look like ")
    assert detail["message"].endswith("take the `id` that a search or a list gives")


def test_arguments_as_the_model_wrote_them_are_refused_with_a_hint(client: Client) -> None:
    refused = client.http.post(
        "/v1/openai/tool-call", json={"name": "smara_get_usage", "arguments": "{}"}
    )

    assert refused.status_code == 422
    assert refused.json()["error"] == (
        "arguments: is a JSON string as the model wrote it; send the object: "
        "json.loads(tool_call.function.arguments)"
    )


def test_the_scopes_of_the_key_hold_here_too(stack: Stack, client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"scopes": ["read"]}).json()
    reader = Client(stack.base_url, issued["api_key"])

    assert call(reader, "smara_get_context", user_id="ada").status_code == 200
    refused = call(reader, "smara_store_memory", user_id="ada", fact="Likes tea")
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


def test_an_idempotency_key_gives_the_first_answer_again(client: Client) -> None:
    def store(fact: str, key: str = "call-1") -> httpx2.Response:
        return client.http.post(
            "/v1/openai/tool-call",
            json={"name": "smara_store_memory", "arguments": {"user_id": "ada", "fact": fact}},
            headers=[(b"Idempotency-Key", key.encode("latin-1"))],
        )

    first, again, other = store("Likes tea"), store("Likes tea"), store("Likes coffee")

    assert first.json()["action"] == "stored"
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert store("Likes tea", key="schlüssel").json()["code"] == "bad_idempotency_key"


def test_the_definitions_suit_both_client_libraries(client: Client) -> None:
    openai = client.http.get("/v1/tools", params={"format": "openai"}).json()["tools"]
    anthropic = client.http.get("/v1/tools", params={"format": "anthropic"}).json()["tools"]
    unknown = client.http.get("/v1/tools", params={"format": "gemini"})

    names = [
        "smara_store_memory",
        "smara_search_memories",
        "smara_get_context",
        "smara_delete_memory",
        "smara_get_usage",
    ]
    assert client.http.get("/v1/tools").json()["tools"] == openai
    assert [tool["function"]["name"] for tool in openai] == names
    assert [tool["name"] for tool in anthropic] == names
    for one, other in zip(openai, anthropic, strict=True):
        assert one["type"] == "function"
        assert one["function"]["description"] == other["description"]
        assert one["function"]["parameters"] == other["input_schema"]
    assert anthropic[3]["input_schema"]["required"] == ["memory_id"]
    TypeAdapter(list[ChatCompletionFunctionToolParam]).validate_python(openai, extra="forbid")
    TypeAdapter(list[ToolParam]).validate_python(anthropic, extra="forbid")
    assert unknown.status_code == 422
