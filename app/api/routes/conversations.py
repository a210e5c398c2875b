"""Accept a conversation (202), report its progress and receipt, list, replay, erase."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.auth import Reader, Writer
from app.api.schemas.conversations import (
    ConversationAccepted,
    ConversationIn,
    ConversationOut,
    ConversationPage,
    ConversationReverted,
)
from app.api.schemas.idempotency import IdempotencyKey, key_of, mark_replayed
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import Flag, Lenient, QueryTime, UserId
from app.ingest import conversations, undo
from app.ingest.accept import accept as accept_conversation

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=StrictRoute)

MAX_WAIT_SECONDS = 30


@router.post("", status_code=202)
async def accept(
    body: ConversationIn,
    caller: Writer,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ConversationAccepted:
    """Accept a conversation; its memories can be recalled seconds later.

    202 means that it is committed: it ends as `done`, `dead` (visible, with the reason, and it can
    be replayed) or `cancelled`. The same `Idempotency-Key` with the same body gives the same answer
    again, with `Idempotent-Replayed: true`; with another body it is a 422. Without a key, a POST
    that is sent twice makes two conversations; what both say is still remembered only once.
    """
    accepted = await accept_conversation(caller, body.to_accept(key_of(idempotency_key)))
    mark_replayed(response, accepted.replayed)
    return ConversationAccepted.of(accepted.conversation_id, accepted.created_at)


@router.get("")
async def list_conversations(
    caller: Reader,
    user_id: Annotated[UserId | None, Query()] = None,
    state: Annotated[
        Literal["queued", "processing", "done", "dead", "cancelled"] | None, Query()
    ] = None,
    since: Annotated[QueryTime | None, Query(description="Accepted at this time or later.")] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Lenient(1, 100), Query()] = 20,
) -> ConversationPage:
    """List the tenant's conversations, newest first; `state=dead` lists those that need
    attention."""
    page = await conversations.list_page(
        caller, user_id=user_id, state=state, since=since, before=cursor, limit=limit
    )
    return ConversationPage(
        conversations=[ConversationOut.of(each, page.blocked_by) for each in page.conversations],
        next_cursor=str(page.conversations[-1].conversation_id) if page.more else None,
    )


@router.get("/{conversation_id}")
async def get(
    caller: Reader,
    conversation_id: UUID,
    wait: Annotated[
        int,
        Lenient(0, MAX_WAIT_SECONDS),
        Query(description="Wait up to this many seconds until it is finished."),
    ] = 0,
) -> ConversationOut:
    """Get the state of a conversation and, when it is done, the receipt: each fact, what became of
    it, and why."""
    return ConversationOut.of(
        *await conversations.progress(caller, conversation_id, wait_seconds=wait)
    )


@router.post("/{conversation_id}/replay", status_code=202)
async def replay(caller: Writer, conversation_id: UUID) -> ConversationAccepted:
    """Queue a dead or done conversation again. What it said before and is remembered is not stored
    twice."""
    queued = await conversations.replay(caller, conversation_id)
    return ConversationAccepted.of(conversation_id, queued.created_at)


@router.post("/{conversation_id}/revert")
async def revert(caller: Writer, conversation_id: UUID) -> ConversationReverted:
    """Undo everything that a finished conversation did: delete what it stored, restore what it
    replaced, remove its edges. Its text stays, and a replay draws facts from it again."""
    undone = await undo.revert(caller, conversation_id)
    return ConversationReverted(
        id=conversation_id,
        deleted=undone.deleted,
        restored=undone.restored,
        edges=undone.edges,
        weakened=undone.weakened,
    )


@router.delete("/{conversation_id}", status_code=204)
async def erase(
    caller: Writer,
    conversation_id: UUID,
    memories: Annotated[Flag, Query(description="Also erase what was learned from it.")] = False,
) -> None:
    """Cancel a conversation if it is unfinished, and erase its text; with `memories=true` also what
    was learned from it."""
    await undo.erase(caller, conversation_id, with_memories=memories)
