"""Whatever is sent, the answer is a 4xx that says what to do, and the service goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.client import Client

CONVERSATION = {"user_id": "ada", "messages": [{"role": "user", "content": "I live in Lisbon."}]}


def post_raw(client: Client, body: bytes, content_type: str = "application/json") -> Any:
    return client.http.post(
        "/v1/conversations", content=body, headers={"Content-Type": content_type}
    )


def with_content(content: Any) -> bytes:
    return json.dumps(
        {"user_id": "ada", "messages": [{"role": "user", "content": content}]}
    ).encode()


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        (b"", 400, "malformed_json", "empty"),
        (b"{", 400, "malformed_json", "line 1"),
        (b'{"user_id": NaN}', 400, "malformed_json", "number"),
        (b"[" * 100_000, 400, "malformed_json", "nested"),
        ('{"user_id": "\u00e9"}'.encode("utf-16"), 400, "malformed_json", "UTF-8"),
        (b"[]", 422, "validation", "dictionary"),
        (b"{}", 422, "validation", "user_id"),
        (with_content("a\x00b"), 422, "validation", "messages[0].content"),
        (
            b'{"user_id":"ada","messages":[{"role":"user","content":"\\ud800"}]}',
            422,
            "validation",
            "messages[0].content",
        ),
        (
            b'{"user_id":"ada\\u0000","messages":[{"role":"user","content":"x"}]}',
            422,
            "validation",
            "user_id",
        ),
        (with_content("   "), 422, "validation", "blank"),
        (with_content(5), 422, "validation", "messages[0].content"),
        (with_content([{"type": "text", "text": "a\x00"}]), 422, "validation", "NUL"),
        (b'{"user_id":"ada","messages":[]}', 422, "validation", "messages"),
        (
            b'{"user_id":"","messages":[{"role":"user","content":"x"}]}',
            422,
            "validation",
            "user_id",
        ),
        (
            b'{"user_id":"ada","messages":[{"role":"king","content":"x"}]}',
            422,
            "validation",
            "messages[0].role",
        ),
        (b'{"user_id":"ada","transcript":"   "}', 422, "validation", "blank"),
        (b'{"user_id":"ada"}', 422, "validation", "messages or transcript"),
        (
            json.dumps({**CONVERSATION, "messages": CONVERSATION["messages"] * 2_001}).encode(),
            422,
            "validation",
            "2000",
        ),
        (
            json.dumps({**CONVERSATION, "metadata": {"n": 10**400}}).encode(),
            422,
            "validation",
            "64 bits",
        ),
        (
            b'{"user_id":"ada","transcript":"hi","metadata":{"n":1e999}}',
            422,
            "validation",
            "finite",
        ),
        (
            b'{"user_id":"ada","transcript":"hi","metadata":{"n":"\\u0000"}}',
            422,
            "validation",
            "NUL",
        ),
        (
            b'{"user_id":"ada","transcript":"hi","metadata":{"n":"\\udfff"}}',
            422,
            "validation",
            "surrogates",
        ),
        (
            b'{"user_id":"ada","transcript":"hi","metadata":{"a":'
            + b"[" * 900
            + b"]" * 900
            + b"}}",
            422,
            "validation",
            "deeper",
        ),
        (
            b'{"user_id":"ada","transcript":"hi","occurred_at":"0001-01-01T00:00:00+14:00"}',
            422,
            "validation",
            "years",
        ),
        (
            b'{"user_id":"ada","transcript":"hi","occurred_at":"yesterday"}',
            422,
            "validation",
            "occurred_at",
        ),
    ],
)
def test_a_bad_conversation_is_refused_with_what_to_do(
    client: Client, body: bytes, status: int, code: str, says: str
) -> None:
    answer = post_raw(client, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert says in answer.json()["error"], answer.text


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: Client) -> None:
    answer = post_raw(client, with_content("x" * 3_000_000))

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_body_over_the_limit_is_refused_when_its_length_is_not_declared(client: Client) -> None:
    chunks = (b"x" * 65_536 for _ in range(100))
    answer = client.http.post(
        "/v1/conversations", content=chunks, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_hundred_thousand_messages_are_refused(client: Client) -> None:
    answer = client.http.post(
        "/v1/conversations",
        json={"user_id": "ada", "messages": [{"role": "user", "content": "a"}] * 100_000},
    )

    assert answer.status_code in (413, 422)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(client: Client, content_type: str) -> None:
    answer = post_raw(client, json.dumps(CONVERSATION).encode(), content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_compressed_body_is_refused(client: Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = client.http.post("/v1/conversations", content=b"\x1f\x8b", headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer smara_nobody",
        "Basic abc",
        "bearer smara_x",
        "Bearer " + "x" * 5_000,
        "Bearer smara_\u00e9",
    ],
)
def test_without_a_known_key_the_answer_is_401_before_anything_is_read(
    client: Client, authorization: str
) -> None:
    answer = client.http.post(
        "/v1/conversations",
        content=b"{",
        headers={"Authorization": authorization.encode(), "Content-Type": "nonsense"},
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/memories/search?user_id=ada&q=", 422),
        ("/v1/memories/search?user_id=ada", 422),
        ("/v1/memories/search?q=tea", 422),
        ("/v1/memories/search?user_id=ada&q=tea&limit=abc", 422),
        ("/v1/memories/search?user_id=ada&q=tea&limit=-1", 422),
        ("/v1/memories/search?user_id=ada&q=tea&limit=nan", 422),
        ("/v1/memories/search?user_id=ada&q=tea%00", 422),
        ("/v1/memories/search?user_id=ada&q=tea&limit=1.5", 200),
        ("/v1/memories/search?user_id=ada&q=tea&limit=9999", 200),
        ("/v1/users/ada/context?q=", 422),
        ("/v1/users/a%2Fb%20c/context", 200),
        ("/v1/users/%00/context", 422),
        ("/v1/conversations/not-a-uuid", 422),
        ("/v1/conversations/0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11", 404),
        ("/v1/conversations?state=lost", 422),
        ("/v1/conversations?cursor=x", 422),
        ("/v1/nothing", 404),
    ],
)
def test_reads_answer_cleanly_whatever_is_asked(client: Client, path: str, status: int) -> None:
    answer = client.http.get(path)

    assert answer.status_code == status, answer.text
    if status != 200:
        assert set(answer.json()) <= {"error", "code", "details"}


@pytest.mark.parametrize(
    "fact",
    ["", "   ", "x" * 2_001, "a\x00b", None, 5],
    ids=["empty", "blank", "long", "nul", "null", "number"],
)
def test_a_bad_fact_is_refused(client: Client, fact: Any) -> None:
    answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": fact})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")


@pytest.mark.parametrize("importance", [-0.1, 1.1, "high", None])
def test_an_importance_outside_0_to_1_is_refused(client: Client, importance: Any) -> None:
    answer = client.http.post(
        "/v1/memories", json={"user_id": "ada", "fact": "Likes tea", "importance": importance}
    )

    assert answer.status_code == 422


def test_strange_but_valid_text_comes_back_byte_for_byte(client: Client) -> None:
    fact = "Likes 👩\u200d🚀 \u202etfel ot thgir\u202c and e\u0301clairs 🍵 \U0001f9c9"

    client.http.post("/v1/memories", json={"user_id": "ada", "fact": fact})

    assert client.facts("ada") == [fact]


def test_invisible_and_decomposed_variants_of_a_fact_are_the_same_fact(client: Client) -> None:
    first = client.http.post(
        "/v1/memories", json={"user_id": "ada", "fact": "Likes \u00e9clairs"}
    ).json()

    for variant in ("Likes e\u0301clairs", "Likes\u200b \u00e9clairs", "likes \u00c9clairs."):
        answer = client.http.post("/v1/memories", json={"user_id": "ada", "fact": variant})
        assert (answer.status_code, answer.json()) == (
            200,
            {"action": "duplicate", "id": first["id"]},
        )


def test_what_is_meant_for_an_unknown_agent_or_team_is_refused(client: Client) -> None:
    somebody = "0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11"
    body = {"user_id": "ada", "transcript": "I live in Lisbon."}

    agent = client.http.post("/v1/conversations", json={**body, "agent_id": somebody})
    team = client.http.post("/v1/conversations", json={**body, "team_id": somebody})

    assert (agent.status_code, agent.json()["code"]) == (404, "not_found")
    assert (team.status_code, team.json()["code"]) == (403, "not_a_member")


def test_a_wrong_method_is_404(client: Client) -> None:
    assert client.http.put("/v1/conversations").status_code == 404


def test_the_service_still_works_after_all_this(client: Client) -> None:
    assert client.finished(client.post_conversation("ada", "I live in Lisbon."))["state"] == "done"
