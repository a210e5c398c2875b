"""The Idempotency-Key header: what it may be, and what it stands for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Header, Request, Response
from pydantic import BaseModel

from app.api.middleware.about import named_in
from app.db.pool import TenantTx, transaction
from app.errors import Unprocessable
from app.rules.types import Caller
from app.tenancy.idempotency import IdempotentRequest

_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')

IdempotencyKey = Annotated[
    str | None,
    Header(
        description="1 to 255 visible ASCII characters. The same key with the same body gives the "
        "same answer again, with `Idempotent-Replayed: true`; with another body it is a 422."
    ),
]


def key_of(header: str | None) -> str | None:
    """The key itself, without the quotes that some clients send. Raises Unprocessable."""
    if header is None:
        return None
    match = _KEY.fullmatch(header.strip())
    if match is None:
        raise Unprocessable(
            "Idempotency-Key must be 1 to 255 visible ASCII characters.", code="bad_idempotency_key"
        )
    return match.group(1)


def idempotent_request(
    request: Request, caller: Caller, header: str | None, body: BaseModel
) -> IdempotentRequest | None:
    """What the request does at most once, if it has a key."""
    key = key_of(header)
    if key is None:
        return None
    asked = f"{request.method} {request.url.path} {body.model_dump_json(exclude_none=True)}"
    return IdempotentRequest(caller.tenant_id, key, asked.encode(), named_in(body.model_dump()))


def mark_replayed(response: Response, replayed: bool) -> None:
    """Say in a header that this answer was given before."""
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"


Made = TypeVar("Made", bound=BaseModel)


async def create_idempotently(
    tenant_id: UUID,
    model: type[Made],
    idempotent: IdempotentRequest | None,
    response: Response,
    create: Callable[[TenantTx], Awaitable[Made]],
) -> Made:
    """What ``create`` makes in a transaction of its own, or what it made under the same key."""
    async with transaction(tenant_id) as tx:
        earlier = await idempotent.begin(tx) if idempotent else None
        if earlier is not None:
            mark_replayed(response, True)
            return model.model_validate(earlier)
        made = await create(tx)
        if idempotent:
            await idempotent.complete(tx, made.model_dump(mode="json", by_alias=True))
        return made
