"""Too much work is refused at the door, and a pool that is used up answers fast; reads go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.support.client import Client
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.process import eventually
from tests.support.stack import Stack

TALK = {"user_id": "ada", "transcript": "User: I live in Lisbon."}
FULL = 5
LATE = 30


@pytest.fixture(scope="module")
def pressed(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    """Nobody works on its queue."""
    stack = Stack(
        workspace / "pressed",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        SMARA_MAX_QUEUED_PER_TENANT=str(FULL),
        SMARA_MAX_OLDEST_DUE_SECONDS=str(LATE),
        SMARA_POOL_SIZE="5",
        SMARA_POOL_TIMEOUT_SECONDS="1",
        SMARA_STATEMENT_TIMEOUT_SECONDS="6",
    )
    yield stack.start(workers=False)
    stack.stop()


def post(client: Client) -> httpx2.Response:
    return client.http.post("/v1/conversations", json=TALK)


def test_a_full_queue_takes_no_more_until_something_leaves_it(pressed: Stack) -> None:
    client = pressed.client()
    taken = [post(client) for _ in range(FULL)]
    refused = post(client)

    assert [answer.status_code for answer in taken] == [202] * FULL
    assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
    assert refused.headers["retry-after"] == "5"
    assert client.http.get("/v1/conversations").status_code == 200
    assert client.facts("ada") == []
    gone = client.http.delete(f"/v1/conversations/{taken[0].json()['id']}")
    assert gone.status_code == 204
    eventually(lambda: post(client).status_code == 202, seconds=5)
    assert post(client).status_code == 429


def test_what_a_refused_body_was_is_not_kept(pressed: Stack) -> None:
    client = pressed.client()
    answers = [post(client).status_code for _ in range(FULL + 20)]

    assert answers == [202] * FULL + [429] * 20
    listed = client.http.get("/v1/conversations", params={"limit": 100}).json()
    assert len(listed["conversations"]) == FULL


def test_anothers_full_queue_is_nobody_elses(pressed: Stack) -> None:
    busy, calm = pressed.client(), pressed.client()
    for _ in range(FULL + 1):
        post(busy)

    assert post(calm).status_code == 202


def test_while_the_oldest_waits_too_long_nothing_new_comes_in(pressed: Stack) -> None:
    client = pressed.client()
    assert post(client).status_code == 202
    set_due(pressed, f"now() - interval '{LATE + 5} seconds'")

    refused = eventually(lambda: overloaded(post(pressed.client())), seconds=5)

    assert refused.headers["retry-after"] == "5"
    assert client.http.get("/v1/conversations").status_code == 200
    assert client.facts("ada") == []
    assert (
        client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"}).status_code
        == 201
    )
    set_due(pressed, "now()")
    eventually(lambda: post(client).status_code == 202, seconds=5)


def overloaded(answer: httpx2.Response) -> httpx2.Response | None:
    return (
        answer if (answer.status_code, answer.json().get("code")) == (503, "overloaded") else None
    )


def set_due(stack: Stack, when: str) -> None:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            f"UPDATE conversations SET next_attempt_at = {when} WHERE state = 'queued'"  # type: ignore[arg-type]
        )


def test_a_pool_that_is_used_up_answers_503_in_time_and_recovers(pressed: Stack) -> None:
    """A transaction that was leaked elsewhere holds a table: each of the 5 connections waits for it
    until its lock times out (3 s), whoever waits for a connection until the pool's time-out (1 s).
    One after the other, five at a time, they would wait for two minutes.
    """
    client = pressed.client()
    assert client.facts("ada") == []

    def read(_: int) -> tuple[float, httpx2.Response]:
        with httpx2.Client(
            base_url=pressed.base_url, headers=client.http.headers, trust_env=False, timeout=30
        ) as http:
            began = time.monotonic()
            answer = http.get("/v1/memories", params={"user_id": "ada"})
            return time.monotonic() - began, answer

    with psycopg.connect(pressed.database_url) as leaked, ThreadPoolExecutor(200) as readers:
        leaked.execute("LOCK TABLE memories IN ACCESS EXCLUSIVE MODE")
        found: list[tuple[float, httpx2.Response]] = list(readers.map(read, range(200)))

        codes: list[Any] = [(answer.status_code, answer.json()["code"]) for _, answer in found]
        assert codes == [(503, "database_unavailable")] * 200
        assert {answer.headers["retry-after"] for _, answer in found} == {"2"}
        assert max(seconds for seconds, _ in found) < 30
        leaked.rollback()

    assert client.facts("ada") == []
    assert client.http.get("/health").status_code == 200
