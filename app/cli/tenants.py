"""Commands about tenants: their plans, budgets and how long their transcripts are kept."""

from __future__ import annotations

from uuid import UUID

import click

from app.cli.connected import with_pool
from app.db import spend, transcripts
from app.db import tenants as stored
from app.db.pool import system, transaction
from app.errors import ServiceError
from app.rules.types import TenantInfo
from app.settings import microusd
from app.startup import runtime
from app.tenancy import api_keys


@click.group()
def tenants() -> None:
    """Tenants: each has its own keys, and sees nothing of the others."""


@tenants.command("create")
@click.argument("name")
@click.option("--plan", help="Its plan [SMARA_DEFAULT_PLAN]; SMARA_PLANS has them.")
def create_tenant(name: str, plan: str | None) -> None:
    """Create a tenant with a key of its own, and print the key, which is shown only now."""
    chosen = _known_plan(plan or runtime().settings.default_plan)

    async def create() -> str:
        tenant_id = stored.new_id()
        async with transaction(tenant_id) as tx:
            await stored.create_tenant(tx, name, plan=chosen)
            issued = await api_keys.issue(tx, label=name)
            return f"{tenant_id}  {issued.api_key}"

    click.echo(with_pool(create))


@tenants.command("list")
def list_tenants() -> None:
    """List the tenants with their plans and how much they have stored."""

    async def read() -> list[TenantInfo]:
        async with system() as tx:
            return await stored.list_all(tx)

    for tenant in with_pool(read):
        click.echo(f"{tenant.tenant_id}  {tenant.plan}  {tenant.memories} memories  {tenant.name}")


@tenants.command("set-plan")
@click.argument("tenant_id", type=click.UUID)
@click.argument("plan")
def set_plan(tenant_id: UUID, plan: str) -> None:
    """Put a tenant on a plan. What it has beyond the plan stays; it can add nothing more."""
    chosen = _known_plan(plan)

    async def change() -> bool:
        async with transaction(tenant_id) as tx:
            return await stored.set_plan(tx, chosen)

    if not with_pool(change):
        raise ServiceError("There is no tenant of this id; see `smara-server tenants list`.")
    click.echo(f"On the plan {chosen}.")


@tenants.command("set-transcript-days")
@click.argument("tenant_id", type=click.UUID)
@click.argument("days", type=click.FloatRange(min=0), required=False)
def set_transcript_days(tenant_id: UUID, days: float | None) -> None:
    """Keep the text of a tenant's finished conversations for DAYS; without DAYS as long as
    SMARA_TRANSCRIPT_DAYS says."""

    async def change() -> bool:
        async with transaction(tenant_id) as tx:
            return await transcripts.keep_for(tx, days)

    if not with_pool(change):
        raise ServiceError("There is no tenant of this id; see `smara-server tenants list`.")
    click.echo("As the settings say." if days is None else f"For {days:g} days.")


@tenants.command("set-budget")
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

    if not with_pool(change):
        raise ServiceError("There is no tenant of this id; see `smara-server tenants list`.")
    click.echo(f"Soft {_dollars(soft)}, hard {_dollars(hard)} a month.")


def _dollars(usd: float | None) -> str:
    return "as the installation's" if usd is None else f"{usd:.2f} USD"


def _known_plan(name: str) -> str:
    plans = runtime().settings.plans
    if name not in plans:
        raise ServiceError(f"There is no plan {name!r}; there are {', '.join(plans)}.")
    return name
