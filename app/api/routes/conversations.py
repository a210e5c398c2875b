"""Accept a conversation (202), report its progress and receipt, list, replay, erase."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.auth import may
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
from app.db import conversations, memory_owners
from app.db.pool import read_only, transaction
from app.errors import Conflict, NotFound
from app.ingest import undo
from app.ingest.blocked import BlockedBy, blocked_by
from app.privacy.sanitize import clean_chat, mask_text
from app.rules.types import NewConversation, Progress
from app.tenancy import access
from app.tenancy.access import Place
from app.tenancy.idempotency import reused

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=StrictRoute)

MAX_WAIT_SECONDS = 30
FINISHED = ("done", "dead", "cancelled")


@router.post("", status_code=202)
async def accept(
    body: ConversationIn,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ConversationAccepted:
    """Take in a conversation; its memories can be recalled seconds later.

    202 means that it is committed: it ends as `done`, `dead` (visible, with the reason, replayable)
    or `cancelled`. The same `Idempotency-Key` with the same body gives the same answer again, with
    `Idempotent-Replayed: true`, and with another body a 422. Without a key, a POST that is sent
    twice is two conversations; what they say twice is still remembered once.
    """
    caller = may(request, "write")
    place = Place(body.user_id, body.namespace, body.agent_id, body.team_id)
    key = key_of(idempotency_key)
    await request.app.state.backpressure.admit(caller.tenant_id)
    digest = (
        hashlib.sha256(body.model_dump_json(exclude_none=True).encode()).digest() if key else None
    )
    messages, metadata = await clean_chat(caller.tenant_id, body.turns, body.metadata)
    async with transaction(caller.tenant_id) as tx:
        target = await access.target(tx, caller, place, body.visibility)
        accepted = await conversations.accept(
            tx,
            NewConversation(
                tenant_id=caller.tenant_id,
                owner_key=memory_owners.of_scope(target.scope),
                scope=target.scope,
                user_id=body.user_id,
                team_id=target.team_id,
                visibility=target.visibility,
                messages=messages,
                occurred_at=body.occurred_at,
                instructions=mask_text(body.instructions) if body.instructions else None,
                source=body.source,
                external_id=body.external_id,
                metadata=metadata,
                priority=1 if body.priority == "backfill" else 0,
                idempotency_key=key,
                body_sha256=digest,
            ),
        )
    if accepted.body_sha256 != digest:
        raise reused()
    mark_replayed(response, accepted.replayed)
    if not accepted.replayed:
        request.app.state.wakeup.request()
    return ConversationAccepted(
        id=accepted.conversation_id,
        status="queued",
        status_url=f"/v1/conversations/{accepted.conversation_id}",
        created_at=accepted.created_at,
    )


@router.get("")
async def list_conversations(
    request: Request,
    user_id: Annotated[UserId | None, Query()] = None,
    state: Annotated[
        Literal["queued", "processing", "done", "dead", "cancelled"] | None, Query()
    ] = None,
    since: Annotated[QueryTime | None, Query(description="Accepted at this time or later.")] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Lenient(1, 100), Query()] = 20,
) -> ConversationPage:
    """The tenant's conversations, newest first; `state=dead` lists what needs a look."""
    caller = may(request, "read")
    async with read_only(caller.tenant_id) as tx:
        page = await conversations.list_page(
            tx,
            user_id=user_id,
            state=state,
            since=since,
            before=cursor,
            limit=limit + 1,
            restriction=caller.restriction,
        )
    more = len(page) > limit
    shown = page[:limit]
    waiting_for = await _blocked_by(caller.tenant_id, shown)
    return ConversationPage(
        conversations=[ConversationOut.of(progress, waiting_for) for progress in shown],
        next_cursor=str(shown[-1].conversation_id) if more else None,
    )


@router.get("/{conversation_id}")
async def get(
    request: Request,
    conversation_id: UUID,
    wait: Annotated[
        int,
        Lenient(0, MAX_WAIT_SECONDS),
        Query(description="Hold the answer for up to this many seconds until done."),
    ] = 0,
) -> ConversationOut:
    """Where a conversation stands and, when it is done, the receipt: each fact, what became of it,
    and why."""
    caller = may(request, "read")
    began = asyncio.get_running_loop().time()
    while True:
        async with read_only(caller.tenant_id) as tx:
            progress = await conversations.get(tx, conversation_id, caller.restriction)
        if progress is None:
            raise NotFound("There is no conversation of this id.")
        waited = asyncio.get_running_loop().time() - began
        if progress.state in FINISHED or waited >= wait:
            return ConversationOut.of(progress, await _blocked_by(caller.tenant_id, [progress]))
        # Who waits learns of it an eighth later at most, and half a second.
        await asyncio.sleep(min(max(0.02, waited / 8), 0.5, wait - waited))


async def _blocked_by(tenant_id: UUID, shown: Sequence[Progress]) -> BlockedBy | None:
    """What those of them that are queued wait for besides their turn."""
    if all(progress.state != "queued" for progress in shown):
        return None
    async with transaction(tenant_id) as tx:
        return await blocked_by(tx)


@router.post("/{conversation_id}/replay", status_code=202)
async def replay(request: Request, conversation_id: UUID) -> ConversationAccepted:
    """Queue a dead or done conversation once more. What it said before and is remembered stays
    remembered once."""
    caller = may(request, "write")
    async with transaction(caller.tenant_id) as tx:
        if await conversations.get(tx, conversation_id, caller.restriction) is None:
            raise NotFound("There is no conversation of this id.")
        queued = await conversations.replay(tx, conversation_id)
        progress = await conversations.get(tx, conversation_id)
    assert progress is not None, "conversations are erased, never deleted"
    if not queued:
        state = "erased" if progress.erased else progress.state
        raise Conflict(
            f"This conversation is {state}; only a dead or done one can be replayed.",
            code="not_replayable",
        )
    request.app.state.wakeup.request()
    return ConversationAccepted(
        id=conversation_id,
        status="queued",
        status_url=f"/v1/conversations/{conversation_id}",
        created_at=progress.created_at,
    )


@router.post("/{conversation_id}/revert")
async def revert(request: Request, conversation_id: UUID) -> ConversationReverted:
    """Undo everything that a finished conversation did: what it stored is deleted, what it replaced
    is alive again, its edges are cut. Its text stays, and a replay learns from it anew."""
    undone = await undo.revert(may(request, "write"), conversation_id)
    return ConversationReverted(
        id=conversation_id,
        deleted=undone.deleted,
        restored=undone.restored,
        edges=undone.edges,
        weakened=undone.weakened,
    )


@router.delete("/{conversation_id}", status_code=204)
async def erase(
    request: Request,
    conversation_id: UUID,
    memories: Annotated[Flag, Query(description="Also erase what was learned from it.")] = False,
) -> None:
    """Cancel it if it is unfinished, and erase its text; with `memories=true` also what was learned
    from it."""
    await undo.erase(may(request, "write"), conversation_id, with_memories=memories)
