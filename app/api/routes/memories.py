"""Store facts; list, read, change, restore and delete memories."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from app.api.auth import Reader, Writer
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
    NotLive,
    Version,
)
from app.api.schemas.types import Lenient, UserId
from app.api.schemas.versions import CHANGED_SINCE, IfMatch, tag
from app.memories import edit, read
from app.memories.edit import Revision
from app.memories.plan import HISTORY
from app.memories.store import Outcome, Stored, store_facts
from app.rules.standing import Author
from app.rules.types import Visibility

router = APIRouter(prefix="/v1", tags=["memories"], route_class=StrictRoute)

OVER_PLAN: dict[int | str, dict[str, Any]] = {
    402: {"model": PlanLimitBody, "description": "The tenant's plan is used up."}
}


StatedBy = Annotated[
    Author,
    Header(
        alias="Smara-Stated-By",
        description="`model` when a model decided to store or change this, as in a tool call. It is"
        " then trusted less, and what reads as an order to an agent is `quarantined`.",
    ),
]


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
    caller: Writer,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    stated_by: StatedBy = "application",
) -> MemoryStored | MemoryDuplicate:
    """Store one fact. If a memory says the same, the answer is `duplicate`; if it contradicts an
    older memory, it has `replaced` that one."""
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    stored = await store_facts(caller, [body.stated()], idempotent, stated_by=stated_by)
    return stored_answer(body, stored, response)


@router.post("/memories:batch", responses=OVER_PLAN)
async def store_batch(
    body: MemoriesIn,
    caller: Writer,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    stated_by: StatedBy = "application",
) -> BatchStored:
    """Store up to 1,000 facts, all of them or none. They are compared with the memories of their
    scope, and with each other."""
    idempotent = idempotent_request(request, caller, idempotency_key, body)
    facts = [memory.stated() for memory in body.memories]
    stored = await store_facts(caller, facts, idempotent, stated_by=stated_by)
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
    caller: Reader,
    reading: ReadingQuery,
    user_id: Annotated[UserId, Query()],
    limit: Annotated[int, Lenient(1, 100), Query()] = 20,
    offset: Annotated[int, Lenient(0, 1_000_000), Query()] = 0,
    cursor: Annotated[
        UUID | None,
        Query(
            description="`next_cursor` of the page before; it stays right while memories are added."
        ),
    ] = None,
    visibility: Annotated[
        Visibility | None, Query(description="Only memories with this visibility.")
    ] = None,
    state: Annotated[
        Literal["live", "quarantined"],
        Query(
            description="`quarantined`: those that read as an order to an agent and wait for"
            " review."
        ),
    ] = "live",
) -> MemoryPage:
    """List the user's memories, newest first; with a team, the team's too."""
    filters = replace(reading.filters, quarantined=state == "quarantined")
    scopes = await reading.scopes(caller, user_id, visibility)
    page = await read.list_page(
        caller, scopes, filters=filters, before=cursor, limit=limit, offset=offset
    )
    return MemoryPage(
        memories=[MemoryRecord.of(memory) for memory in page.memories],
        limit=limit,
        offset=offset,
        total=page.total,
        next_cursor=str(page.memories[-1].memory_id) if page.more else None,
    )


@router.get("/memories/{memory_id}")
async def get_memory(caller: Reader, memory_id: UUID, response: Response) -> MemoryDetail:
    """Get one memory, live, superseded or quarantined: where it came from, what it replaced, what
    happened to it."""
    found = await read.detail(caller, memory_id)
    memory = found.memory
    tag(response, memory)
    return MemoryDetail.model_construct(
        **MemoryRecord.fields_of(memory),
        quote=memory.quote,
        valid_until=memory.valid_until,
        superseded_at=memory.superseded_at,
        superseded_by=memory.superseded_by,
        embedding_model=memory.embedding_model,
        history=[HistoryEvent.of(event) for event in found.history],
        versions=[
            Version(
                id=old.memory_id,
                fact=old.fact,
                created_at=old.created_at,
                superseded_at=old.superseded_at,
            )
            for old in found.versions
        ],
    )


@router.patch("/memories/{memory_id}", responses=CHANGED_SINCE)
async def change_memory(
    body: MemoryPatch,
    caller: Writer,
    memory_id: UUID,
    response: Response,
    stated_by: StatedBy = "application",
    if_match: IfMatch = None,
) -> MemoryRecord:
    """Change a live memory: its text, importance, metadata, namespace or visibility. A new text is
    embedded, and trusted as far as who states it; the old one stays in its history. One that reads
    as an order to an agent, stated by a model, puts the memory into quarantine."""
    revision = Revision(
        fact=body.fact,
        metadata=body.metadata,
        importance=body.importance,
        visibility=body.visibility,
        namespace=body.namespace,
        team_id=body.team_id,
        acting=body.user_id,
        stated_by=stated_by,
        if_match=if_match,
    )
    changed = await edit.revise(caller, memory_id, revision)
    tag(response, changed)
    return MemoryRecord.of(changed)


@router.post("/memories/{memory_id}/restore", responses=OVER_PLAN)
async def restore_memory(
    caller: Writer,
    memory_id: UUID,
    user_id: Annotated[
        UserId | None, Query(description="On whose behalf; without it, the key alone decides.")
    ] = None,
) -> MemoryRecord:
    """Make a superseded memory live again (its successor stays live too), or release one from
    quarantine after a person has reviewed it: that needs the key scope `review` as well."""
    return MemoryRecord.of(await edit.restore(caller, memory_id, user_id))


@router.delete("/memories/{memory_id}")
async def delete_memory(
    caller: Writer,
    memory_id: UUID,
    user_id: Annotated[
        UserId | None, Query(description="On whose behalf; without it, the key alone decides.")
    ] = None,
) -> MemoryDeleted:
    """Delete a memory for good: its text, its edges, its place in the history of others."""
    await edit.delete(caller, memory_id, user_id)
    return MemoryDeleted(id=memory_id, deleted=True)


def state_of(outcome: Outcome) -> NotLive | None:
    """Give what a stored fact is where it is not live."""
    if outcome.action == "quarantined":
        return "review"
    return "history" if outcome.reason == HISTORY else None


def stored_answer(
    body: MemoryIn, stored: Stored, response: Response
) -> MemoryStored | MemoryDuplicate:
    """Render what became of one fact that was not rejected."""
    mark_replayed(response, stored.replayed)
    [outcome] = stored.outcomes
    assert outcome.memory_id is not None, "only a rejected fact has no memory"
    if outcome.action == "duplicate":
        response.status_code = 200
        return MemoryDuplicate(action="duplicate", id=outcome.memory_id)
    assert outcome.action in ("stored", "replaced", "quarantined")
    return MemoryStored(
        action=outcome.action,
        state=state_of(outcome),
        id=outcome.memory_id,
        source=body.source,
        namespace=body.namespace,
        agent_id=body.agent_id,
        team_id=body.team_id,
        replaced_id=outcome.replaced_id,
    )
