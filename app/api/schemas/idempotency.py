"""Read the Idempotency-Key header, and the request that it stands for."""

from __future__ import annotations

import re
from typing import Annotated, TypeVar

from fastapi import Header, Request, Response
from pydantic import BaseModel

from app.api.schemas.named_users import users_named
from app.errors import Unprocessable
from app.rules.types import Caller
from app.tenancy.idempotency import IdempotentRequest, Made

_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')

T = TypeVar("T")

IdempotencyKey = Annotated[
    str | None,
    Header(
        description="1 to 255 visible ASCII characters. The same key with the same body gives the "
        "same answer again, with `Idempotent-Replayed: true`; with another body it is a 422."
    ),
]


def key_of(header: str | None) -> str | None:
    """Read the key, without the quotes that some clients send. Raises Unprocessable."""
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
    """Give the request that the key stands for; None without a key."""
    key = key_of(header)
    if key is None:
        return None
    asked = f"{request.method} {request.url.path} {body.model_dump_json(exclude_none=True)}"
    named = users_named(request.path_params, body.model_dump())
    return IdempotentRequest(caller, key, asked.encode(), named)


def mark_replayed(response: Response, replayed: bool) -> None:
    """Mark in a header that this answer was given before."""
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"


def unwrap(made: Made[T], response: Response) -> T:
    """Give the result, and mark the answer if it was given before."""
    mark_replayed(response, made.replayed)
    return made.value
