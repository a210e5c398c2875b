"""What is dated into the future closes a memory to nothing that is said now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.client import Client

AHEAD = datetime.now(UTC) + timedelta(days=2)


@pytest.mark.parametrize(
    "at", ["2999-01-01T00:00:00Z", AHEAD.isoformat()], ids=["far ahead", "two days ahead"]
)
def test_nothing_is_said_in_the_future(client: Client, at: str) -> None:
    message = {"role": "user", "content": "I live in Evilville."}

    for body in (
        {"user_id": "ada", "messages": [message], "occurred_at": at},
        {"user_id": "ada", "messages": [{**message, "at": at}]},
    ):
        answer = client.http.post("/v1/conversations", json=body)
        assert answer.status_code == 422
        assert "ahead" in answer.json()["error"]


def test_a_clock_may_be_some_hours_fast(client: Client) -> None:
    at = (datetime.now(UTC) + timedelta(hours=14)).isoformat()
    fast = client.post_conversation("ada", "I live in Evilville.", occurred_at=at)
    assert client.finished(fast)["state"] == "done"

    later = client.post_conversation("ada", "I live in Rome.")

    [fact] = client.finished(later)["receipt"]["facts"]
    assert fact["action"] == "replaced"
    assert client.facts("ada", "home") == ["User lives in Rome."]


def test_what_is_said_now_replaces_what_was_dated_ahead(client: Client) -> None:
    def store(fact: str, **fields: str) -> str:
        body = {"user_id": "ada", "fact": fact, **fields}
        action: str = client.http.post("/v1/memories", json=body).json()["action"]
        return action

    assert store("User lives in Evilville", valid_from="2999-01-01T00:00:00Z") == "stored"
    assert store("User lives in Oslo") == "replaced"
    assert client.facts("ada", "home") == ["User lives in Oslo"]
