"""POST /v1/conversations and search, each beside its floor, at concurrency 1 and 16, one API
process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx2
import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from app.rules.content_hash import content_hash
from app.rules.types import Scope
from benchmarks import floors
from benchmarks.load import beside, request
from benchmarks.report import Row
from tests.support.client import new_tenant
from tests.support.process import eventually, free_port
from tests.support.stack import Stack

USERS, MEMORIES_EACH, DIMENSION = 50, 1_000, 1024
CONCURRENCIES = {1: 300, 16: 2_000}
SEARCHES = {1: 200, 16: 800}
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

    rows = []
    with _floor(stack, {}) as port:
        for concurrency, requests in CONCURRENCIES.items():
            ours, floor = asyncio.run(
                beside(
                    (
                        stack.port,
                        lambda n: request("POST", "/v1/conversations", headers, conversation(n)),
                        202,
                    ),
                    (port, lambda n: request("POST", "/insert", headers, conversation(n)), 202),
                    concurrency=concurrency,
                    requests=requests,
                )
            )
            rows.append(Row.beside("POST /v1/conversations", concurrency, ours, floor, bar=1.7))
    return rows


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
    with _floor(stack, env) as port:
        for floor_name, path in {
            "the exact statement": "search",
            "the ten nearest alone": "nearest",
        }.items():
            for concurrency, requests in SEARCHES.items():
                ours, floor = asyncio.run(
                    beside(
                        (
                            stack.port,
                            lambda n: request("GET", f"{SEARCH}&user_id=user-{n % USERS}", headers),
                            200,
                        ),
                        (
                            port,
                            lambda n, path=path: request(
                                "GET", f"/{path}?user_id=user-{n % USERS}", headers
                            ),
                            200,
                        ),  # type: ignore[misc]
                        concurrency=concurrency,
                        requests=requests,
                    )
                )
                name = f"search, 1,000 memories of 50,000; floor: {floor_name}"
                rows.append(Row.beside(name, concurrency, ours, floor, bar=1.5))
    return rows


@contextmanager
def _floor(stack: Stack, env: dict[str, str]) -> Iterator[int]:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(floors.TABLE)
    port = free_port()
    environment = {**os.environ, "FLOOR_VECTOR": "[1]", **env, "DATABASE_URL": stack.database_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.floors", str(port)], env=environment
    )
    try:
        eventually(lambda: _up(port))
        yield port
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
