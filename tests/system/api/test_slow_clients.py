"""Connections that send nothing, or one byte now and then, stop nobody and are cut."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tests.support.client import Client
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.process import eventually
from tests.support.stack import Stack

CROWD = 300
MOST = 350


@pytest.fixture(scope="module")
def impatient(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    stack = Stack(
        workspace / "impatient",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        SMARA_HEADER_TIMEOUT_SECONDS="4",
        SMARA_BODY_TIMEOUT_SECONDS="2",
        SMARA_LIMIT_CONCURRENCY=str(MOST),
    )
    yield stack.start(workers=False)
    stack.stop()


@pytest.fixture
def patient_client(impatient: Stack) -> Client:
    client = impatient.client()
    client.http.timeout = httpx2.Timeout(5.0)
    return client


def connect(stack: Stack, opened: ExitStack) -> socket.socket:
    return opened.enter_context(socket.create_connection(("127.0.0.1", stack.port), timeout=10))


def was_cut(connection: socket.socket) -> bool:
    """Whether the service has ended it, which may say something first."""
    try:
        everything_from(connection)
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def everything_from(connection: socket.socket) -> bytes:
    """All that comes until the service ends the connection."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_connections_without_whole_headers_stop_nobody_and_are_cut(
    impatient: Stack, patient_client: Client, sent: bytes
) -> None:
    with ExitStack() as opened:
        crowd = [connect(impatient, opened) for _ in range(CROWD)]
        for connection in crowd:
            connection.sendall(sent)
        began = time.monotonic()

        for _ in range(20):
            assert patient_client.http.get("/v1/usage").status_code == 200
        stored = patient_client.http.post("/v1/memories", json={"user_id": "a", "fact": "Likes"})
        assert stored.status_code == 201
        assert time.monotonic() - began < 20, "others were held up"

        assert [was_cut(connection) for connection in crowd] == [True] * CROWD
        assert time.monotonic() - began < 30


def test_headers_that_drip_are_cut_on_a_second_request_too(impatient: Stack) -> None:
    with ExitStack() as opened:
        connection = connect(impatient, opened)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")

        assert was_cut(connection)
        assert 3 < time.monotonic() - began < 30


def test_a_body_that_drips_is_a_408(impatient: Stack, patient_client: Client) -> None:
    head = (
        "POST /v1/memories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {patient_client.http.headers['authorization']}\r\n"
        "Content-Length: 1000\r\n\r\n{"
    )
    with ExitStack() as opened:
        connection = connect(impatient, opened)
        began = time.monotonic()
        connection.sendall(head.encode())

        answer = everything_from(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"request_timeout" in answer
        assert was_cut(connection)
        assert 1.5 < time.monotonic() - began < 30


def test_beyond_the_most_connections_it_is_503_until_some_are_gone(
    impatient: Stack, patient_client: Client
) -> None:
    with ExitStack() as opened:
        for _ in range(MOST):
            connect(impatient, opened)
        assert eventually(lambda: patient_client.http.get("/v1/usage").status_code == 503)
        # The crowd sends nothing, and is cut.
        eventually(lambda: patient_client.http.get("/v1/usage").status_code == 200, seconds=10)
