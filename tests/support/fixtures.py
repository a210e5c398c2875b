"""Fixtures of the tests that need servers: one Postgres, one Redis and one running service for each
test process, and a fresh tenant for each test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from app.embed.minilm import MiniLM
from tests.support import pgbouncer
from tests.support.client import Client
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import LOCAL_MODEL, copy_database, create_database, start_postgres
from tests.support.process import free_port
from tests.support.redis import start_redis
from tests.support.stack import Stack

MakeDatabase = Callable[[tuple[str, int]], str]


@pytest.fixture(scope="session")
def models(workspace: Path) -> Path:
    """The local model, built once."""
    folder = workspace / "models"
    asyncio.run(MiniLM(folder).embed_query("warm-up"))
    return folder


@pytest.fixture(scope="session")
def maintenance_url(workspace: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A running Postgres with pgvector; and before it PgBouncer, when the run is to go through
    it."""
    server, url = start_postgres(workspace / "pg")
    if request.config.getoption("--pgbouncer"):
        between = PgBouncer(workspace, url, free_port())
        pgbouncer.of_the_run = between.start()
    yield url
    if pgbouncer.of_the_run is not None:
        pgbouncer.of_the_run.stop()
        pgbouncer.of_the_run = None
    server.stop()


@pytest.fixture(scope="session")
def make_database(maintenance_url: str) -> MakeDatabase:
    """Makes migrated databases of their own: copies of one that was migrated."""
    numbers = count()
    templates: dict[tuple[str, int], str] = {}

    def make(model: tuple[str, int]) -> str:
        if model not in templates:
            templates[model] = f"template_{model[1]}"
            create_database(maintenance_url, templates[model], model)
        return copy_database(maintenance_url, templates[model], f"test_{next(numbers)}")

    return make


@pytest.fixture(scope="session")
def redis_url(workspace: Path) -> Iterator[str]:
    """A running Redis."""
    server, url = start_redis(workspace / "redis")
    yield url
    server.stop()


@pytest.fixture(scope="session")
def stack(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    """The keyless service, running for all the tests that do no harm to it."""
    stack = Stack(
        workspace / "stack",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        SMARA_RESCUE_SECONDS="1",
        SMARA_AUTH_FAILURES_PER_MINUTE="100000",  # All the tests of bad keys are one address.
    )
    yield stack.start()
    stack.stop()


@pytest.fixture
def client(stack: Stack) -> Client:
    """A client of a tenant that no other test knows."""
    return stack.client()
