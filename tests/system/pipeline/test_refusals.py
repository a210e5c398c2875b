"""A provider that will not read a chat: asked twice, and paid for what it says it cost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.providers.anthropic import FakeAnthropic
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack


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


def test_the_command_line_says_that_the_key_is_refused_and_that_a_chat_is_dead(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack().start()
    fake_anthropic[0].script({"status": 401, "times": 0, "when": "Oslo"})
    refused = ingested(stack, "User lives in Oslo.", seconds=8)

    assert refused.returncode == 4
    assert refused.stdout.startswith("queued     ")
    assert "it waits for a provider" in refused.stdout
    assert "the API key is refused. [provider_key_refused]" in refused.stdout

    fake_anthropic[0].forget()
    fake_anthropic[0].script({"status": 400, "times": 0, "when": "Rome"})
    dead = ingested(stack, "User lives in Rome.", seconds=40)
    assert dead.returncode == 1, dead
    assert dead.stdout.startswith("dead       ")
    assert "[provider_rejected]" in dead.stdout


def ingested(stack: Stack, words: str, seconds: int) -> subprocess.CompletedProcess[str]:
    """What `smara ingest --wait` says of a chat of a user of its own."""
    key = stack.client().http.headers["authorization"].removeprefix("Bearer ")
    return subprocess.run(
        [
            *(sys.executable, "-m", "smara.cli", "ingest", "-", "--user", words),
            *("--wait", f"--wait-timeout={seconds}"),
        ],
        env={**os.environ, "SMARA_API_URL": stack.base_url, "SMARA_API_KEY": key},
        input=words,
        capture_output=True,
        text=True,
        timeout=90,
    )
