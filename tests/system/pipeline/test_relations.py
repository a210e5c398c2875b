"""Facts of one conversation that Claude relates become edges of the graph by themselves."""

from __future__ import annotations

from typing import Any

from tests.providers.anthropic import FakeAnthropic
from tests.support.client import Client
from tests.system.pipeline.conftest import MakeStack

WORK, PROJECT, NEED = "I work at Stripe.", "I build reconciliation.", "I need idempotency."


def walk(client: Client, memory_id: str) -> list[tuple[int, str, str]]:
    """The walk from a memory: depth, type of the edge, fact."""
    answer = client.http.get(f"/v1/graph/traverse/{memory_id}", params={"depth": 3})
    assert answer.status_code == 200, answer.text
    return [
        (node["depth"], node["edge"]["relationship_type"], node["fact"])
        for node in answer.json()["nodes"]
    ]


def remembered(client: Client, *texts: str) -> list[dict[str, Any]]:
    """The facts of a conversation's receipt."""
    conversation = client.finished(client.post_conversation("ada", *texts))
    assert conversation["state"] == "done", conversation
    facts: list[dict[str, Any]] = conversation["receipt"]["facts"]
    return facts


def test_related_facts_are_connected_once_however_often_they_are_said(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    fake_anthropic[0].script({"kind": "related", "times": 3})
    client = make_stack().start().client()

    first, second, third = remembered(client, WORK, PROJECT, NEED)

    chain = [(1, "context_for", second["fact"]), (2, "context_for", third["fact"])]
    assert walk(client, first["memory_id"]) == chain

    again = remembered(client, WORK, PROJECT)

    assert [fact["action"] for fact in again] == ["duplicate", "duplicate"]
    assert walk(client, first["memory_id"]) == chain
