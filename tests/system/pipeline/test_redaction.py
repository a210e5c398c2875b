"""Personal data is redacted for tenants that want it, with the real Presidio."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.anthropic import FakeAnthropic
from tests.providers.voyage import FakeVoyage
from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack

SAID = "User can be called at +49 30 901820."
WITHOUT = "User can be called at [redacted: phone number]."


def wanted(client: Client, redaction: str) -> None:
    answer = client.http.patch("/v1/settings", json={"redaction": redaction})
    assert answer.status_code == 200, answer.text
    assert answer.json()["redaction"] == redaction
    assert client.http.get("/v1/settings").json()["redaction"] == redaction


def remembered(client: Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.http.get("/v1/memories?user_id=ada").json()["memories"]
    return listed


@pytest.fixture
def redacting(make_stack: MakeStack) -> Stack:
    return make_stack(SMARA_PRESIDIO="true").start()


def test_nothing_personal_is_remembered_and_the_chat_stays(
    redacting: Stack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    client = redacting.client()
    wanted(client, "memories")

    talk = client.finished(client.post_conversation("ada", SAID))

    [memory] = remembered(client)
    assert memory["fact"] == WITHOUT
    [fact] = talk["receipt"]["facts"]
    assert (fact["fact"], fact["quote"]) == (WITHOUT, WITHOUT)
    assert b"901820" in fake_anthropic[0].calls[0].raw
    assert "901820" in client.http.get("/v1/users/ada/export").text


def test_nothing_personal_is_accepted_or_sent_anywhere(
    redacting: Stack,
    fake_anthropic: tuple[FakeAnthropic, str],
    fake_voyage: tuple[FakeVoyage, str],
) -> None:
    client = redacting.client()
    wanted(client, "everything")

    talk = client.post_conversation("ada", SAID, metadata={"from": "ana.souza@mail.example.org"})
    assert client.finished(talk)["state"] == "done"
    client.http.get("/v1/memories/search", params={"user_id": "ada", "q": "whose is +49 30 901820"})
    stated = {"user_id": "ada", "fact": "Writes from ana.souza@mail.example.org on weekdays"}
    stored = client.http.post("/v1/memories", json=stated).json()["id"]
    change = {"fact": "Writes from ana.souza@mail.example.org on Sundays"}
    client.http.patch(f"/v1/memories/{stored}", json=change)

    assert {memory["fact"] for memory in remembered(client)} == {
        WITHOUT,
        "Writes from [redacted: email address] on Sundays",
    }
    sent = b"".join(call.raw for fake in (fake_anthropic, fake_voyage) for call in fake[0].calls)
    kept = client.http.get("/v1/users/ada/export").text
    for words in ("ana.souza", "901820"):
        assert words.encode() not in sent
        assert words not in kept


def test_a_tenant_that_has_not_asked_for_it_keeps_what_was_said(redacting: Stack) -> None:
    client = redacting.client()

    assert client.finished(client.post_conversation("ada", SAID))["state"] == "done"

    assert [memory["fact"] for memory in remembered(client)] == [SAID]


def test_an_installation_without_it_says_so(make_stack: MakeStack) -> None:
    client = make_stack().start(workers=False).client()

    refused = client.http.patch("/v1/settings", json={"redaction": "memories"})

    assert (refused.status_code, refused.json()["code"]) == (422, "redaction_missing")
    assert client.http.patch("/v1/settings", json={"redaction": None}).status_code == 200
