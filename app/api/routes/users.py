"""What a person may ask for: an export of what is kept of them, and its erasure."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from app.api.auth import Reader, Writer
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import USER_ID, IsoTime, UserId
from app.privacy import erasure
from app.privacy.export import export

router = APIRouter(tags=["people"], route_class=StrictRoute)
users = APIRouter(prefix="/v1/users", route_class=StrictRoute)
erasures = APIRouter(prefix="/v1/erasures", route_class=StrictRoute)

UserPath = Annotated[UserId, Path(description="Any characters, an encoded slash too.")]


class ErasedCounts(BaseModel):
    """How many rows of each kind were removed."""

    memories: int
    conversations: int
    extractions: int
    events: int
    edges: int
    agents: int = Field(0, description="The agents that the user owned.")


class UserErased(BaseModel):
    """The receipt of an erasure, signed by this installation."""

    user_id: UserId
    erased: ErasedCounts
    erasure_id: UUID
    erased_at: IsoTime
    signature: str = Field(
        description="Send the whole receipt to POST /v1/erasures/verify to check it."
    )


class Verified(BaseModel):
    """Whether this installation issued the receipt, and it is unchanged."""

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
async def export_user(caller: Reader, user_id: UserPath) -> StreamingResponse:
    """Export everything that is kept of a user, one JSON document a line: memories with their
    history, conversations with their text, events, edges."""
    return StreamingResponse(export(caller, user_id), media_type="application/x-ndjson")


@users.delete(f"/{USER_ID}")
async def erase(caller: Writer, user_id: UserPath) -> UserErased:
    """Erase everything that is kept about or from a user: memories, conversations, their history.
    Work that is under way for them stores nothing."""
    receipt = await erasure.erase_person(caller, user_id)
    return UserErased(
        user_id=user_id,
        erased=ErasedCounts.model_validate(receipt.erased),
        erasure_id=receipt.erasure_id,
        erased_at=receipt.erased_at,
        signature=receipt.signature,
    )


@erasures.post("/verify")
async def verify(body: UserErased, caller: Reader) -> Verified:
    """Check the receipt of an erasure: this installation issued it for this tenant, and it is
    unchanged."""
    valid = await erasure.verify(
        caller,
        user_id=body.user_id,
        erasure_id=body.erasure_id,
        erased_at=body.erased_at,
        erased=body.erased.model_dump(exclude_unset=True),
        signature=body.signature,
    )
    return Verified(valid=valid)


router.include_router(users)
router.include_router(erasures)
