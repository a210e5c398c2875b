"""What comes over Redis may be anything, and may be lost: no worker ends of it or goes deaf."""

from __future__ import annotations

import json
import ssl

import pytest
import redis as redis_client
from kombu.exceptions import OperationalError

from app.settings import Settings
from app.workers.celery import make_celery
from app.workers.transport import Transport
from tests.support.process import Server, eventually, free_port
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack, make_stack, redis

__all__ = ["make_stack", "redis"]

GARBAGE = {
    "no JSON": b"not JSON",
    "no UTF-8": b"\xff\xfe\x00",
    "nothing": b"",
    "a number": b"1e999",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"wakeup"',
    "no properties": b'{"body": "no header"}',
    "odd properties": b'{"body": "x", "properties": [], "headers": 1}',
    "no base64": json.dumps(
        {"body": "\u00e9", "properties": {"body_encoding": "base64", "delivery_tag": "1"}}
    ).encode(),
    "no task": json.dumps(
        {"body": "e30=", "headers": {}, "properties": {"delivery_tag": "1", "delivery_info": {}}}
    ).encode(),
    "an unknown task": json.dumps(
        {
            "body": "W1tdLCB7fSwge31d",
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {"task": "no.such.task", "id": "1", "lang": "py"},
            "properties": {
                "body_encoding": "base64",
                "delivery_info": {"exchange": "", "routing_key": "wakeups"},
                "delivery_tag": "1",
            },
        }
    ).encode(),
    "depth 100,000": b"[" * 100_000 + b"]" * 100_000,
    "5 MB": b"x" * 5_000_000,
}


def connect(url: str) -> redis_client.Redis:
    return redis_client.Redis(unix_socket_path=url.removeprefix("redis+socket://"))


def is_alive(stack: Stack) -> bool:
    """Whether the worker that was started is still there."""
    return stack.worker.process is not None and stack.worker.process.poll() is None


def test_garbage_in_the_queue_is_dropped_and_the_worker_goes_on(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack(SMARA_WORKER_PROCESSES="1").start()
    client, queue = stack.client(), connect(redis[1])

    for piece in GARBAGE.values():
        # More of each than a worker takes at a time: a place that garbage kept would be missed.
        queue.lpush("smara:wakeups", *[piece] * 4)
    eventually(lambda: queue.llen("smara:wakeups") == 0, seconds=20)
    client.finished(client.post_conversation("ada", "The canary is named Pip."))

    assert client.facts("ada") == ["The canary is named Pip."]
    assert is_alive(stack)
    assert (stack.folder / "worker.log").read_text().count("wakeup_unreadable") == 4 * 11
    queue.close()


def test_a_worker_takes_bells_from_a_redis_that_takes_nothing_more(
    make_stack: MakeStack, redis: tuple[Server, str]
) -> None:
    stack = make_stack().start(workers=False)
    client, queue = stack.client(), connect(redis[1])
    conversation_id = client.post_conversation("ada", "The canary is named Pip.")
    wakeup = eventually(lambda: queue.lindex("smara:wakeups", 0))
    queue.lpush("smara:wakeups", *[wakeup] * 50)
    queue.config_set("maxmemory", 1)

    stack.worker.start()
    assert client.finished(conversation_id, seconds=40)["state"] == "done"
    eventually(lambda: queue.llen("smara:wakeups") == 0, seconds=20)

    queue.config_set("maxmemory", 0)
    assert is_alive(stack)
    assert [key for key in queue.keys("smara:*") if b"unacked" in key] == []  # type: ignore[union-attr]
    queue.close()


@pytest.mark.parametrize("url", ["redis://h:1/0", "rediss://h:1/0", "redis+socket:///tmp/x"])
def test_every_way_to_name_a_redis_means_our_transport(url: str) -> None:
    celery = make_celery(Settings(redis_url=url))

    assert celery.connection_for_read().get_transport_cls() is Transport


def test_a_broker_that_is_away_for_long_is_asked_every_other_second() -> None:
    celery = make_celery(Settings(redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    pauses: list[float] = []

    with celery.connection_for_read() as connection, pytest.raises(OperationalError):
        connection.ensure_connection(lambda _, pause: pauses.append(pause), max_retries=5)

    assert pauses == [0.5, 1.0, 1.5, 2.0, 2.0]


@pytest.mark.parametrize(
    ("url", "asked_for"),
    [
        ("rediss://h:1/0", ssl.CERT_REQUIRED),
        ("rediss://h:1/0?ssl_cert_reqs=none", ssl.CERT_NONE),
        ("rediss://h:1/0?ssl_cert_reqs=required&ssl_ca_certs=/ca.pem", ssl.CERT_REQUIRED),
    ],
)
def test_a_certificate_is_asked_for_unless_the_address_says_otherwise(
    url: str, asked_for: ssl.VerifyMode
) -> None:
    celery = make_celery(Settings(redis_url=url))

    assert celery.connection_for_read().ssl["ssl_cert_reqs"] == asked_for
