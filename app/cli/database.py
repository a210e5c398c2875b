"""Commands about the database as a whole, and about one conversation in it."""

from __future__ import annotations

from uuid import UUID

import click

from app.cli.connected import first_tenant, with_a_database, with_pool
from app.db import conversations
from app.db.migrate import bind_embedding_model
from app.db.migrate import migrate as migrate_database
from app.db.pool import transaction
from app.db.service_login import make_given
from app.errors import ServiceError


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date. Safe to run at any time, and by several at the same
    time.

    With SMARA_OWNER_DATABASE_URL it uses that address, and creates the login of DATABASE_URL.
    """
    from app.providers.registry import build  # It imports the models, which no other command needs.

    settings = with_a_database()
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


@click.command()
@click.argument("conversation_id", type=click.UUID)
def replay(conversation_id: UUID) -> None:
    """Queue a dead or done conversation again."""

    async def queue_again() -> bool:
        tenant_id = await first_tenant()
        async with transaction(tenant_id) as tx:
            return await conversations.replay(tx, conversation_id)

    if not with_pool(queue_again):
        raise ServiceError(
            "There is no dead or done conversation of this id with its text still there."
        )
    click.echo("Queued; the scheduler wakes a worker for it within seconds.")
