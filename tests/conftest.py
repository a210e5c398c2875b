"""One Postgres, one Redis and one running service for each test process; a fresh tenant for each
test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from app.embed.minilm import MiniLM
from tests import pooler
from tests.pooler import PgBouncer
from tests.providers.fixtures import fake_anthropic, fake_voyage
from tests.servers import (
    LOCAL_MODEL,
    Client,
    copy_database,
    create_database,
    free_port,
    start_postgres,
    start_redis,
)
from tests.stack import Stack

__all__ = ["fake_anthropic", "fake_voyage"]

MakeDatabase = Callable[[tuple[str, int]], str]


LONGEST = ("tests/torture/", "tests/pipeline/")
"""Begun first, so that at the end no process waits for another's long file."""


collect_ignore: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pgbouncer",
        action="store_true",
        help="Reach the tests' databases through PgBouncer, and run tests/pgbouncer too.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--pgbouncer"):
        collect_ignore.append("pgbouncer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def workspace() -> Iterator[Path]:
    """A short path, since sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="smara-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


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
        pooler.of_the_run = between.start()
    yield url
    if pooler.of_the_run is not None:
        pooler.of_the_run.stop()
        pooler.of_the_run = None
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
