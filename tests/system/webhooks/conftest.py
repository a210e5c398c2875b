"""A service that may send webhooks to this machine, and a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.providers.server import Running
from tests.support.client import Client
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.redis import start_redis
from tests.support.stack import IMPATIENT, Stack
from tests.support.webhook_receiver import Receiver


@pytest.fixture(scope="package")
def telling(workspace: Path, make_database: MakeDatabase, models: Path) -> Iterator[Stack]:
    """A service whose webhooks may go to this machine, and whose wakeups nobody else hears."""
    redis, redis_url = start_redis(workspace / "telling-redis")
    stack = Stack(
        workspace / "telling",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        **IMPATIENT,
        SMARA_WEBHOOK_NETWORKS="127.0.0.0/8",
    )
    yield stack.start()
    stack.stop()
    redis.stop()


@pytest.fixture
def tenant(telling: Stack) -> Client:
    return telling.client()


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    """A tenant's own server, and where it listens."""
    found = Receiver()
    with Running(found) as running:
        yield found, f"http://127.0.0.1:{running.port}/hooks"
