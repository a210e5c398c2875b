"""A process whose event loop stands still is ended from outside, once, and the others go on."""

from __future__ import annotations

import os
import signal
import time

import psycopg

from tests.providers.anthropic import FakeAnthropic
from tests.support.process import Server, eventually
from tests.support.stack import PATIENT, Stack
from tests.system.pipeline.conftest import MakeStack, make_stack, redis

__all__ = ["make_stack", "redis"]


def claimer(stack: Stack, conversation_id: str) -> int:
    """The process that works on the conversation."""
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(
            "SELECT claimed_by FROM conversations WHERE conversation_id = %s AND state ="
            " 'processing'",
            (conversation_id,),
        ).fetchone()
    return int(row[0].rpartition("/")[2]) if row else 0


def test_a_child_whose_loop_stands_still_is_killed_once_and_the_others_go_on(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(
        **PATIENT, SMARA_WORKER_STALLED_SECONDS="3", SMARA_WORKER_PROCESSES="2"
    ).start()
    client, claude = stack.client(), fake_anthropic[0]
    claude.script({"delay_seconds": 25})
    stuck = client.post_conversation("ada", "The canary is named Pip.")
    pid = eventually(lambda: claimer(stack, stuck))
    eventually(lambda: claude.count == 1)
    children = stack.worker.children()

    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    other = client.post_conversation("bob", "The canary is named Pop.")

    assert client.finished(other)["state"] == "done"
    eventually(lambda: pid not in stack.worker.children(), seconds=15)
    assert time.monotonic() - began < 10
    [survivor] = set(children) - {pid}
    assert client.finished(stuck)["state"] == "done"
    assert client.facts("ada") == ["The canary is named Pip."]
    assert survivor in stack.worker.children()
    assert stack.worker.process is not None
    assert stack.worker.process.poll() is None
    assert (stack.folder / "worker.log").read_text().count("loop_stalled") == 1


def test_children_that_have_nothing_to_do_are_left_alone(make_stack: MakeStack) -> None:
    stack = make_stack(SMARA_WORKER_STALLED_SECONDS="2", SMARA_RESCUE_SECONDS="60").start()
    client = stack.client()
    client.finished(client.post_conversation("ada", "The canary is named Pip."))
    children = stack.worker.children()

    time.sleep(5)

    assert stack.worker.children() == children
    assert "loop_stalled" not in (stack.folder / "worker.log").read_text()


def test_a_worker_that_ends_itself_says_so_once_and_ends_in_its_time(
    make_stack: MakeStack,
    redis: tuple[Server, str],
    fake_anthropic: tuple[FakeAnthropic, str],
) -> None:
    """Its running task would go on for longer than the alarm allows."""
    stack = make_stack(
        **PATIENT, SMARA_WORKER_STALLED_SECONDS="2", SMARA_WORKER_PROCESSES="1"
    ).start()
    client, worker, server = stack.client(), stack.worker.process, redis[0].process
    assert worker is not None
    assert server is not None
    fake_anthropic[0].script(*[{"delay_seconds": 25}] * 9)
    busy = client.post_conversation("ada", "The canary is named Pip.")
    eventually(lambda: claimer(stack, busy))
    log = stack.folder / "worker.log"

    os.kill(server.pid, signal.SIGSTOP)
    try:
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            # Nobody else may take it: it is due, and stays so.
            connection.execute("BEGIN")
            client.post_conversation("bob", "The canary is named Pop.")
            connection.execute("SELECT FROM conversations WHERE state = 'queued' FOR UPDATE")
            eventually(lambda: "worker_stalled" in log.read_text(), seconds=30)
            began = time.monotonic()
            eventually(lambda: worker.poll() is not None, seconds=25)
            took = time.monotonic() - began
    finally:
        os.kill(server.pid, signal.SIGCONT)

    assert took < 18
    assert log.read_text().count("worker_stalled") == 1
