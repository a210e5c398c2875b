"""Read the Idempotency-Key header, and the request that it stands for."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from fastapi import Header, Request, Response
from pydantic import BaseModel

from app.errors import Unprocessable
from app.rules.types import Caller
from app.tenancy.idempotency import IdempotentRequest, Made

_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')

NAMES_OF_USERS = ("user_id", "owner_id", "added_by", "invited_by")
"""The fields that name a user."""

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
    return IdempotentRequest(
        caller.tenant_id, key, asked.encode(), _users_named_in(body.model_dump())
    )


def mark_replayed(response: Response, replayed: bool) -> None:
    """Mark in a header that this answer was given before."""
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"


def unwrap(made: Made[T], response: Response) -> T:
    """Give the result, and mark the answer if it was given before."""
    mark_replayed(response, made.replayed)
    return made.value


def _users_named_in(document: Any) -> set[str]:
    """Find the users that a body names, at any depth."""
    if isinstance(document, list):
        return {user for each in document for user in _users_named_in(each)}
    if not isinstance(document, dict):
        return set()
    named = {document[name] for name in NAMES_OF_USERS if isinstance(document.get(name), str)}
    return named | {user for each in document.values() for user in _users_named_in(each)}
