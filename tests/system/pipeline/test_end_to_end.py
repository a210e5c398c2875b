"""Through the front door: conversations in, memories out."""

from __future__ import annotations

from tests.support.client import Client


def test_what_was_said_can_be_recalled_and_cites_its_message(client: Client) -> None:
    conversation_id = client.post_conversation("ada", "Hello there!", "I live in Lisbon.")

    conversation = client.finished(conversation_id)

    assert conversation["state"] == "done"
    [fact] = conversation["receipt"]["facts"]
    assert fact["action"] == "stored"
    assert fact["fact"] == "User lives in Lisbon."
    assert fact["message_indexes"] == [1]
    assert fact["quote"] == "I live in Lisbon."
    answer = client.http.get("/v1/users/ada/context", params={"q": "Where does she live?"}).json()
    assert "User lives in Lisbon." in answer["context"]
    assert answer["memories"][0]["conversation_id"] == conversation_id


def test_a_fact_said_twice_becomes_one_memory(client: Client) -> None:
    first = client.post_conversation("ada", "I live in Lisbon.")
    second = client.post_conversation("ada", "By the way, I live in Lisbon.")

    client.finished(first)
    [fact] = client.finished(second)["receipt"]["facts"]

    assert fact["action"] == "duplicate"
    assert client.facts("ada") == ["User lives in Lisbon."]


def test_a_newer_statement_retires_the_one_that_it_contradicts(client: Client) -> None:
    client.post_conversation("ada", "I live in Lisbon.", occurred_at="2026-01-01T00:00:00Z")
    later = client.post_conversation(
        "ada", "I live in Oslo now.", occurred_at="2026-03-01T00:00:00Z"
    )

    [fact] = client.finished(later)["receipt"]["facts"]

    assert fact["action"] == "replaced"
    assert [text for text in client.facts("ada") if "Lisbon" in text] == []


def test_an_older_statement_that_arrives_late_becomes_history(client: Client) -> None:
    client.post_conversation("ada", "I live in Oslo.", occurred_at="2026-03-01T00:00:00Z")
    late = client.post_conversation("ada", "I live in Lisbon.", occurred_at="2026-01-01T00:00:00Z")

    [fact] = client.finished(late)["receipt"]["facts"]

    assert (fact["action"], fact["reason"]) == ("stored", "older_than_current")
    assert client.facts("ada") == ["User lives in Oslo."]


def test_memories_stay_with_their_user_and_namespace(client: Client) -> None:
    client.finished(client.post_conversation("ada", "I live in Lisbon.", namespace="home"))
    client.finished(client.post_conversation("bob", "I live in Oslo."))

    assert client.facts("ada") == []
    found = client.http.get(
        "/v1/memories/search", params={"user_id": "ada", "q": "home", "namespace": "home"}
    ).json()
    assert [memory["fact"] for memory in found["results"]] == ["User lives in Lisbon."]


def test_a_replayed_conversation_stores_nothing_twice(client: Client) -> None:
    conversation_id = client.post_conversation("ada", "I live in Lisbon.")
    client.finished(conversation_id)

    assert client.http.post(f"/v1/conversations/{conversation_id}/replay").status_code == 202

    [fact] = client.finished(conversation_id)["receipt"]["facts"]
    assert fact["action"] == "duplicate"
    assert client.facts("ada") == ["User lives in Lisbon."]


def test_an_erased_conversation_takes_its_memories_along_when_asked(client: Client) -> None:
    conversation_id = client.post_conversation("ada", "I live in Lisbon.")
    client.finished(conversation_id)

    assert (
        client.http.delete(f"/v1/conversations/{conversation_id}?memories=true").status_code == 204
    )

    assert client.facts("ada") == []
    conversation = client.http.get(f"/v1/conversations/{conversation_id}").json()
    assert conversation["receipt"] is None
    assert client.http.post(f"/v1/conversations/{conversation_id}/replay").status_code == 409
