"""A provider that will not read a chat: asked twice, and paid for what it says it cost."""

from __future__ import annotations

import pytest

from tests.pipeline.conftest import MakeStack
from tests.providers.anthropic import FakeAnthropic


@pytest.mark.parametrize(
    ("kind", "code"), [("refusal", "refused"), ("truncated", "provider_answer_truncated")]
)
def test_a_chat_that_is_declined_twice_is_dead_and_costs_what_was_billed(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str], kind: str, code: str
) -> None:
    client = make_stack().start().client()
    fake_anthropic[0].script({"kind": kind, "times": 0})

    talk = client.finished(client.post_conversation("ada", "User lives in Oslo."))

    assert (talk["state"], talk["error"]["code"], talk["attempts"]) == ("dead", code, 2)
    assert fake_anthropic[0].count == 2
    budget = client.http.get("/v1/usage").json()["budget"]
    assert 0 < budget["spent_usd"] < 0.02
    assert budget["reserved_usd"] == 0


def test_a_refusal_after_a_failure_of_another_kind_is_the_first(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    client = make_stack().start().client()
    fake_anthropic[0].script({"status": 529}, {"kind": "refusal"})

    talk = client.finished(client.post_conversation("ada", "User lives in Oslo."))

    assert (talk["state"], talk["attempts"]) == ("done", 3)
