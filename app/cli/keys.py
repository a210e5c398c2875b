"""Commands about the API keys of the installation's first tenant."""

from __future__ import annotations

from uuid import UUID

import click

from app.cli.connected import first_tenant, with_pool
from app.db import api_keys as stored
from app.db import tenants
from app.db.pool import system, transaction
from app.errors import ServiceError
from app.rules.types import KeyInfo
from app.startup import runtime
from app.tenancy import api_keys


@click.group()
def keys() -> None:
    """API keys of the installation's first tenant."""


@keys.command("create")
@click.option("--label", default="", help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(api_keys.SCOPES),
    help="Default: read, write and admin, which is everything; admin includes review.",
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
            issued = await api_keys.issue(tx, label=label, scopes=scopes or api_keys.FULL)
            return issued.api_key

    click.echo(with_pool(issue))


@keys.command("list")
def list_keys() -> None:
    """List the keys, without their secrets."""

    async def read() -> list[KeyInfo]:
        tenant_id = await first_tenant()
        async with transaction(tenant_id) as tx:
            return await stored.list_all(tx)

    for key in with_pool(read):
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "live"
        click.echo(f"{key.key_id}  {key.prefix}…  {state}  {','.join(key.scopes)}  {key.label}")


@keys.command("revoke")
@click.argument("key_id", type=click.UUID)
def revoke_key(key_id: UUID) -> None:
    """Revoke a key; it stops working within 5 seconds."""

    async def revoke() -> bool:
        tenant_id = await first_tenant()
        async with transaction(tenant_id) as tx:
            return await stored.retire(tx, key_id) is not None

    if not with_pool(revoke):
        raise ServiceError("There is no live key of this id; see `smara-server keys list`.")
    click.echo("Revoked.")
