"""The commands that serve: everything on this machine, or one part of it."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path

import click

from app import logs
from app.errors import ServiceError
from app.settings import MOST_PROCESSES, Settings
from app.startup import frozen_imports, runtime


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where data is kept [SMARA_DATA_DIR].",
)
@click.option("--host", help="Address to listen on [SMARA_HOST].")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on [PORT].")
def up(data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Run API, worker and scheduler, and the Postgres, Redis and models that no address or key was
    given for."""
    from app.cli.embedded.up import (
        up as run_everything,
    )  # The embedded servers' packages are needed by `up` alone.

    given = {"data_dir": data_dir, "host": host, "port": port}
    settings = runtime().settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    logs.configure(settings)
    asyncio.run(run_everything(settings))


@click.command()
def api() -> None:
    """Serve the HTTP API."""
    with frozen_imports():
        import uvicorn

        from app.api.app import create_app
        from app.api.server import Impatient

    settings = _serving()
    uvicorn.run(
        create_app,
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=Impatient,
        limit_concurrency=settings.limit_concurrency,
        # Whose X-Forwarded-For is believed is a setting of ours:
        # app/api/middleware/client_address.py.
        proxy_headers=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
    )


@click.command()
@click.option(
    "--processes",
    type=click.IntRange(1, MOST_PROCESSES),
    help="Worker processes [SMARA_WORKER_PROCESSES].",
)
def worker(processes: int | None) -> None:
    """Turn conversations into memories."""
    with frozen_imports():
        from celery.exceptions import SecurityWarning

        import app.workers.tasks  # noqa: F401  Celery would import it later, in the collector's sight.
        from app.workers.celery import celery

    # The warning is about pickled messages from strangers; ours are JSON without content, so root
    # is no worse here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    settings = _serving()
    count = processes or settings.worker_processes
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    celery.worker_main(
        ["--quiet", "worker", f"--concurrency={count}", "--loglevel=WARNING", *quiet]
    )


@click.command()
def beat() -> None:
    """Wake workers for due work every few seconds. One beat is enough; more do no harm."""
    with frozen_imports():
        from app.workers.celery import celery

    _serving()
    # The schedule is one line, so it is kept in memory; there is no file to lose.
    celery.start(
        ["--quiet", "beat", "--scheduler=celery.beat:Scheduler", "--loglevel=WARNING", "--pidfile="]
    )


def _serving() -> Settings:
    """Check that row-level security holds for the login, for processes that serve tenants."""
    from app.db.logins import refuse_at_start

    settings = _with_database()
    assert settings.database_url is not None
    logs.configure(settings)
    refuse_at_start(settings.database_url)
    return settings


def _with_database() -> Settings:
    """Give the settings of a part that serves, which needs a DATABASE_URL."""
    settings = runtime().settings
    if settings.database_url is None:
        raise ServiceError(
            "DATABASE_URL is not set. Set it, or use `smara-server up`, which brings a database "
            "along."
        )
    return settings
