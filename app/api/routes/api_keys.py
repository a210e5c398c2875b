"""API keys: issue, list, rotate, revoke."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import may
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import MASKED, STORABLE, IsoTime, Namespace, Time, UserId
from app.db import api_keys as stored_keys
from app.db.pool import clock, read_only, transaction
from app.errors import Conflict, NotFound, Unprocessable
from app.rules.key_reach import KeyRestriction
from app.rules.types import KeyInfo
from app.tenancy import api_keys
from app.tenancy.access import known_agent

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)


class KeyIn(BaseModel):
    """A key to be made."""

    label: Annotated[str, StringConstraints(max_length=100), STORABLE, MASKED] = ""
    scopes: list[Literal["read", "write", "admin"]] = Field(["read", "write"], min_length=1)
    expires_at: Time | None = Field(
        None, description="Until when it works; without it, until it is revoked."
    )
    users: Annotated[list[UserId], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The only users whose memories it reaches."
    )
    namespaces: Annotated[list[Namespace], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The only namespaces that it reaches."
    )
    agents: Annotated[list[UUID], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="The only agents whose memories it reaches, and nothing else."
    )

    @model_validator(mode="after")
    def an_admin_is_not_restricted(self) -> Self:
        restricted = self.users or self.namespaces or self.agents
        if restricted and "admin" in self.scopes:
            raise ValueError("a key with the scope admin cannot be restricted: it could undo that")
        return self

    @property
    def restriction(self) -> KeyRestriction:
        """What the key is to be restricted to."""
        return KeyRestriction.of(self.users, self.namespaces, self.agents)


class RotationIn(BaseModel):
    """How a key is replaced."""

    grace_seconds: float = Field(
        0, ge=0, le=2_592_000, description="How long the old key goes on working; at most 30 days."
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
    users: list[str] | None = Field(description="Null is no restriction.")
    namespaces: list[str] | None
    agents: list[UUID] | None

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
            users=info.users,
            namespaces=info.namespaces,
            agents=info.agents,
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
    async with transaction(caller.tenant_id) as tx:
        for agent_id in body.agents or ():
            await known_agent(tx, caller, agent_id)
        if body.expires_at is not None and body.expires_at <= await clock(tx):
            raise Unprocessable("expires_at: must be in the future", code="validation")
        issued = await api_keys.issue(
            tx,
            label=body.label,
            scopes=list(dict.fromkeys(body.scopes)),
            expires_at=body.expires_at,
            restriction=body.restriction,
        )
    return _shown(issued)


@router.get("")
async def list_keys(request: Request) -> KeyList:
    """The tenant's keys. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with read_only(caller.tenant_id) as tx:
        found = await stored_keys.list_all(tx)
    return KeyList(keys=[KeyOut.of(info) for info in found])


@router.delete("/{key_id}", status_code=204)
async def revoke(request: Request, key_id: UUID) -> None:
    """Revoke a key; within 5 seconds no process accepts it any more. The last one that has the
    scope `admin` stays. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with transaction(caller.tenant_id) as tx:
        revoked = await stored_keys.retire(tx, key_id)
        if revoked is None:
            raise NotFound("There is no live key of this id.")
        if not await stored_keys.has_admin(tx):
            raise Conflict(
                "This is the last key that may manage keys; make another one first, or rotate it.",
                code="last_admin_key",
            )


@router.post("/{key_id}/rotate", status_code=201)
async def rotate(request: Request, key_id: UUID, body: RotationIn | None = None) -> KeyIssued:
    """Replace a live key by a new one that may do the same. Needs the scope `admin`."""
    caller = may(request, "admin")
    grace_seconds = body.grace_seconds if body else 0
    async with transaction(caller.tenant_id) as tx:
        issued = await api_keys.rotate(tx, key_id, grace_seconds=grace_seconds)
    if issued is None:
        raise NotFound("There is no live key of this id.")
    return _shown(issued)


def _shown(issued: api_keys.IssuedKey) -> KeyIssued:
    return KeyIssued(**KeyOut.of(issued.info).model_dump(mode="python"), api_key=issued.api_key)
