"""Two PgBouncers, as people set them up, and the logins that come through them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.embedded.postgres import SUPERUSER
from tests.support.fixtures import MakeDatabase
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import LOCAL_MODEL, SERVICE_LOGIN
from tests.support.process import free_port


@pytest.fixture(scope="session", params=[False, True], ids=["refuses-options", "ignores-options"])
def between(
    request: pytest.FixtureRequest, workspace: Path, maintenance_url: str
) -> Iterator[PgBouncer]:
    """PgBouncer as it comes, and with the usual work-around for clients that send options."""
    pgbouncer = PgBouncer(workspace, maintenance_url, free_port(), ignores_options=request.param)
    yield pgbouncer.start()
    pgbouncer.stop()


@pytest.fixture(scope="session")
def direct_url(make_database: MakeDatabase) -> str:
    """The superuser's address, past every pooler."""
    return make_database(LOCAL_MODEL)


@pytest.fixture(params=[SERVICE_LOGIN, SUPERUSER])
def pooled_url(request: pytest.FixtureRequest, between: PgBouncer, direct_url: str) -> str:
    """An address through PgBouncer: the service's, and a superuser's as an operator's command may
    have it."""
    return between.to(direct_url).replace(f"//{SUPERUSER}@", f"//{request.param}@")
