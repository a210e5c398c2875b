"""What every test may use. The servers' fixtures are one plugin, so that the tests of one run share
one Postgres and one Redis."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ("tests.support.fixtures", "tests.providers.fixtures")

LONGEST = ("tests/system/test_torture", "tests/system/pipeline/")
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
