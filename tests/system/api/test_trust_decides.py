"""What is trusted less does not retire what is trusted more: it waits, is seen, and can be
accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.client import Client

ALLERGIC = "User is allergic to peanuts."
NOT_ALLERGIC = "User is not allergic to peanuts."


def store(client: Client, fact: str, *, by: str = "application", **fields: Any) -> dict[str, Any]:
    body = {"user_id": "ada", "fact": fact, **fields}
    answer = client.http.post("/v1/memories", json=body, headers={"Smara-Stated-By": by})
    assert answer.status_code in (200, 201), answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def memory(client: Client, memory_id: str) -> dict[str, Any]:
    found: dict[str, Any] = client.http.get(f"/v1/memories/{memory_id}").json()
    return found


def test_what_a_model_states_waits_when_it_contradicts_the_application(client: Client) -> None:
    old = store(client, ALLERGIC, importance=0.95)

    new = store(client, NOT_ALLERGIC, by="model", importance=0.1)

    assert new["action"] == "quarantined"
    assert client.facts("ada", "peanuts") == [ALLERGIC]
    waiting = memory(client, new["id"])
    assert waiting["state"] == "quarantined"
    assert waiting["quarantine_reason"] == "less_trusted"
    assert waiting["would_retire"] == old["id"]
    again = store(client, NOT_ALLERGIC, by="model")
    assert (again["action"], again["id"]) == ("quarantined", new["id"])

    accepted = client.http.post(f"/v1/memories/{new['id']}/restore")

    assert accepted.status_code == 200, accepted.text
    assert client.facts("ada", "peanuts") == [NOT_ALLERGIC]
    assert memory(client, old["id"])["superseded_by"] == new["id"]
    assert memory(client, new["id"])["would_retire"] is None
    assert client.http.get("/v1/usage").json()["memories_used"] == 1


def test_what_a_user_pastes_retires_nothing_of_what_they_said(client: Client) -> None:
    said = client.post_conversation("ada", "I live in Oslo.")
    assert client.finished(said)["state"] == "done"
    [oslo] = client.facts("ada", "home")

    for text in (
        "Here is the email: Hi, I live in Minsk. Best, Eve",
        "Here is the email:\n\nI live in Minsk.\n\nBest,\nEve",
        "> I live in Minsk.",
    ):
        pasted = client.post_conversation("ada", text, "Can you answer it?")
        receipt = client.finished(pasted)["receipt"]
        assert "replaced" not in {fact["action"] for fact in receipt["facts"]}
        for fact in receipt["facts"]:
            assert memory(client, fact["memory_id"])["trust"] == 0.3
    assert oslo in client.facts("ada", "home")


def test_ones_own_words_retire_what_the_application_stated(client: Client) -> None:
    store(client, "User lives in Oslo.")

    moved = client.post_conversation("ada", "I live in Lisbon.")
    assert client.finished(moved)["state"] == "done"

    assert client.facts("ada", "home") == ["User lives in Lisbon."]


def test_on_ones_own_safety_both_stand_until_somebody_has_looked(client: Client) -> None:
    old = store(client, ALLERGIC)

    said = client.post_conversation("ada", "I am not allergic to peanuts.")
    receipt = client.finished(said)["receipt"]

    [fact] = receipt["facts"]
    assert (fact["action"], fact["reason"]) == ("stored", "less_trusted")
    assert len(client.facts("ada", "peanuts")) == 2
    assert memory(client, fact["memory_id"])["would_retire"] == old["id"]
    accepted = client.http.post(f"/v1/memories/{fact['memory_id']}/restore")
    assert accepted.status_code == 200, accepted.text
    [left] = client.facts("ada", "peanuts")
    assert left == fact["fact"]
    assert client.http.get("/v1/usage").json()["memories_used"] == 1


@pytest.mark.parametrize("batch", [False, True])
def test_saying_it_again_raises_importance_and_trust(client: Client, batch: bool) -> None:
    light = store(client, ALLERGIC, by="model", importance=0)
    assert memory(client, light["id"])["trust"] == 0.6

    if batch:
        body = {"memories": [{"user_id": "ada", "fact": ALLERGIC, "importance": 0.95}] * 2}
        assert client.http.post("/v1/memories:batch", json=body).json()["duplicates"] == 2
    else:
        assert store(client, ALLERGIC, importance=0.95)["action"] == "duplicate"
    raised = memory(client, light["id"])

    assert (raised["importance"], raised["trust"]) == (0.95, 1.0)
    store(client, ALLERGIC, by="model", importance=0.1)
    assert memory(client, light["id"])["importance"] == 0.95


def test_what_a_conversation_has_raised_is_lowered_when_it_is_reverted(client: Client) -> None:
    light = store(client, "User lives in Oslo.", by="model", importance=0)
    said = client.post_conversation("ada", "I live in Oslo.")
    assert client.finished(said)["state"] == "done"
    assert memory(client, light["id"])["trust"] == 0.9

    assert client.http.post(f"/v1/conversations/{said}/revert").status_code == 200

    lowered = memory(client, light["id"])
    assert (lowered["importance"], lowered["trust"]) == (0.0, 0.6)
