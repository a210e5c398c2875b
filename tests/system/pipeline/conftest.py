"""A service with the paid clients and short clocks, for tests that may harm it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.providers.anthropic import FakeAnthropic
from tests.providers.server import Running
from tests.providers.voyage import FakeVoyage
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import VOYAGE_MODEL
from tests.support.process import Server
from tests.support.redis import start_redis
from tests.support.stack import IMPATIENT, Stack

MakeStack = Callable[..., Stack]


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A Redis that the test may harm."""
    server, url = start_redis(tmp_path_factory.mktemp("redis"))
    yield server, url
    server.stop()


@pytest.fixture
def make_stack(
    workspace: Path,
    models: Path,
    make_database: MakeDatabase,
    redis: tuple[Server, str],
    fake_anthropic: tuple[FakeAnthropic, str],
    fake_voyage: tuple[FakeVoyage, str],
) -> Iterator[MakeStack]:
    """Makes a service with short clocks and the paid clients, pointed at the fakes."""
    made: list[Stack] = []

    def make(**env: str) -> Stack:
        stack = Stack(
            workspace / f"faults-{time.monotonic_ns()}",
            make_database(VOYAGE_MODEL),
            redis[1],
            models,
            ANTHROPIC_API_KEY="test-key",
            ANTHROPIC_BASE_URL=fake_anthropic[1],
            VOYAGE_API_KEY="test-key",
            VOYAGE_BASE_URL=fake_voyage[1],
            **{**IMPATIENT, **env},
        )
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.stop()


@pytest.fixture(scope="module")
def _steady(
    workspace: Path,
    models: Path,
    make_database: MakeDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Stack, FakeAnthropic]]:
    server, redis_url = start_redis(tmp_path_factory.mktemp("redis"))
    claude = FakeAnthropic()
    with Running(claude) as anthropic, Running(FakeVoyage()) as voyage:
        stack = Stack(
            workspace / f"steady-{time.monotonic_ns()}",
            make_database(VOYAGE_MODEL),
            redis_url,
            models,
            ANTHROPIC_API_KEY="test-key",
            ANTHROPIC_BASE_URL=f"http://127.0.0.1:{anthropic.port}",
            VOYAGE_API_KEY="test-key",
            VOYAGE_BASE_URL=f"http://127.0.0.1:{voyage.port}/v1",
            **IMPATIENT,
        )
        yield stack.start(), claude
        stack.stop()
    server.stop()


@pytest.fixture
def steady(_steady: tuple[Stack, FakeAnthropic]) -> Stack:
    """The same kind of service, one for all the tests of a module, which do no harm to it."""
    return _steady[0]


@pytest.fixture
def steady_claude(_steady: tuple[Stack, FakeAnthropic]) -> Iterator[FakeAnthropic]:
    """The Claude of ``steady``; what it is told here is forgotten afterwards."""
    yield _steady[1]
    _steady[1].forget()
