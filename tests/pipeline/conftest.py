"""A service with the paid clients and short clocks, for tests that may harm it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import MakeDatabase
from tests.providers.anthropic import FakeAnthropic
from tests.providers.voyage import FakeVoyage
from tests.servers import VOYAGE_MODEL, Server, start_redis
from tests.stack import IMPATIENT, Stack

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
