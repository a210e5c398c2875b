"""Besides the shared service: an installation of its own, where sign-up is open and plans are
small."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL, VOYAGE_MODEL
from tests.support.stack import Stack
from tests.system.contract.calls import on_plan
from tests.system.contract.voyaging import Voyaging

SMALL = {"memories": 3, "agents": 1, "teams": 1, "team_members": 2}


@pytest.fixture(scope="module")
def somebody(stack: Stack) -> Client:
    """A client of one tenant for those tests of a module that change nothing."""
    return stack.client()


@pytest.fixture
def free(stack: Stack) -> Client:
    """A tenant on the published plan `free`: 100 memories, 1 agent."""
    return on_plan(stack, "free")


@pytest.fixture(scope="session")
def own(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    """An API that nobody has set up yet, with open sign-up and a plan `small`."""
    stack = Stack(
        workspace / "contract",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        SETUP_SECRET="a secret of the operator",
        SMARA_SIGNUP_OPEN="true",
        SMARA_PLANS=json.dumps({"small": SMALL}),
        SMARA_UPGRADE_URL="https://example.org/plans",
    )
    yield stack.start(workers=False)
    stack.api.kill()


@pytest.fixture
def small(own: Stack) -> Client:
    """A tenant that may hold 3 memories, 1 agent and 1 team of 2."""
    return on_plan(own, "small")


@pytest.fixture(scope="session")
def voyaging(
    tmp_path_factory: pytest.TempPathFactory, maintenance_url: str, make_database: MakeDatabase
) -> Iterator[Voyaging]:
    """An API that knows its database and a Voyage key, and nothing else."""
    folder = tmp_path_factory.mktemp("voyaging")
    with Voyaging(folder, make_database(VOYAGE_MODEL), maintenance_url) as installation:
        yield installation
