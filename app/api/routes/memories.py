"""Store facts; list, read, change, bring back and forget memories."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.auth import may
from app.api.errors import PlanLimitBody
from app.api.schemas.filters import ReadingQuery
from app.api.schemas.idempotency import IdempotencyKey, idempotent_request, mark_replayed
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.memories import (
    BatchResult,
    BatchStored,
    HistoryEvent,
    MemoriesIn,
    MemoryDeleted,
    MemoryDetail,
    MemoryDuplicate,
    MemoryIn,
    MemoryPage,
    MemoryPatch,
    MemoryRecord,
    MemoryStored,
    Version,
)
from app.api.schemas.types import Lenient, UserId
from app.api.stating import StatedBy, store_facts, store_one, stored_answer
from app.db import events, memories
from app.db.pool import read_only
from app.errors import NotFound
from app.memories import edit
from app.memories.edit import Revision
from app.privacy.sanitize import clean_facts
from app.rules.types import Visibility

router = APIRouter(prefix="/v1", tags=["memories"], route_class=StrictRoute)

OVER_PLAN: dict[int | str, dict[str, Any]] = {
    402: {"model": PlanLimitBody, "description": "The tenant's plan is used up."}
}


@router.post(
    "/memories",
    status_code=201,
    responses={
        200: {"model": MemoryDuplicate, "description": "The fact was known already."},
        **OVER_PLAN,
    },
    response_model_exclude_none=True,
)
async def store_memory(
    body: MemoryIn,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    stated_by: StatedBy = "application",
) -> MemoryStored | MemoryDuplicate:
    """Store one fact. What it repeats is found (`duplicate`), what it contradicts is retired
    (`replaced`)."""
    caller = may(request, "write")
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    outcome, replayed = await store_one(caller, body, idempotent, stated_by=stated_by)
    mark_replayed(response, replayed)
    if outcome.action == "duplicate":
        response.status_code = 200
    return stored_answer(body, outcome)


@router.post("/memories:batch", responses=OVER_PLAN)
async def store_batch(
    body: MemoriesIn,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    stated_by: StatedBy = "application",
) -> BatchStored:
    """Store up to 1,000 facts, all of them or none. They are compared with what is remembered, and
    those of one scope with each other."""
    caller = may(request, "write")
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    stored = await store_facts(caller, body.memories, idempotent, stated_by=stated_by)
    mark_replayed(response, stored.replayed)
    counts = Counter(outcome.action for outcome in stored.outcomes)
    return BatchStored(
        results=[
            BatchResult.model_validate(
                {
                    "action": outcome.action,
                    "id": outcome.memory_id,
                    "replaced_id": outcome.replaced_id,
                    "reason": outcome.reason,
                }
            )
            for outcome in stored.outcomes
        ],
        stored=counts["stored"],
        replaced=counts["replaced"],
        duplicates=counts["duplicate"],
        rejected=counts["rejected"],
    )


@router.get("/memories")
async def list_memories(
    request: Request,
    reading: ReadingQuery,
    user_id: Annotated[UserId, Query()],
    limit: Annotated[int, Lenient(1, 100), Query()] = 20,
    offset: Annotated[int, Lenient(0, 1_000_000), Query()] = 0,
    cursor: Annotated[
        UUID | None,
        Query(
            description="`next_cursor` of the page before; stays right while \
memories are added."
        ),
    ] = None,
    visibility: Annotated[Visibility | None, Query(description="Only what is so.")] = None,
    state: Annotated[
        Literal["live", "quarantined"],
        Query(description="`quarantined`: what reads as an order to an agent, for review."),
    ] = "live",
) -> MemoryPage:
    """The user's memories, newest first; with a team, the team's too."""
    caller = may(request, "read")
    filters = replace(reading.filters, quarantined=state == "quarantined")
    scopes = await reading.scopes(caller, user_id, visibility)
    if not scopes:
        return MemoryPage(memories=[], limit=limit, offset=offset, total=0, next_cursor=None)
    async with read_only(caller.tenant_id) as tx:
        page = await memories.list_page(
            tx, scopes, filters=filters, before=cursor, limit=limit + 1, offset=offset
        )
        total = await memories.count(tx, scopes, filters=filters)
    shown = page[:limit]
    return MemoryPage(
        memories=[MemoryRecord.of(memory) for memory in shown],
        limit=limit,
        offset=offset,
        total=total,
        next_cursor=str(shown[-1].memory_id) if len(page) > limit else None,
    )


@router.get("/memories/{memory_id}")
async def get_memory(request: Request, memory_id: UUID) -> MemoryDetail:
    """One memory, live or superseded: where it came from, what it replaced, what happened to it."""
    caller = may(request, "read")
    async with read_only(caller.tenant_id) as tx:
        memory = await memories.get(tx, memory_id, restriction=caller.restriction)
        if memory is None:
            raise NotFound("There is no memory of this id.")
        history = await events.of_memory(tx, memory_id)
        versions = await memories.versions(tx, memory_id, caller.restriction)
    return MemoryDetail.model_construct(
        **MemoryRecord.fields_of(memory),
        quote=memory.quote,
        valid_until=memory.valid_until,
        superseded_at=memory.superseded_at,
        superseded_by=memory.superseded_by,
        embedding_model=memory.embedding_model,
        history=[HistoryEvent.of(event) for event in history],
        versions=[
            Version(
                id=old.memory_id,
                fact=old.fact,
                created_at=old.created_at,
                superseded_at=old.superseded_at,
            )
            for old in versions
        ],
    )


@router.patch("/memories/{memory_id}")
async def change_memory(body: MemoryPatch, request: Request, memory_id: UUID) -> MemoryRecord:
    """Correct, weigh, move or share a live memory. A new fact is embedded anew; how it was stays in
    its history."""
    caller = may(request, "write")
    [(fact, metadata)] = await clean_facts(
        caller.tenant_id, [(body.fact or "", body.metadata or {})]
    )
    revision = Revision(
        fact=None if body.fact is None else fact,
        metadata=None if body.metadata is None else metadata,
        importance=body.importance,
        visibility=body.visibility,
        namespace=body.namespace,
        team_id=body.team_id,
        acting=body.user_id,
    )
    return MemoryRecord.of(await edit.revise(caller, memory_id, revision))


@router.post("/memories/{memory_id}/restore", responses=OVER_PLAN)
async def restore_memory(
    request: Request,
    memory_id: UUID,
    user_id: Annotated[UserId | None, Query(description="Who asks for it, if one does.")] = None,
) -> MemoryRecord:
    """Bring a superseded memory back (what had replaced it stays live too), or let one out of
    quarantine: somebody has read it and stands for it."""
    return MemoryRecord.of(await edit.restore(may(request, "write"), memory_id, user_id))


@router.delete("/memories/{memory_id}")
async def delete_memory(
    request: Request,
    memory_id: UUID,
    user_id: Annotated[UserId | None, Query(description="Who asks for it, if one does.")] = None,
) -> MemoryDeleted:
    """Forget a memory for good: its text, its edges, its place in the history of others."""
    await edit.delete(may(request, "write"), memory_id, user_id)
    return MemoryDeleted(id=memory_id, deleted=True)
