"""API keys: issue, list, revoke."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from app import keys
from app.api.caller import may
from app.api.serial import IsoTime
from app.api.strict_json import StrictRoute
from app.api.text import Text, Time
from app.db import tenants
from app.db.pool import connection
from app.db.tenants import KeyInfo
from app.errors import NotFound

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)


class KeyIn(BaseModel):
    """A key to be made."""

    label: Annotated[Text, Field(max_length=100)] = ""
    scopes: list[Literal["read", "write", "admin"]] = Field(["read", "write"], min_length=1)
    expires_at: Time | None = Field(
        None, description="Until when it works; without it, until it is revoked."
    )


class KeyOut(BaseModel):
    """A key without its secret."""

    id: UUID
    prefix: str = Field(description="How it begins, to tell it from others.")
    label: str
    scopes: list[str]
    created_at: IsoTime
    expires_at: IsoTime | None
    revoked_at: IsoTime | None
    last_used_at: IsoTime | None

    @classmethod
    def of(cls, info: KeyInfo) -> Self:
        """What may be shown of it."""
        return cls(
            id=info.key_id,
            prefix=info.prefix,
            label=info.label,
            scopes=info.scopes,
            created_at=info.created_at,
            expires_at=info.expires_at,
            revoked_at=info.revoked_at,
            last_used_at=info.last_used_at,
        )


class KeyIssued(KeyOut):
    """The one answer that holds the key in clear."""

    api_key: str = Field(description="Keep it: it is not shown again.")


class KeyList(BaseModel):
    """Oldest first, revoked ones too."""

    keys: list[KeyOut]


@router.post("", status_code=201)
async def issue(body: KeyIn, request: Request) -> KeyIssued:
    """Make a key for the caller's tenant. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with connection() as conn:
        issued = await keys.issue(
            conn, caller.tenant_id, label=body.label, scopes=body.scopes, expires_at=body.expires_at
        )
    return KeyIssued(**KeyOut.of(issued.info).model_dump(mode="python"), api_key=issued.api_key)


@router.get("")
async def list_keys(request: Request) -> KeyList:
    """The tenant's keys. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with connection() as conn:
        found = await tenants.keys(conn, caller.tenant_id)
    return KeyList(keys=[KeyOut.of(info) for info in found])


@router.delete("/{key_id}", status_code=204)
async def revoke(request: Request, key_id: UUID) -> None:
    """Revoke a key; within 5 seconds no process accepts it any more. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with connection() as conn:
        revoked = await tenants.revoke_key(conn, caller.tenant_id, key_id)
    if not revoked:
        raise NotFound("There is no live key of this id.")
