"""The wakeup: nobody waits for it, and silence costs nothing but time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
import redis as redis_client

from app.settings import Settings
from app.workers import wakeup
from app.workers.celery import make_celery
from app.workers.wakeup import Wakeup
from tests.support.process import Server, eventually
from tests.support.redis import start_redis


@pytest.fixture
def redis(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Server, str]]:
    """A Redis that the test may harm, and the Celery app of this process on it."""
    server, url = start_redis(tmp_path_factory.mktemp("redis"))
    app = make_celery(Settings(redis_url=url))
    monkeypatch.setattr(wakeup, "celery", app)
    yield server, url
    app.close()
    if server.process is not None and server.process.poll() is None:
        os.kill(server.process.pid, signal.SIGCONT)
    server.stop()


@pytest.fixture
def waker(redis: tuple[Server, str]) -> Iterator[Wakeup]:
    waker = Wakeup()
    waker.start()
    yield waker
    waker.stop()


def connect(url: str) -> redis_client.Redis:
    return redis_client.Redis(unix_socket_path=url.removeprefix("redis+socket://"))


def waiting(url: str) -> int:
    """How many wakeups are in the queue."""
    client = connect(url)
    try:
        return int(client.llen("smara:wakeups"))  # type: ignore[arg-type]
    finally:
        client.close()


def longest_of(times: int, waker: Wakeup) -> float:
    """Seconds that the slowest of many requests took."""
    slowest = 0.0
    for _ in range(times):
        began = time.perf_counter()
        waker.request()
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


def test_a_request_becomes_a_message(waker: Wakeup, redis: tuple[Server, str]) -> None:
    waker.request()

    eventually(lambda: waker.published == 1)
    assert waiting(redis[1]) == 1


def test_many_requests_in_quick_succession_become_few_messages(
    waker: Wakeup, redis: tuple[Server, str]
) -> None:
    began = time.monotonic()
    longest_of(2_000, waker)
    eventually(lambda: waker.published >= 1)
    time.sleep(0.2)

    assert 1 <= waiting(redis[1]) <= 2 + (time.monotonic() - began) / wakeup.DEBOUNCE_SECONDS
    assert waiting(redis[1]) <= 20
    assert waker.failed == 0


def test_a_request_returns_at_once_while_redis_is_away_and_works_again_when_it_is_back(
    waker: Wakeup, redis: tuple[Server, str]
) -> None:
    waker.request()
    eventually(lambda: waker.published == 1)
    redis[0].kill()

    assert longest_of(200, waker) < 1.0
    eventually(lambda: waker.failed >= 1)

    redis[0].start()
    waker.request()
    eventually(lambda: waiting(redis[1]) >= 1)


def test_a_request_returns_at_once_while_redis_is_frozen(
    waker: Wakeup, redis: tuple[Server, str]
) -> None:
    waker.request()
    eventually(lambda: waker.published == 1)
    assert redis[0].process is not None
    os.kill(redis[0].process.pid, signal.SIGSTOP)

    assert longest_of(200, waker) < 0.1
    began = time.monotonic()
    waker.stop()
    assert time.monotonic() - began < 15.0

    os.kill(redis[0].process.pid, signal.SIGCONT)


def test_a_redis_without_memory_is_silence_not_an_error(
    waker: Wakeup, redis: tuple[Server, str]
) -> None:
    client = connect(redis[1])
    client.config_set("maxmemory", 1)

    waker.request()

    eventually(lambda: waker.failed == 1)
    client.config_set("maxmemory", 0)
    client.close()
    waker.request()
    eventually(lambda: waker.published == 1)


def test_what_was_requested_just_before_the_end_is_still_published(
    redis: tuple[Server, str],
) -> None:
    waker = Wakeup(debounce_seconds=1.0)
    waker.start()
    waker.request()
    eventually(lambda: waiting(redis[1]) == 1)
    time.sleep(0.1)  # The thread rests now.

    waker.request()
    waker.stop()

    assert waiting(redis[1]) == 2


def test_an_end_without_a_request_publishes_nothing(
    waker: Wakeup, redis: tuple[Server, str]
) -> None:
    waker.stop()

    assert waiting(redis[1]) == 0


@pytest.mark.parametrize(("times", "wakeups"), [(0, 0), (1, 1), (3, 3)])
def test_as_many_bells_are_published_as_asked_for(
    redis: tuple[Server, str], times: int, wakeups: int
) -> None:
    assert wakeup.publish(times)

    assert waiting(redis[1]) == wakeups


def test_a_message_carries_nothing_but_the_name_of_its_task(redis: tuple[Server, str]) -> None:
    wakeup.publish(1)
    client = connect(redis[1])
    [message] = client.lrange("smara:wakeups", 0, -1)  # type: ignore[misc]
    client.close()

    assert b"app.workers.tasks.process_due" in message
    assert len(message) < 1_000


def test_a_queue_that_nobody_hears_does_not_grow(redis: tuple[Server, str]) -> None:
    for _ in range(150):
        assert wakeup.publish(1)

    assert waiting(redis[1]) == 100
