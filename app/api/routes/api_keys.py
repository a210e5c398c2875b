"""API keys: create, list, rotate, revoke."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.api.auth import Admin
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import MASKED, STORABLE, IsoTime, Namespace, Time, UserId
from app.rules.key_reach import KeyRestriction
from app.rules.types import KeyInfo
from app.tenancy import api_keys
from app.tenancy.api_keys import IssuedKey

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)


class KeyIn(BaseModel):
    """A key to create."""

    label: Annotated[str, StringConstraints(max_length=100), STORABLE, MASKED] = ""
    scopes: list[Literal["read", "write", "review", "admin"]] = Field(
        ["read", "write"],
        min_length=1,
        description="`review`, with `write`: release memories from quarantine; part of `admin`.",
    )
    expires_at: Time | None = Field(
        None, description="When it expires; without it, it works until it is revoked."
    )
    users: Annotated[list[UserId], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="Restrict the key to these users."
    )
    namespaces: Annotated[list[Namespace], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="Restrict the key to these namespaces."
    )
    agents: Annotated[list[UUID], Field(min_length=1, max_length=1_000)] | None = Field(
        None, description="Restrict the key to the memories of these agents."
    )

    @model_validator(mode="after")
    def an_admin_is_not_restricted(self) -> Self:
        restricted = self.users or self.namespaces or self.agents
        if restricted and "admin" in self.scopes:
            raise ValueError("a key with the scope admin cannot be restricted: it could undo that")
        return self

    @property
    def restriction(self) -> KeyRestriction:
        """Give the restriction that the key is to have."""
        return KeyRestriction.of(self.users, self.namespaces, self.agents)


class RotationIn(BaseModel):
    """How a key is replaced."""

    grace_seconds: float = Field(
        0, ge=0, le=2_592_000, description="How long the old key goes on working; at most 30 days."
    )


class KeyOut(BaseModel):
    """A key without its secret."""

    id: UUID
    prefix: str = Field(description="Its first characters, to tell it from others.")
    label: str
    scopes: list[str]
    created_at: IsoTime
    expires_at: IsoTime | None
    revoked_at: IsoTime | None
    last_used_at: IsoTime | None
    users: list[str] | None = Field(description="Null means no restriction.")
    namespaces: list[str] | None
    agents: list[UUID] | None

    @classmethod
    def of(cls, info: KeyInfo) -> Self:
        """Render a key without its secret."""
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
    """The only answer that holds the key itself."""

    api_key: str = Field(description="Keep it: it is not shown again.")

    @classmethod
    def of_issued(cls, issued: IssuedKey) -> Self:
        """Render a new key, with its secret."""
        return cls(**KeyOut.of(issued.info).model_dump(mode="python"), api_key=issued.api_key)


class KeyList(BaseModel):
    """Oldest first, revoked ones too."""

    keys: list[KeyOut]


@router.post("", status_code=201)
async def issue(body: KeyIn, caller: Admin) -> KeyIssued:
    """Create a key for the caller's tenant. Needs the key scope `admin`."""
    issued = await api_keys.create(
        caller,
        label=body.label,
        scopes=body.scopes,
        expires_at=body.expires_at,
        restriction=body.restriction,
    )
    return KeyIssued.of_issued(issued)


@router.get("")
async def list_keys(caller: Admin) -> KeyList:
    """List the tenant's keys, revoked ones too. Needs the key scope `admin`."""
    return KeyList(keys=[KeyOut.of(info) for info in await api_keys.list_all(caller)])


@router.delete("/{key_id}", status_code=204)
async def revoke(caller: Admin, key_id: UUID) -> None:
    """Revoke a key; within 5 seconds no process accepts it any more. The last key with the key
    scope `admin` cannot be revoked (409). Needs the key scope `admin`."""
    await api_keys.revoke(caller, key_id)


@router.post("/{key_id}/rotate", status_code=201)
async def rotate(caller: Admin, key_id: UUID, body: RotationIn | None = None) -> KeyIssued:
    """Replace a live key with a new one that may do the same. Needs the key scope `admin`."""
    grace_seconds = body.grace_seconds if body else 0
    return KeyIssued.of_issued(await api_keys.replace(caller, key_id, grace_seconds=grace_seconds))
