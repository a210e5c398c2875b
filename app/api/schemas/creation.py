"""Things that are made once, however often the request for them arrives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from app.api.schemas.idempotency import mark_replayed
from app.db.pool import Connection, transaction
from app.tenancy.idempotency import Once

Made = TypeVar("Made", bound=BaseModel)


async def create_once(
    tenant_id: UUID,
    model: type[Made],
    once: Once | None,
    response: Response,
    create: Callable[[Connection], Awaitable[Made]],
) -> Made:
    """What ``create`` makes in a transaction of its own, or what it made under the same key."""
    async with transaction(tenant_id) as conn:
        earlier = await once.take(conn) if once else None
        if earlier is not None:
            mark_replayed(response, True)
            return model.model_validate(earlier)
        made = await create(conn)
        if once:
            await once.keep(conn, made.model_dump(mode="json", by_alias=True))
        return made
