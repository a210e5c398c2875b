"""What a person may ask for: all that is kept of them, and that it goes."""

from __future__ import annotations

import hmac
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.api.auth import may
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import USER_ID, IsoTime, UserId
from app.db import tenants, user_data
from app.db.pool import read_only
from app.errors import Forbidden
from app.privacy import erasure
from app.privacy.tombstones import sign

router = APIRouter(tags=["people"], route_class=StrictRoute)
users = APIRouter(prefix="/v1/users", route_class=StrictRoute)
erasures = APIRouter(prefix="/v1/erasures", route_class=StrictRoute)

UserPath = Annotated[UserId, Path(description="Any characters; an encoded slash too.")]


class ErasedCounts(BaseModel):
    """How many rows of each kind are gone."""

    memories: int
    conversations: int
    extractions: int
    events: int
    edges: int
    agents: int = Field(0, description="Those that the user owned.")


class UserErased(BaseModel):
    """Nothing is kept of the user any more: the receipt, signed by this installation."""

    user_id: str
    erased: ErasedCounts
    erasure_id: UUID
    erased_at: IsoTime
    signature: str = Field(description="Send the whole to POST /v1/erasures/verify to check it.")


class Verified(BaseModel):
    """Whether a receipt is this installation's, and unchanged."""

    valid: bool


@users.get(
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
    restriction = caller.restriction
    if not restriction.allows_user(user_id) or restriction.namespaces or restriction.agents:
        raise Forbidden("This API key does not reach all of this user.", code="out_of_reach")
    return StreamingResponse(
        user_data.export(caller.tenant_id, user_id), media_type="application/x-ndjson"
    )


@users.delete(f"/{USER_ID}")
async def erase(request: Request, user_id: UserPath) -> UserErased:
    """Erase all that is kept about or from a user: memories, conversations, their history. What is
    still being worked on comes to nothing."""
    receipt = await erasure.erase_person(may(request, "write"), user_id)
    return UserErased(
        user_id=user_id,
        erased=ErasedCounts.model_validate(receipt.erased),
        erasure_id=receipt.erasure_id,
        erased_at=receipt.erased_at,
        signature=receipt.signature,
    )


@erasures.post("/verify")
async def verify(body: UserErased, request: Request) -> Verified:
    """Check the receipt of an erasure: it was made here, for this tenant, and says what it said."""
    caller = may(request, "read")
    async with read_only(caller.tenant_id) as tx:
        secret = await tenants.installation_secret(tx)
    expected = sign(
        secret,
        caller.tenant_id,
        user_id=body.user_id,
        erasure_id=body.erasure_id,
        erased_at=body.erased_at,
        erased=body.erased.model_dump(exclude_unset=True),
    )
    return Verified(valid=hmac.compare_digest(expected.encode(), body.signature.encode()))


router.include_router(users)
router.include_router(erasures)
