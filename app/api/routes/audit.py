"""The audit log: which key read or changed whose data, and when."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.auth import Admin
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import IsoTime, Lenient, QueryTime, Text, UserId
from app.rules.types import Access
from app.tenancy import audit_log

router = APIRouter(prefix="/v1", tags=["keys"], route_class=StrictRoute)


class AccessOut(BaseModel):
    """A request that was answered."""

    id: UUID
    at: IsoTime
    key_id: UUID
    method: str
    route: str = Field(examples=["/v1/memories/{memory_id}"])
    via: str | None = Field(
        description="The route of the tool call that made this request, if one did."
    )
    user_hash: str | None = Field(
        description="A digest of the user that the request was about, if it named one. Equal"
        " users have equal digests."
    )
    status: int

    @classmethod
    def of(cls, access: Access) -> Self:
        """Render an entry."""
        return cls(
            id=access.access_id,
            at=access.at,
            key_id=access.key_id,
            method=access.method,
            route=access.route,
            via=access.via,
            user_hash=access.user_hash.hex() if access.user_hash else None,
            status=access.status,
        )


class AccessPage(BaseModel):
    """Newest first."""

    accesses: list[AccessOut]
    next_cursor: str | None


@router.get("/audit")
async def list_accesses(
    caller: Admin,
    user_id: Annotated[UserId | None, Query(description="Requests about this user.")] = None,
    key_id: Annotated[UUID | None, Query(description="Requests with this key.")] = None,
    route: Annotated[
        Text | None,
        Query(
            description="Requests to this route.", max_length=200, examples=["/v1/memories/search"]
        ),
    ] = None,
    since: Annotated[QueryTime | None, Query(description="At this time or later.")] = None,
    until: Annotated[QueryTime | None, Query(description="Before this time.")] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Lenient(1, 1_000), Query()] = 100,
) -> AccessPage:
    """List what was requested with the tenant's keys; an entry appears about a second after the
    answer. Needs the key scope `admin`.

    Users are recorded as digests only, so an erased user leaves nothing that could be read; whoever
    knows an id can filter by it.
    """
    page = await audit_log.read(
        caller,
        user_id=user_id,
        key_id=key_id,
        route=route,
        since=since,
        until=until,
        before=cursor,
        limit=limit + 1,
    )
    shown = page[:limit]
    return AccessPage(
        accesses=[AccessOut.of(access) for access in shown],
        next_cursor=str(shown[-1].access_id) if len(page) > limit else None,
    )
