"""The operators' command line: smara-server."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app import logs
from app.db import api_keys as stored_keys
from app.db import conversations, spend, tenants, transcripts
from app.db.logins import refuse_at_start
from app.db.migrate import bind_embedding_model, refuse_unmigrated
from app.db.migrate import migrate as migrate_database
from app.db.pool import close_pool, open_pool, system, transaction
from app.db.service_login import make_given
from app.errors import DatabaseUnavailable, ServiceError
from app.rules.types import KeyInfo, TenantInfo
from app.settings import Settings, microusd
from app.startup import frozen_imports, runtime
from app.tenancy import api_keys

T = TypeVar("T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smara-server")
def cli() -> None:
    """The memory service for AI agents.

    `up` runs everything on this machine. In production run `api`, `worker` and `beat` each by
    itself, after `migrate`, with DATABASE_URL and REDIS_URL set.
    """


@cli.command()
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
    from app.embedded.up import (
        up as run_everything,
    )  # The embedded servers' packages are needed by `up` alone.

    given = {"data_dir": data_dir, "host": host, "port": port}
    settings = runtime().settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    logs.configure(settings)
    asyncio.run(run_everything(settings))


@cli.command()
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


@cli.command()
@click.option(
    "--processes", type=click.IntRange(1), help="Worker processes [SMARA_WORKER_PROCESSES]."
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


@cli.command()
def beat() -> None:
    """Wake workers for due work every few seconds. One beat is enough; more do no harm."""
    from app.workers.celery import celery

    _serving()
    # The schedule is one line, so it is kept in memory; there is no file to lose.
    celery.start(
        ["--quiet", "beat", "--scheduler=celery.beat:Scheduler", "--loglevel=WARNING", "--pidfile="]
    )


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date. Safe to run at any time, and by several at the same
    time.

    With SMARA_OWNER_DATABASE_URL it uses that address, and creates the login of DATABASE_URL.
    """
    from app.providers.registry import build

    settings = _with_a_database()
    assert settings.database_url is not None
    owner = settings.owner_database_url or settings.database_url
    migrate_database(owner)
    if settings.owner_database_url is not None:
        make_given(owner, settings.database_url)
    embedder = build(settings).embedder
    bind_embedding_model(owner, embedder.model, embedder.dimension)
    click.echo(
        f"The schema is up to date; vectors are {embedder.model}, {embedder.dimension} dimensions."
    )


@cli.group("tenants")
def tenants_group() -> None:
    """Tenants: each has its own keys, and sees nothing of the others."""


@tenants_group.command("create")
@click.argument("name")
@click.option("--plan", help="Its plan [SMARA_DEFAULT_PLAN]; SMARA_PLANS has them.")
def create_tenant(name: str, plan: str | None) -> None:
    """Create a tenant with a key of its own, and print the key, which is shown only now."""
    chosen = _known_plan(plan or runtime().settings.default_plan)

    async def create() -> str:
        tenant_id = tenants.new_id()
        async with transaction(tenant_id) as tx:
            await tenants.create_tenant(tx, name, plan=chosen)
            issued = await api_keys.issue(tx, label=name)
            return f"{tenant_id}  {issued.api_key}"

    click.echo(_with_pool(create))


@tenants_group.command("list")
def list_tenants() -> None:
    """List the tenants with their plans and how much they have stored."""

    async def read() -> list[TenantInfo]:
        async with system() as tx:
            return await tenants.list_all(tx)

    for tenant in _with_pool(read):
        click.echo(f"{tenant.tenant_id}  {tenant.plan}  {tenant.memories} memories  {tenant.name}")


@tenants_group.command("set-plan")
@click.argument("tenant_id", type=click.UUID)
@click.argument("plan")
def set_plan(tenant_id: UUID, plan: str) -> None:
    """Put a tenant on a plan. What it has beyond the plan stays; it can add nothing more."""
    chosen = _known_plan(plan)

    async def change() -> bool:
        async with transaction(tenant_id) as tx:
            return await tenants.set_plan(tx, chosen)

    if not _with_pool(change):
        raise ServiceError("There is no tenant of this id; see `smara-server tenants list`.")
    click.echo(f"On the plan {chosen}.")


@tenants_group.command("set-transcript-days")
@click.argument("tenant_id", type=click.UUID)
@click.argument("days", type=click.FloatRange(min=0), required=False)
def set_transcript_days(tenant_id: UUID, days: float | None) -> None:
    """Keep the text of a tenant's finished conversations for DAYS; without DAYS as long as
    SMARA_TRANSCRIPT_DAYS says."""

    async def change() -> bool:
        async with transaction(tenant_id) as tx:
            return await transcripts.keep_for(tx, days)

    if not _with_pool(change):
        raise ServiceError("There is no tenant of this id; see `smara-server tenants list`.")
    click.echo("As the settings say." if days is None else f"For {days:g} days.")


@tenants_group.command("set-budget")
@click.argument("tenant_id", type=click.UUID)
@click.option("--soft", type=click.FloatRange(0), help="US dollars a month that are noted.")
@click.option("--hard", type=click.FloatRange(0), help="US dollars a month at most.")
def set_budget(tenant_id: UUID, soft: float | None, hard: float | None) -> None:
    """Limit what a tenant may spend on paid providers in a calendar month (UTC).

    A limit that is not given is the installation's [SMARA_BUDGET_SOFT_USD, SMARA_BUDGET_HARD_USD].
    What waited for the budget continues within seconds.
    """
    if soft is not None and hard is not None and soft > hard:
        raise ServiceError("The soft limit must not be above the hard one.")

    async def change() -> bool:
        async with transaction(tenant_id) as tx:
            return await spend.set_limits(tx, soft=microusd(soft), hard=microusd(hard))

    if not _with_pool(change):
        raise ServiceError("There is no tenant of this id; see `smara-server tenants list`.")
    click.echo(f"Soft {_dollars(soft)}, hard {_dollars(hard)} a month.")


def _dollars(usd: float | None) -> str:
    return "as the installation's" if usd is None else f"{usd:.2f} USD"


def _known_plan(name: str) -> str:
    plans = runtime().settings.plans
    if name not in plans:
        raise ServiceError(f"There is no plan {name!r}; there are {', '.join(plans)}.")
    return name


@cli.group()
def keys() -> None:
    """API keys of the installation's first tenant."""


@keys.command("create")
@click.option("--label", default="", help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(api_keys.SCOPES),
    help="Default: all of them.",
)
def create_key(label: str, scopes: tuple[str, ...]) -> None:
    """Create a key and print it; it is shown only now. On a fresh database a tenant is created for
    it."""

    async def issue() -> str:
        async with system() as tx:
            first = await tenants.first_tenant(tx)
        tenant_id = first or tenants.new_id()
        async with transaction(tenant_id) as tx:
            if first is None:
                await tenants.create_tenant(tx, "default", plan=runtime().settings.default_plan)
            issued = await api_keys.issue(tx, label=label, scopes=scopes or api_keys.SCOPES)
            return issued.api_key

    click.echo(_with_pool(issue))


@keys.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""

    async def read() -> list[KeyInfo]:
        tenant_id = await _first_tenant()
        async with transaction(tenant_id) as tx:
            return await stored_keys.list_all(tx)

    for key in _with_pool(read):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "live"
        click.echo(f"{key.key_id}  {key.prefix}…  {state}  {','.join(key.scopes)}  {key.label}")


@keys.command("revoke")
@click.argument("key_id", type=click.UUID)
def revoke_key(key_id: UUID) -> None:
    """Revoke a key; it stops working within 5 seconds."""

    async def revoke() -> bool:
        tenant_id = await _first_tenant()
        async with transaction(tenant_id) as tx:
            return await stored_keys.retire(tx, key_id) is not None

    if not _with_pool(revoke):
        raise ServiceError("There is no live key of this id; see `smara-server keys list`.")
    click.echo("Revoked.")


@cli.command()
@click.argument("conversation_id", type=click.UUID)
def replay(conversation_id: UUID) -> None:
    """Queue a dead or done conversation again."""

    async def queue_again() -> bool:
        tenant_id = await _first_tenant()
        async with transaction(tenant_id) as tx:
            return await conversations.replay(tx, conversation_id)

    if not _with_pool(queue_again):
        raise ServiceError(
            "There is no dead or done conversation of this id with its text still there."
        )
    click.echo("Queued; the scheduler wakes a worker for it within seconds.")


async def _first_tenant() -> UUID:
    async with system() as tx:
        tenant_id = await tenants.first_tenant(tx)
    if tenant_id is None:
        raise ServiceError(
            "There is no tenant yet; `smara-server keys create` makes the first one."
        )
    return tenant_id


def _with_pool(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        settings = await asyncio.to_thread(_with_a_database)
        assert settings.database_url is not None
        await asyncio.to_thread(refuse_unmigrated, settings.database_url)
        await open_pool(settings, size=1)
        try:
            return await work()
        finally:
            await close_pool()

    return asyncio.run(run())


def _serving() -> Settings:
    """Check that row-level security holds for the login, for processes that serve tenants."""
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


def _with_a_database() -> Settings:
    """Give the settings of an operator's command: without DATABASE_URL the database is the one that
    a running `up` serves from the data folder. Raises ServiceError with what to do."""
    from app.embedded import postgres

    settings = runtime().settings
    if settings.database_url is not None:
        return settings
    url = postgres.running(settings.data_dir)
    if url is None:
        raise ServiceError(
            f"DATABASE_URL is not set, and {settings.data_dir.resolve()} holds no database of "
            "`smara-server up`. Set DATABASE_URL, or SMARA_DATA_DIR to the folder that `up` has."
        )
    return settings.model_copy(update={"database_url": url})


def _setting(location: tuple[int | str, ...]) -> str:
    """Give the name of the setting's variable; empty for a rule over several settings."""
    if not location:
        return ""
    name = str(location[0])
    return f"setting {name if name.isupper() else f'SMARA_{name.upper()}'}: "


def _sentence(problem: ErrorDetails) -> str:
    return problem["msg"].removeprefix("Value error, ")


def main() -> None:
    """Run the command; an error is printed as a sentence, not as a traceback."""
    try:
        cli()
    except DatabaseUnavailable as error:
        click.echo(f"smara-server: the database cannot be reached: {error.__cause__}", err=True)
        sys.exit(1)
    except ServiceError as error:
        click.echo(f"smara-server: {error}", err=True)
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors():
            click.echo(f"smara-server: {_setting(problem['loc'])}{_sentence(problem)}", err=True)
        sys.exit(2)
    except OSError as error:
        click.echo(f"smara-server: {error.strerror}: {error.filename}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
