"""Contract §0.1: conversations, the pipeline's front door.

The pipeline under faults is tested in tests/pipeline, bad bodies in
tests/system/api/test_bad_input.py."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import NOBODY, agent, at_once, found, got, refused, statuses, team

LISBON = "I live in Lisbon."


def accepted(client: Client, status: int = 202, key: str | None = None, **body: Any) -> Any:
    """The answer to a POST of a conversation."""
    answer = client.http.post(
        "/v1/conversations",
        json={"user_id": "ada", **body},
        headers={"Idempotency-Key": key} if key else {},
    )
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_conversation_is_accepted_with_where_to_look(client: Client) -> None:
    """§0.1 POST: 202 with `id`, `status`, `status_url`, `created_at`."""
    body = accepted(client, messages=[{"role": "user", "content": LISBON}])
    assert body.keys() == {"id", "status", "status_url", "created_at"}
    assert body["status"] == "queued"
    assert body["status_url"] == f"/v1/conversations/{body['id']}"
    assert client.http.get(body["status_url"]).status_code == 200


def test_every_field_is_taken_and_comes_back(client: Client) -> None:
    """§0.1 POST: each role, blocks of both chat APIs, name, at, and the fields beside them."""
    blocks = [
        {"type": "text", "text": LISBON},
        {"type": "image_url", "image_url": {"url": "https://example.org/x.png"}},
    ]
    body = accepted(
        client,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": blocks, "name": "Ada", "at": "2026-04-01T09:00:00Z"},
            {"role": "assistant", "content": [{"type": "text", "text": "Nice."}]},
            {"role": "tool", "content": "42"},
        ],
        namespace="home",
        source="app",
        external_id="chat-7",
        occurred_at="2026-04-02T10:00:00+02:00",
        metadata={"channel": "mail"},
        instructions="Leave out the weather.",
        priority="backfill",
    )
    seen = client.finished(body["id"])
    assert seen["state"] == seen["status"] == "done"
    assert (seen["namespace"], seen["source"], seen["external_id"]) == ("home", "app", "chat-7")
    assert seen["occurred_at"] == "2026-04-02T08:00:00.000Z"
    assert (seen["metadata"], seen["message_count"]) == ({"channel": "mail"}, 4)
    [memory] = got(client, "/v1/memories", user_id="ada", namespace="home")["memories"]
    assert (memory["metadata"], memory["source"]) == ({"channel": "mail"}, "app")


def test_a_transcript_takes_the_place_of_messages(client: Client) -> None:
    """§0.1 POST: "Name: …" lines instead of messages; both or neither are refused."""
    body = accepted(client, transcript="Ada: I live in Lisbon.\nBot: How nice!")
    assert client.finished(body["id"])["message_count"] == 2
    both = {"transcript": "Ada: Hi", "messages": [{"role": "user", "content": "Hi"}]}
    bodies: list[dict[str, Any]] = [both, {}, {"messages": []}, {"transcript": ""}]
    for bad in bodies:
        assert accepted(client, 422, **bad)["code"] == "validation"


def test_the_receipt_says_what_became_of_each_fact(client: Client) -> None:
    """§0.1 GET: state, attempts, stage timings, receipt with models, tokens and cost; message
    indexes count from 0."""
    client.finished(client.post_conversation("ada", "Hello!", LISBON))
    talk = client.finished(client.post_conversation("ada", LISBON, "I live in Porto now."))

    assert (talk["attempts"], talk["error"]) == (1, None)
    assert talk["stages"].keys() == {"extract_ms", "embed_ms", "reconcile_ms"}
    receipt = talk["receipt"]
    assert receipt.keys() == {"facts", "models", "tokens", "cost_usd"}
    assert receipt["cost_usd"] == 0
    actions = {fact["action"]: fact for fact in receipt["facts"]}
    assert actions.keys() == {"duplicate", "replaced"}
    replaced = actions["replaced"]
    assert replaced.keys() == {
        "fact",
        "importance",
        "action",
        "reason",
        "memory_id",
        "replaced_id",
        "message_indexes",
        "quote",
    }
    assert replaced["message_indexes"] == [1]
    assert replaced["quote"] in "I live in Porto now."
    assert replaced["replaced_id"] == actions["duplicate"]["memory_id"]
    assert len(found(client)) == 1


def test_waiting_holds_the_request_until_it_is_finished(client: Client) -> None:
    """§0.1 GET ?wait: at most 30 seconds count; text is 422."""
    talk = client.post_conversation("ada", LISBON)
    assert got(client, f"/v1/conversations/{talk}", wait=99)["state"] == "done"
    answer = client.http.get(f"/v1/conversations/{talk}", params={"wait": "long"})
    refused(answer, 422, "validation")


def test_conversations_are_listed_by_user_state_and_time(client: Client) -> None:
    """§0.1 GET list: filters user, state, since; cursor; newest first."""
    talks = [client.post_conversation("ada", LISBON) for _ in range(3)]
    other = client.post_conversation("bob", LISBON)
    for talk in (*talks, other):
        client.finished(talk)

    def ids(**query: Any) -> list[str]:
        page = got(client, "/v1/conversations", **query)
        return [each["id"] for each in page["conversations"]]

    assert ids() == [other, *reversed(talks)]
    assert ids(user_id="bob") == [other]
    assert ids(state="dead") == []
    assert ids(state="done", since="2020-01-01T00:00:00Z", user_id="ada") == talks[::-1]
    assert ids(since="2990-01-01") == []
    first = got(client, "/v1/conversations", limit=3)
    assert ids(limit=3, cursor=first["next_cursor"]) == [talks[0]]
    assert got(client, "/v1/conversations", limit=4)["next_cursor"] is None


def test_a_time_whose_plus_was_not_encoded_is_understood(client: Client) -> None:
    """§0.1 GET list `since`, as lenient as the times of §1.2's filters."""
    for path in ("/v1/conversations?since=", "/v1/memories?user_id=ada&created_after="):
        assert client.http.get(f"{path}2026-01-01T00:00:00+00:00").status_code == 200, path


def test_a_conversation_may_be_an_agents_or_a_teams(client: Client) -> None:
    """§0.1 POST `agent_id`, `team_id` + `visibility`: what is learned goes there."""
    agent_id, team_id = agent(client), team(client, bob="read_only")
    message = [{"role": "user", "content": LISBON}]
    places: list[dict[str, Any]] = [
        {"agent_id": agent_id},
        {"team_id": team_id},
        {"team_id": team_id, "visibility": "private", "namespace": "n"},
    ]
    for where in places:
        client.finished(accepted(client, messages=message, **where)["id"])

    assert found(client) == set()
    assert len(got(client, f"/v1/agents/{agent_id}/memories", user_id="ada")["memories"]) == 1
    assert len(found(client, "bob", team_id=team_id)) == 1
    assert found(client, "bob", team_id=team_id, namespace="n") == set()
    assert len(found(client, namespace="n")) == 1


def test_the_same_key_and_body_are_the_same_conversation(client: Client) -> None:
    """§0.1 Idempotency-Key: the same 202 with `Idempotent-Replayed: true`; other body 422."""
    body = {"user_id": "ada", "transcript": f"Ada: {LISBON}"}
    headers = {"Idempotency-Key": "once"}

    def post(content: Any) -> Any:
        return client.http.post("/v1/conversations", json=content, headers=headers)

    answers = at_once(*[lambda: post(body)] * 8)
    assert statuses(answers) == [202] * 8
    assert len({answer.text for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None", *["true"] * 7]
    refused(post({**body, "namespace": "other"}), 422, "idempotency_key_reused")
    assert len(got(client, "/v1/conversations")["conversations"]) == 1


def test_only_a_finished_conversation_is_replayed(client: Client) -> None:
    """§0.1 replay: done or dead, 202; a cancelled or unknown one is refused."""
    talk = client.post_conversation("ada", LISBON)
    client.finished(talk)
    answer = client.http.post(f"/v1/conversations/{talk}/replay")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert client.finished(talk)["receipt"]["facts"][0]["action"] == "duplicate"
    assert client.http.delete(f"/v1/conversations/{talk}").status_code == 204
    refused(client.http.post(f"/v1/conversations/{talk}/replay"), 409, "not_replayable")
    refused(client.http.post(f"/v1/conversations/{NOBODY}/replay"), 404, "not_found")


@pytest.mark.parametrize("with_memories", [False, True])
def test_deleting_erases_the_text_and_on_request_what_was_learned(
    client: Client, with_memories: bool
) -> None:
    """§0.1 DELETE: cancels, erases the raw text, and with `?memories=true` what was learned."""
    talk = client.post_conversation("ada", LISBON)
    client.finished(talk)
    path = f"/v1/conversations/{talk}"
    assert client.http.delete(path, params={"memories": with_memories}).status_code == 204

    seen = got(client, path)
    assert (seen["receipt"], seen["metadata"]) == (None, {})
    assert len(found(client)) == (0 if with_memories else 1)
    assert got(client, "/v1/usage")["memories_used"] == (0 if with_memories else 1)
    exported = client.http.get("/v1/users/ada/export").text
    assert re.search(r"I live in Lisbon", exported) is None


def test_an_unknown_conversation_is_404(stack: Stack, client: Client) -> None:
    """§0.1: unknown and other tenants' ids are 404, no UUID is 422."""
    talk = stack.client().post_conversation("ada", LISBON)
    for identifier in (NOBODY, talk):
        refused(client.http.get(f"/v1/conversations/{identifier}"), 404, "not_found")
        refused(client.http.delete(f"/v1/conversations/{identifier}"), 404, "not_found")
    refused(client.http.get("/v1/conversations/x"), 422, "validation")
