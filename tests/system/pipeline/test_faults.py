"""Nothing lost, nothing doubled: processes killed at the worst moments, Redis emptied and stopped,
poison."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from app.ingest.fault_injection import OUT_OF_MEMORY
from app.memories.embed import WORTH_KEEPING
from tests.providers.anthropic import FakeAnthropic
from tests.providers.voyage import FakeVoyage
from tests.support.client import Client
from tests.support.process import Server, eventually
from tests.support.stack import PATIENT, Stack
from tests.system.pipeline.conftest import MakeStack


@pytest.mark.parametrize(
    ("point", "extractions"),
    [("extracted", 2), ("extraction_saved", 1), ("before_commit", 1), ("after_commit", 1)],
)
def test_a_process_killed_at_any_point_loses_and_doubles_nothing(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str], point: str, extractions: int
) -> None:
    stack = make_stack().start()
    client = stack.client()
    (stack.crash_folder / point).touch()

    conversation_id = client.post_conversation("ada", "The canary is named Pip.")

    assert client.finished(conversation_id)["state"] == "done"
    assert not (stack.crash_folder / point).exists(), "the process did not reach the point"
    assert client.facts("ada") == ["The canary is named Pip."]
    assert fake_anthropic[0].count == extractions
    assert once_each(stack)


def test_what_a_paid_embedder_has_made_is_not_paid_for_again(
    make_stack: MakeStack,
    fake_anthropic: tuple[FakeAnthropic, str],
    fake_voyage: tuple[FakeVoyage, str],
) -> None:
    stack = make_stack().start()
    client = stack.client()
    (stack.crash_folder / "before_commit").touch()
    facts = " ".join(f"The canary number {n} is named Pip{n}." for n in range(2 * WORTH_KEEPING))

    conversation_id = client.post_conversation("ada", facts)

    assert client.finished(conversation_id)["state"] == "done"
    assert fake_anthropic[0].count == 1
    assert fake_voyage[0].count == 1
    assert len(client.facts("ada")) == 2 * WORTH_KEEPING  # A search: its question is embedded.
    with psycopg.connect(stack.database_url) as connection:
        kept = connection.execute("SELECT count(*) FROM kept_vectors").fetchone()
    assert kept == (0,), "they are in the memories"


def test_a_worker_killed_during_a_provider_call_loses_and_doubles_nothing(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack().start()
    client = stack.client()
    fake_anthropic[0].script({"delay_seconds": 0.9})
    conversation_id = client.post_conversation("ada", "The canary is named Pip.")
    eventually(lambda: fake_anthropic[0].count == 1)

    stack.worker.kill()
    stack.worker.start()

    assert client.finished(conversation_id)["state"] == "done"
    assert client.facts("ada") == ["The canary is named Pip."]
    assert fake_anthropic[0].count == 2
    assert once_each(stack)


def test_a_frozen_worker_that_wakes_after_its_lease_changes_nothing(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(SMARA_WORKER_PROCESSES="1").start()
    client = stack.client()
    fake_anthropic[0].script({"delay_seconds": 0.9})
    conversation_id = client.post_conversation("ada", "The canary is named Pip.")
    eventually(lambda: fake_anthropic[0].count == 1)
    frozen = stack.worker.process
    assert frozen is not None
    os.killpg(frozen.pid, signal.SIGSTOP)
    time.sleep(4.0)  # Longer than the lease of 3.5 s.

    stack.worker.start()
    assert client.finished(conversation_id)["state"] == "done"
    os.killpg(frozen.pid, signal.SIGCONT)
    time.sleep(1.5)

    assert client.facts("ada") == ["The canary is named Pip."]
    assert once_each(stack)
    os.killpg(frozen.pid, signal.SIGKILL)


def test_flushall_with_200_queued_loses_nothing(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack().start(workers=False)
    client = stack.client()
    posted = [
        client.post_conversation(f"user-{n % 20}", f"Canary{n:03d} sings.") for n in range(200)
    ]

    flush(redis[1])
    stack.worker.start()
    stack.beat.start()

    assert {
        client.finished(conversation_id, seconds=60)["state"] for conversation_id in posted
    } == {"done"}
    assert sum(len(client.facts(f"user-{n}")) for n in range(20)) == 200
    assert once_each(stack)


def test_conversations_are_accepted_while_redis_is_down_and_remembered_when_it_is_back(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack().start()
    client = stack.client()
    redis[0].kill()

    began = time.monotonic()
    posted = [client.post_conversation("ada", f"Canary{n:03d} sings.") for n in range(20)]
    assert time.monotonic() - began < 20.0, "an API that waits for Redis takes a second for each"
    redis[0].start()
    # In production a supervisor does this: a worker may exit when its broker goes away.
    if stack.worker.process is None or stack.worker.process.poll() is not None:
        stack.worker.start()

    assert {
        client.finished(conversation_id, seconds=60)["state"] for conversation_id in posted
    } == {"done"}
    assert len(client.facts("ada")) == 20


def test_poison_is_dead_after_three_crashes_and_harms_nobody_else(make_stack: MakeStack) -> None:
    stack = make_stack().start()
    client = stack.client()
    (stack.crash_folder / "claimed").write_text("POISON")
    poison = client.post_conversation("eve", "POISON is in here.")
    others = [client.post_conversation(f"user-{n}", f"Canary{n:03d} sings.") for n in range(10)]

    dead = client.finished(poison, seconds=60)

    assert (dead["state"], dead["error"]["code"]) == ("dead", "crashed")
    assert dead["error"]["replayable"] is True
    assert dead["attempts"] == 3
    assert {
        client.finished(conversation_id, seconds=60)["state"] for conversation_id in others
    } == {"done"}
    pipeline = client.http.get("/v1/pipeline").json()
    assert pipeline["dead_by_reason"] == {"crashed": 1}
    (stack.crash_folder / "claimed").unlink()
    assert client.http.post(f"/v1/conversations/{poison}/replay").status_code == 202
    assert client.finished(poison)["state"] == "done"


def test_what_runs_out_of_memory_is_dead_and_takes_no_worker_along(make_stack: MakeStack) -> None:
    stack = make_stack(SMARA_MAX_ATTEMPTS="3").start()
    client = stack.client()
    (stack.crash_folder / "claimed").write_text(f"{OUT_OF_MEMORY}HUGE")
    assert client.finished(client.post_conversation("ada", "It is small."))["state"] == "done"
    processes = stack.worker.children()

    dead = client.finished(client.post_conversation("eve", "HUGE is in here."), seconds=60)
    after = client.finished(client.post_conversation("ada", "It is small again."))

    assert (dead["state"], dead["error"]["code"], dead["attempts"]) == ("dead", "out_of_memory", 3)
    assert after["state"] == "done"
    assert stack.worker.children() == processes


def test_the_provider_being_down_burns_no_more_than_its_attempts(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(SMARA_MAX_ATTEMPTS="3").start()
    client = stack.client()
    fake_anthropic[0].script({"status": 529, "times": 0, "when": "It is down"})

    dead = client.finished(client.post_conversation("ada", "It is down."))
    done = client.finished(client.post_conversation("bob", "It is up."))

    assert (dead["state"], dead["error"]["code"], dead["attempts"]) == (
        "dead",
        "provider_unavailable",
        3,
    )
    assert done["state"] == "done"


@pytest.mark.parametrize(
    "step",
    [{"status": 401}, {"status": 429, "headers": {"retry-after": "1"}}],
    ids=["key refused", "rate limited"],
)
def test_an_account_that_is_refused_or_limited_burns_no_attempts(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str], step: dict[str, object]
) -> None:
    stack = make_stack(**PATIENT, SMARA_MAX_ATTEMPTS="1").start()
    client = stack.client()
    fake_anthropic[0].script(step)

    conversation_id = client.post_conversation("ada", "The canary is named Pip.")
    waiting = eventually(
        lambda: next(
            (
                c
                for c in [client.http.get(f"/v1/conversations/{conversation_id}").json()]
                if c["state"] == "queued" and c["error"]
            ),
            None,
        )
    )

    assert waiting["attempts"] == 0


def test_the_same_post_twenty_times_at_once_is_one_conversation(client: Client) -> None:
    def post(_: int) -> tuple[str, str | None]:
        answer = client.http.post(
            "/v1/conversations",
            json={"user_id": "ada", "messages": [{"role": "user", "content": "I live in Lisbon."}]},
            headers={"Idempotency-Key": "same"},
        )
        assert answer.status_code == 202
        return answer.json()["id"], answer.headers.get("Idempotent-Replayed")

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))

    assert len({identifier for identifier, _ in answers}) == 1
    assert sorted(str(replayed) for _, replayed in answers) == ["None"] + ["true"] * 19


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    client.post_conversation("ada", "I live in Lisbon.", key="once")

    answer = client.http.post(
        "/v1/conversations",
        json={"user_id": "ada", "messages": [{"role": "user", "content": "I live in Oslo."}]},
        headers={"Idempotency-Key": '"once"'},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_ten_conversations_with_the_same_new_fact_at_once_leave_one_live_memory(
    client: Client,
) -> None:
    def post(n: int) -> str:
        return client.post_conversation("ada", f"Greetings number {n}!", "I live in Lisbon.")

    with ThreadPoolExecutor(10) as pool:
        posted = list(pool.map(post, range(10)))

    actions = [
        fact["action"]
        for conversation_id in posted
        for fact in client.finished(conversation_id)["receipt"]["facts"]
        if "Lisbon" in fact["fact"]
    ]
    assert sorted(actions) == ["duplicate"] * 9 + ["stored"]
    assert [fact for fact in client.facts("ada") if "Lisbon" in fact] == ["User lives in Lisbon."]


def test_twenty_identical_stores_at_once_leave_one_live_memory(client: Client) -> None:
    def store(_: int) -> str:
        answer = client.http.post(
            "/v1/memories", json={"user_id": "ada", "fact": "Lives in Lisbon"}
        )
        assert answer.status_code in (200, 201)
        action: str = answer.json()["action"]
        return action

    with ThreadPoolExecutor(20) as pool:
        actions = sorted(pool.map(store, range(20)))

    assert actions == ["duplicate"] * 19 + ["stored"]


def once_each(stack: Stack) -> bool:
    """No live fact twice in a scope, and no operation of a conversation's run twice."""
    with psycopg.connect(stack.database_url) as connection:
        facts = connection.execute(
            "SELECT 1 FROM memories WHERE state = 'live' GROUP BY tenant_id, scope_key, "
            "content_hash HAVING count(*) > 1"
        ).fetchall()
        operations = connection.execute(
            "SELECT 1 FROM memory_events GROUP BY conversation_id, run, op_no HAVING count(*) > 1"
        ).fetchall()
    return not facts and not operations


def flush(url: str) -> None:
    import redis as redis_client

    client = redis_client.Redis(unix_socket_path=url.removeprefix("redis+socket://"))
    client.flushall()
    client.close()


def test_a_killed_workers_conversation_goes_on_long_before_its_lease_ends(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(SMARA_LEASE_SECONDS="300").start()
    client = stack.client()
    (stack.crash_folder / "extraction_saved").touch()

    conversation = client.finished(client.post_conversation("ada", "The canary is named Pip."))

    assert conversation["state"] == "done"
    assert conversation["attempts"] == 2
    assert fake_anthropic[0].count == 1
