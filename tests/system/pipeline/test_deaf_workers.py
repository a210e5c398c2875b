"""A worker whose broker dies at the wrong moment hears again, or ends and is started anew."""

from __future__ import annotations

import os
import signal
import time

from tests.providers.anthropic import FakeAnthropic
from tests.support.process import Server, eventually
from tests.system.pipeline.conftest import MakeStack


def test_a_worker_that_is_busy_when_redis_dies_hears_again(
    make_stack: MakeStack, redis: tuple[Server, str], fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(SMARA_WORKER_PROCESSES="2").start()
    client = stack.client()
    for fact in ("Pip", "Pop"):
        seen = fake_anthropic[0].count
        fake_anthropic[0].script(*[{"delay_seconds": 0.8}] * 4)
        busy = [client.post_conversation(f"ada-{n}", f"The canary is {fact}.") for n in range(4)]
        eventually(lambda seen=seen: fake_anthropic[0].count == seen + 4)
        redis[0].kill()
        time.sleep(0.3)
        redis[0].start()
        for conversation_id in busy:
            assert client.finished(conversation_id)["state"] == "done"

    later = [client.post_conversation(f"bob-{n}", "The canary is Pep.") for n in range(4)]
    assert {client.finished(each)["state"] for each in later} == {"done"}
    assert stack.worker.process is not None
    assert stack.worker.process.poll() is None, "it is the worker that was started first"


def test_a_worker_that_hears_nothing_while_work_is_due_ends(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack(SMARA_WORKER_STALLED_SECONDS="2").start(workers=False)
    client = stack.client()
    stack.worker.start()
    worker = stack.worker.process
    assert worker is not None
    eventually(lambda: "ready." in (stack.folder / "worker.log").read_text())
    time.sleep(4.0)
    assert worker.poll() is None, "nothing was due, so silence was no fault"

    server = redis[0].process
    assert server is not None
    os.kill(server.pid, signal.SIGSTOP)
    try:
        conversation_id = client.post_conversation("ada", "The canary is named Pip.")
        eventually(lambda: worker.poll() is not None, seconds=60)
    finally:
        os.kill(server.pid, signal.SIGCONT)

    stack.worker.start()
    assert client.finished(conversation_id)["state"] == "done"


def test_a_worker_that_looked_for_its_broker_for_long_is_not_deaf(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack(SMARA_WORKER_STALLED_SECONDS="2").start()
    client, log = stack.client(), stack.folder / "worker.log"
    redis[0].kill()
    conversation_id = client.post_conversation("ada", "The canary is named Pip.")
    eventually(lambda: "(4/None)" in log.read_text())

    redis[0].start()

    assert client.finished(conversation_id)["state"] == "done"
    assert "worker_stalled" not in log.read_text()
    assert stack.worker.process is not None
    assert stack.worker.process.poll() is None


def test_a_worker_that_is_busy_for_long_is_not_deaf(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    """It takes no wake-up while all its processes work, and the next conversation is due all the
    while."""
    fake_anthropic[0].script({"delay_seconds": 5.0})
    stack = make_stack(
        SMARA_WORKER_STALLED_SECONDS="2", SMARA_WORKER_PROCESSES="1", SMARA_WORKER_IN_FLIGHT="1"
    ).start()
    client = stack.client()

    posted = [client.post_conversation(user, "The canary is named Pip.") for user in ("ada", "bob")]

    assert [client.finished(each)["state"] for each in posted] == ["done", "done"]
    assert "worker_stalled" not in (stack.folder / "worker.log").read_text()


def test_without_a_scheduler_a_worker_asks_for_the_sweep_itself(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack().start(workers=False)
    client = stack.client()
    stack.worker.start()
    fake_anthropic[0].script({"status": 529})

    conversation_id = client.post_conversation("ada", "The canary is named Pip.")

    # The second attempt is woken for by nobody but a rescue.
    assert client.finished(conversation_id)["attempts"] == 2
