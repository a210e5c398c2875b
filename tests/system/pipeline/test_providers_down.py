"""Providers that are down, refuse, limit, hang or cut off: conversations wait, and burn nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.providers.anthropic import FakeAnthropic
from tests.providers.voyage import FakeVoyage
from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import IMPATIENT, PATIENT, Stack
from tests.system.pipeline.conftest import MakeStack

QUICK = {
    **PATIENT,
    "SMARA_CIRCUIT_PAUSE_SECONDS": "0.5",
    "SMARA_CIRCUIT_PAUSE_CAP_SECONDS": "1",
}


def asked(stack: Stack, statement: str) -> list[Any]:
    """The rows of a statement past every policy, or their one column."""
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        rows = connection.execute(statement).fetchall()
    return [row[0] if len(row) == 1 else row for row in rows]


@pytest.fixture
def set_budget() -> Callable[[Stack, Client, str, str], None]:
    """Sets a client's tenant's limits as an operator does."""

    def change(stack: Stack, client: Client, soft: str, hard: str) -> None:
        key = client.http.headers["Authorization"].removeprefix("Bearer ")
        [tenant_id] = asked(
            stack, f"SELECT tenant_id FROM api_keys WHERE prefix = left('{key}', length(prefix))"
        )
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "app.cli",
                "tenants",
                "set-budget",
                str(tenant_id),
                "--soft",
                soft,
                "--hard",
                hard,
            ],
            env={**os.environ, "DATABASE_URL": stack.database_url},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    return change


def circuit(client: Client, provider: str) -> dict[str, Any]:
    """The circuit as `/health` shows it, which keeps what it has read for a second."""
    health = client.http.get("/health")
    assert health.status_code == 200
    found: dict[str, Any] = next(
        each for each in health.json()["circuits"] if each["provider"] == provider
    )
    return {**found, "status": health.json()["status"]}


def test_200_conversations_outlast_an_outage(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    claude = fake_anthropic[0]
    stack = make_stack(**QUICK).start(workers=False)
    client = stack.client()
    posted = [client.post_conversation(f"user-{n}", f"Canary{n:03d} sings.") for n in range(200)]
    claude.script({"status": 529, "times": 0})

    stack.worker.start()
    stack.beat.start()
    eventually(lambda: asked(stack, "SELECT failed_probes FROM circuits WHERE failed_probes >= 3"))
    during = claude.count
    assert asked(
        stack, "SELECT count(*) FROM conversations WHERE state = 'dead' OR attempts > 2"
    ) == [0]
    waiting_for = client.http.get("/v1/pipeline").json()["waiting_for"]
    assert waiting_for["provider"] >= 199, "all but one that may be probing"
    assert waiting_for["budget"] == 0
    claude.steps.clear()

    assert {client.finished(each, seconds=60)["state"] for each in posted} == {"done"}
    assert during <= 16 + 6, "what was in flight when it opened, and the probes"
    assert claude.count <= 250
    assert asked(stack, "SELECT max(attempts) FROM conversations")[0] <= 2
    eventually(lambda: circuit(client, "anthropic")["status"] == "ok", seconds=5)


def test_a_refused_key_is_seen_and_recovers(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(**QUICK, SMARA_MAX_ATTEMPTS="1").start()
    client = stack.client()
    fake_anthropic[0].script({"status": 401, "times": 0})

    conversation_id = client.post_conversation("ada", "The canary is named Pip.")
    eventually(lambda: circuit(client, "anthropic")["state"] != "closed")

    seen = circuit(client, "anthropic")
    assert (seen["status"], seen["reason"]) == ("degraded", "provider_key_refused")
    assert seen["since"] is not None
    eventually(
        lambda: (
            client.http.get(f"/v1/conversations/{conversation_id}").json()["waiting_for"]
            == "provider"
        )
    )
    fake_anthropic[0].steps.clear()
    done = client.finished(conversation_id)
    assert (done["state"], done["attempts"], done["waiting_for"]) == ("done", 1, None)
    eventually(lambda: circuit(client, "anthropic")["state"] == "closed", seconds=5)


@pytest.mark.parametrize(
    ("headers", "pause"), [({"retry-after": "2"}, 2.0), ({}, 0.5)], ids=["2 s", "absent"]
)
def test_a_rate_limit_is_a_pause_for_all(
    make_stack: MakeStack,
    fake_anthropic: tuple[FakeAnthropic, str],
    headers: dict[str, str],
    pause: float,
) -> None:
    stack = make_stack(
        **QUICK,
        SMARA_MAX_ATTEMPTS="1",
        SMARA_WORKER_PROCESSES="1",
        SMARA_WORKER_IN_FLIGHT="1",
        SMARA_MAX_IN_FLIGHT_PER_TENANT="1",
    ).start(workers=False)
    client = stack.client()
    posted = [client.post_conversation(f"user-{n}", f"Canary{n:03d} sings.") for n in range(8)]
    fake_anthropic[0].script({"status": 429, "headers": headers})

    stack.worker.start()
    stack.beat.start()
    eventually(lambda: fake_anthropic[0].count >= 1, seconds=40)
    limited = time.monotonic()
    eventually(lambda: fake_anthropic[0].count > 1)

    assert time.monotonic() - limited >= pause - 0.2
    assert {client.finished(each)["state"] for each in posted} == {"done"}
    assert fake_anthropic[0].count == 9


def test_reads_do_not_wait_for_an_embedder_that_hangs(
    make_stack: MakeStack, fake_voyage: tuple[FakeVoyage, str]
) -> None:
    stack = make_stack(**QUICK, SMARA_QUERY_EMBEDDING_TIMEOUT_SECONDS="0.5").start(workers=False)
    client = stack.client()
    for n in range(20):
        stored = client.http.post("/v1/memories", json={"user_id": "ada", "fact": f"Likes tea {n}"})
        assert stored.status_code == 201

    def ask(n: int) -> dict[str, Any]:
        answer = client.http.get("/v1/memories/search", params={"user_id": "ada", "q": f"tea {n}"})
        assert answer.status_code == 200
        return dict(answer.json())

    assert {ask(n)["degraded_reason"] for n in range(1_000, 1_020)} == {None}
    fake_voyage[0].script({"hang": True, "times": 0})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(2_000, 2_008)))
    eventually(lambda: circuit(client, "voyage")["state"] != "closed", seconds=5)
    asked = fake_voyage[0].count

    reasons = {ask(n)["degraded_reason"] for n in range(3_000, 3_200)}

    assert reasons == {"circuit_open"}
    assert fake_voyage[0].count - asked <= 5, "probes alone; what they take, torture measures"
    assert ask(1_005)["degraded_reason"] is None, "a question that was asked before is still known"
    fake_voyage[0].steps.clear()
    eventually(lambda: ask(time.monotonic_ns())["degraded_reason"] is None)


@pytest.mark.parametrize("step", [{"kind": "truncated"}, {"status": 413}], ids=["cut", "413"])
def test_what_is_too_much_for_one_answer_is_read_in_halves_and_paid_once(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str], step: dict[str, Any]
) -> None:
    stack = make_stack().start()
    client = stack.client()
    fake_anthropic[0].script(dict(step))
    (stack.crash_folder / "extracted").touch()

    conversation_id = client.post_conversation("ada", *(f"Canary{n:03d} sings." for n in range(8)))

    assert client.finished(conversation_id)["state"] == "done"
    assert client.facts("ada") == [f"Canary{n:03d} sings." for n in range(8)]
    # The whole, a first half whose process died before it was kept, and both halves.
    assert fake_anthropic[0].count == 4
    assert asked(
        stack,
        "SELECT outcome FROM llm_calls WHERE purpose = 'extract' AND outcome"
        " NOT IN ('ok', 'started', 'lost')",
    ) == ["provider_answer_truncated" if "kind" in step else "provider_request_too_large"]


def test_a_message_that_is_too_much_by_itself_is_dead_with_the_reason(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(SMARA_MAX_ATTEMPTS="2").start()
    client = stack.client()
    fake_anthropic[0].script({"kind": "truncated", "times": 0, "when": "Canary003"})

    dead = client.finished(
        client.post_conversation("ada", *(f"Canary{n:03d} sings." for n in range(8)))
    )

    assert (dead["state"], dead["error"]["code"]) == ("dead", "provider_answer_truncated")
    # 8, 4, 2 and 1 messages, and the one again; 2 and 1 on the way are kept.
    assert fake_anthropic[0].count == 4 + 2 + 1


BUDGET = {"SMARA_EXTRACTION_MAX_TOKENS": "256", **QUICK}


def settled(client: Client) -> dict[str, Any]:
    """The month once no call is under way."""

    def month() -> dict[str, Any] | None:
        found: dict[str, Any] = client.http.get("/v1/usage").json()["budget"]
        return found if found["reserved_usd"] == 0 else None

    found: dict[str, Any] = eventually(month)
    return found


def test_over_its_budget_a_tenant_waits_and_the_other_goes_on(
    make_stack: MakeStack,
    set_budget: Callable[[Stack, Client, str, str], None],
) -> None:
    stack = make_stack(**BUDGET).start()
    poor, rich = stack.client(), stack.client()
    set_budget(stack, poor, "0.03", "0.08")

    waiting = [poor.post_conversation(f"user-{n}", f"Canary{n:03d} sings.") for n in range(40)]
    going = [rich.post_conversation(f"user-{n}", f"Canary{n:03d} sings.") for n in range(20)]

    assert {rich.finished(each)["state"] for each in going} == {"done"}
    eventually(lambda: poor.http.get("/v1/pipeline").json()["waiting_for"]["budget"] > 0)
    eventually(
        lambda: (
            asked(
                stack, "SELECT max(blocked_until - now()) > interval '1 minute' FROM tenant_turns"
            )
            == [True]
        )
    )
    month = settled(poor)
    assert 0.03 < month["spent_usd"] <= 0.08
    assert month["soft_reached_at"] is not None
    assert (month["soft_usd"], month["hard_usd"]) == (0.03, 0.08)

    def queued() -> list[Any]:
        query = {"state": "queued", "limit": 100}
        conversations: list[Any] = poor.http.get("/v1/conversations", params=query).json()[
            "conversations"
        ]
        return conversations

    # Those that were in hand are given back one by one.
    eventually(lambda: {each["waiting_for"] for each in queued()} == {"budget"}, seconds=40)
    assert {each["attempts"] for each in queued()} == {0}
    eventually(lambda: "budget" in {each["error"]["code"] for each in queued() if each["error"]})

    set_budget(stack, poor, "10", "10")
    assert {poor.finished(each, seconds=60)["state"] for each in waiting} == {"done"}
    assert settled(poor)["spent_usd"] > 0.08


def test_without_any_money_stores_are_refused_and_searches_stay(
    make_stack: MakeStack, set_budget: Callable[[Stack, Client, str, str], None]
) -> None:
    stack = make_stack(**BUDGET).start(workers=False)
    client = stack.client()
    set_budget(stack, client, "0", "0")

    refused = client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"})

    assert (refused.status_code, refused.json()["code"]) == (402, "budget")
    assert refused.json()["limit"] == 0
    assert client.facts("ada") == []


def test_what_a_killed_worker_had_reserved_comes_back(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(**{**BUDGET, **IMPATIENT}).start()
    client = stack.client()
    (stack.crash_folder / "extracted").touch()

    assert client.finished(client.post_conversation("ada", "I am Pip."))["state"] == "done"

    assert settled(client)["spent_usd"] > 0
    assert sorted(asked(stack, "SELECT outcome FROM llm_calls WHERE purpose = 'extract'")) == [
        "lost",
        "ok",
    ]


def test_the_daily_cap_holds_everyone(make_stack: MakeStack) -> None:
    stack = make_stack(**BUDGET, SMARA_DAILY_CAP_USD="0.04").start()
    one, other = stack.client(), stack.client()
    for n in range(10):
        one.post_conversation(f"user-{n}", f"Canary{n:03d} sings.")
        other.post_conversation(f"user-{n}", f"Canary{n:03d} sings.")

    eventually(lambda: asked(stack, "SELECT 1 FROM spend_days WHERE tripped_at_microusd = 40000"))

    spent = (settled(one)["spent_usd"], settled(other)["spent_usd"])
    assert 0 < sum(spent) <= 0.04
    # Whoever was refused is back in the queue a moment after the cap was reached.
    eventually(lambda: other.http.get("/v1/pipeline").json()["waiting_for"]["budget"] > 0)
    assert asked(stack, "SELECT DISTINCT attempts FROM conversations WHERE state = 'queued'") == [0]


def test_our_own_limit_of_calls_is_kept_by_all_workers(make_stack: MakeStack) -> None:
    stack = make_stack(**PATIENT, SMARA_EXTRACTION_REQUESTS_PER_MINUTE="10").start()
    client = stack.client()
    for n in range(30):
        client.post_conversation(f"user-{n}", f"Canary{n:03d} sings.")

    tried = (
        "SELECT count(*) FROM conversations "
        "WHERE state = 'done' OR (state = 'queued' AND error_code = 'provider_throttled')"
    )
    eventually(lambda: asked(stack, tried) == [30])

    in_a_minute = (
        "SELECT count(*) OVER (ORDER BY started_at RANGE BETWEEN '55 s' PRECEDING AND CURRENT ROW) "
        "FROM llm_calls WHERE purpose = 'extract'"
    )
    # Either process has a share of 2 of its own while Redis leaves it without an answer, which on a
    # busy machine it does now and then.
    assert 2 * 2 <= max(asked(stack, in_a_minute)) <= 10 + 2 * 2
    assert asked(stack, "SELECT max(attempts) FROM conversations WHERE state = 'queued'") == [0]
    eventually(lambda: client.http.get("/health").json()["status"] == "ok", seconds=5)
