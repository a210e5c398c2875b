"""Accepting, storing, searching and the context, each beside its floor, at concurrency 1 and 16,
one API process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex
from typing import TypeAlias

import httpx2
import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from app.rules.content_hash import content_hash
from app.rules.types import Scope
from benchmarks import floors
from benchmarks.load import Server, beside, request
from benchmarks.report import Row
from tests.support.client import new_tenant
from tests.support.process import eventually, free_port
from tests.support.stack import Stack

USERS, MEMORIES_EACH, DIMENSION = 50, 1_000, 1024
CONCURRENCIES = {1: 300, 16: 2_000}
SEARCHES = {1: 200, 16: 800}
STORES = {1: 150, 16: 600}
ACCEPT_BARS = {1: 1.6, 16: 2.0}
"""At sixteen both servers are short of processor, of which the service does more for a request."""
SEARCH = "/v1/memories/search?q=where+does+she+live"
MESSAGES = [
    {
        "role": "user",
        "content": "I moved to Lisbon last month and I work as a nurse at Santa Maria hospital.",
    },
    {"role": "assistant", "content": "How do you like it there?"},
    {
        "role": "user",
        "content": "I love it. My sister visits me in May, and I am learning to surf.",
    },
    {"role": "assistant", "content": "That sounds lovely! Shall I look for surf schools?"},
]


def accept(stack: Stack) -> list[Row]:
    """POST /v1/conversations beside a bare route that does one INSERT + COMMIT."""
    _, api_key = new_tenant(stack.database_url)
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}

    def conversation(number: int) -> bytes:
        return json.dumps({"user_id": f"user-{number % 1000}", "messages": MESSAGES}).encode()

    return _beside(
        "POST /v1/conversations",
        stack,
        {},
        (lambda n: request("POST", "/v1/conversations", headers, conversation(n)), 202),
        (lambda n: request("POST", "/insert", headers, conversation(n)), 202),
        CONCURRENCIES,
        bars=ACCEPT_BARS,
    )


def store(stack: Stack) -> list[Row]:
    """POST /v1/memories of a new fact beside a bare route with the same embedding and the same
    statements in one transaction."""
    tenant_id, api_key = new_tenant(stack.database_url)
    headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}

    def fact(number: int, of: str) -> bytes:
        words = token_hex(32)
        text = " ".join(words[at : at + 8] for at in range(0, 64, 8))  # Nothing like it before.
        return json.dumps({"user_id": f"{of}-{number % 1000}", "fact": text}).encode()

    return _beside(
        "POST /v1/memories, one new fact",
        stack,
        {"FLOOR_TENANT": str(tenant_id)},
        (lambda n: request("POST", "/v1/memories", headers, fact(n, "ours")), 201),
        (lambda n: request("POST", "/store", headers, fact(n, "floor")), 201),
        STORES,
        bars=dict.fromkeys(STORES, 2.0),
    )


def context(stack: Stack) -> list[Row]:
    """The context without a question at 1,000 memories of 50,000, beside a bare route with the same
    statement."""
    tenant_id, api_key = new_tenant(stack.database_url)
    _fill(stack, tenant_id)
    headers = {"Authorization": f"Bearer {api_key}"}

    def ours(n: int) -> bytes:
        return request("GET", f"/v1/users/user-{n % USERS}/context?top_n=10", headers)

    return _beside(
        "context without q, 1,000 memories of 50,000",
        stack,
        {"FLOOR_TENANT": str(tenant_id)},
        (ours, 200),
        (lambda n: request("GET", f"/context?user_id=user-{n % USERS}", headers), 200),
        SEARCHES,
        bars=dict.fromkeys(SEARCHES, 1.5),
    )


def search(stack: Stack) -> list[Row]:
    """Search at 1,000 memories of 50,000 with a cached query embedding, beside a bare route with
    the same statement."""
    tenant_id, api_key = new_tenant(stack.database_url)
    _fill(stack, tenant_id)
    headers = {"Authorization": f"Bearer {api_key}"}
    vector = httpx2.post(
        f"{os.environ['BENCH_VOYAGE_URL']}/embeddings",
        json={"input": ["where does she live"], "model": "voyage-4", "output_dimension": DIMENSION},
        trust_env=False,
    ).json()["data"][0]["embedding"]
    env = {"FLOOR_TENANT": str(tenant_id), "FLOOR_VECTOR": json.dumps(vector)}
    rows = []
    for floor, path in {
        "the exact statement": "search",
        "the ten nearest alone": "nearest",
    }.items():
        rows += _beside(
            f"search, 1,000 memories of 50,000; floor: {floor}",
            stack,
            env,
            (lambda n: request("GET", f"{SEARCH}&user_id=user-{n % USERS}", headers), 200),
            (
                lambda n, path=path: request("GET", f"/{path}?user_id=user-{n % USERS}", headers),  # type: ignore[misc]
                200,
            ),
            SEARCHES,
            bars=dict.fromkeys(SEARCHES, 1.5),
        )
    return rows


Requests: TypeAlias = tuple[Callable[[int], bytes], int]
"""What makes the request of a number, and the status of its answer."""


def _beside(
    name: str,
    stack: Stack,
    env: Mapping[str, str],
    ours: Requests,
    floors: Requests,
    concurrencies: Mapping[int, int],
    *,
    bars: Mapping[int, float],
) -> list[Row]:
    """Measure a route of the service beside a bare one, at each concurrency with so many requests a
    round."""
    pid = stack.api.process.pid
    assert pid is not None
    rows = []
    with _floor(stack, env) as (floor_pid, port):
        for concurrency, requests in concurrencies.items():
            figures, floor = asyncio.run(
                beside(
                    Server(pid, stack.port, *ours),
                    Server(floor_pid, port, *floors),
                    concurrency=concurrency,
                    requests=requests,
                )
            )
            rows.append(Row.beside(name, concurrency, figures, floor, bar=bars[concurrency]))
    return rows


@contextmanager
def _floor(stack: Stack, env: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Serve the floors; the process and its port."""
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(floors.TABLE)
    port = free_port()
    environment = {**os.environ, "FLOOR_VECTOR": "[1]", **env, "DATABASE_URL": stack.database_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.floors", str(port)], env=environment
    )
    try:
        eventually(lambda: _up(port))
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _up(port: int) -> bool:
    try:
        return (
            httpx2.get(f"http://127.0.0.1:{port}/openapi.json", trust_env=False).status_code == 200
        )
    except httpx2.HTTPError:
        return False


def _fill(stack: Stack, tenant_id: object) -> None:
    """50 users with 1,000 memories each, in clusters as facts are, of ages up to a month."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(40, DIMENSION))
    columns = (
        "tenant_id, scope_key, user_id, namespace, fact, about, importance, source, created_at, "
        "content_hash,"
        " embedding_model, embedding"
    )
    with psycopg.connect(stack.database_url) as connection:
        register_vector(connection)
        row = connection.execute("SELECT now()").fetchone()
        assert row is not None
        with connection.cursor().copy(f"COPY memories ({columns}) FROM STDIN") as copy:
            for n in range(USERS * MEMORIES_EACH):
                user_id = f"user-{n % USERS}"
                vector = centres[random.integers(40)] + random.normal(size=DIMENSION)
                fact = f"User said something worth keeping, number {n}, about as long as facts are."
                copy.write_row(
                    (
                        tenant_id,
                        Scope(tenant_id, "default", user_id).key,  # type: ignore[arg-type]
                        user_id,
                        "default",
                        fact,
                        "User",
                        round(float(random.random()), 2),
                        "api",
                        row[0] - timedelta(seconds=int(random.integers(1, 2_592_000))),
                        content_hash(fact),
                        "voyage-4",
                        HalfVector((vector / np.linalg.norm(vector)).astype(np.float32)),
                    )
                )
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE memories")
