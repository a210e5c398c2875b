"""What a person may ask for: all that is kept of them, and that it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app import forget
from app.api.caller import may
from app.api.paths import USER_ID
from app.api.strict_json import StrictRoute
from app.api.text import UserId
from app.db import people
from app.db.pool import transaction
from app.db.tenants import Caller
from app.errors import Forbidden

router = APIRouter(prefix="/v1/users", tags=["people"], route_class=StrictRoute)

UserPath = Annotated[UserId, Path(description="Any characters; an encoded slash too.")]


class ErasedCounts(BaseModel):
    """How many rows of each kind are gone."""

    memories: int
    conversations: int
    extractions: int
    events: int
    edges: int


class UserErased(BaseModel):
    """Nothing is kept of the user any more."""

    user_id: str
    erased: ErasedCounts


@router.get(
    f"/{USER_ID}/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A JSON document a line, each with its `type`.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        }
    },
)
async def export(request: Request, user_id: UserPath) -> StreamingResponse:
    """All that is kept of a user: memories with their past, conversations with their text, events,
    edges."""
    caller = may(request, "read")
    reach = caller.reach
    if not reach.allows_user(user_id) or reach.namespaces or reach.agents:
        raise Forbidden("This API key does not reach all of this user.", code="out_of_reach")
    return StreamingResponse(_lines(caller, user_id), media_type="application/x-ndjson")


@router.delete(f"/{USER_ID}")
async def erase(request: Request, user_id: UserPath) -> UserErased:
    """Erase all that is kept about or from a user: memories, conversations, their history. What is
    still being worked on comes to nothing."""
    erased = await forget.person(may(request, "write"), user_id)
    return UserErased(
        user_id=user_id,
        erased=ErasedCounts(
            memories=erased.memories,
            conversations=erased.conversations,
            extractions=erased.extractions,
            events=erased.events,
            edges=erased.edges,
        ),
    )


async def _lines(caller: Caller, user_id: str) -> AsyncIterator[bytes]:
    async with transaction(caller.tenant_id) as conn:
        async for line in people.export(conn, caller.tenant_id, user_id):
            yield line
