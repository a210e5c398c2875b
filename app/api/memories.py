"""Store a fact, search, and the context block for a prompt."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.caller import may
from app.api.scopes import scope_of
from app.api.serial import IsoTime, rounded
from app.api.strict_json import StrictRoute
from app.api.text import FactText, Lenient, Metadata, Namespace, Question, Source, Time, UserId
from app.db import subjects
from app.memory.context import context_block
from app.memory.types import Action, Fact, Recalled
from app.recall import recall, strongest
from app.store import Destination, store

router = APIRouter(prefix="/v1", tags=["memories"], route_class=StrictRoute)


class MemoryIn(BaseModel):
    """A fact that the client states itself."""

    user_id: UserId
    fact: FactText = Field(examples=["Prefers Python over JavaScript for backend work"])
    importance: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        0.5, description="Half-life in days is ten times this."
    )
    source: Source = "api"
    namespace: Namespace = "default"
    team_id: UUID | None = Field(None, description="A team that the user is a member of.")
    visibility: Literal["private", "team"] = "private"
    metadata: Metadata = Field({}, description="Your own fields.")
    valid_from: Time | None = Field(None, description="When it became true in the world; else now.")


class MemoryStored(BaseModel):
    """What became of the fact."""

    action: Literal["stored", "replaced"]
    id: UUID
    source: str
    namespace: str
    replaced_id: UUID | None = Field(
        None, description="With `replaced`: the memory that this one retired."
    )


class MemoryDuplicate(BaseModel):
    """The fact was known; `id` is the memory that holds it."""

    action: Literal["duplicate"]
    id: UUID


class MemoryOut(BaseModel):
    """A memory as a question brought it back."""

    id: UUID
    fact: str
    importance: float
    decay_score: float = Field(description="Retention: 1 when new, 0.5 after one half-life.")
    similarity: float
    score: float = Field(description="0.7 · similarity + 0.3 · decay_score; orders this answer.")
    source: str
    namespace: str
    created_at: IsoTime
    conversation_id: UUID | None = Field(
        description="The conversation that it was drawn from, if one was."
    )
    message_indexes: list[int] = Field(description="The messages in it, counted from 0.")

    @staticmethod
    def of(memory: Recalled) -> MemoryOut:
        """The memory with its figures to 4 decimals."""
        return MemoryOut.model_construct(
            id=memory.memory_id,
            fact=memory.fact,
            importance=rounded(memory.importance),
            decay_score=rounded(memory.retention),
            similarity=rounded(memory.similarity),
            score=rounded(memory.score),
            source=memory.source,
            namespace=memory.namespace,
            created_at=memory.created_at,
            conversation_id=memory.conversation_id,
            message_indexes=list(memory.message_indexes),
        )


class SearchResults(BaseModel):
    """Best first."""

    results: list[MemoryOut]
    degraded: bool = Field(
        description="True when the question could not be embedded and its words were searched."
    )
    degraded_reason: str | None = None


class Context(BaseModel):
    """A block of text to paste into a prompt, and the memories that it was made of, in the same
    order."""

    context: str
    memories: list[MemoryOut]
    degraded: bool
    degraded_reason: str | None = None


@router.post(
    "/memories",
    status_code=201,
    responses={200: {"model": MemoryDuplicate, "description": "The fact was known already."}},
    response_model_exclude_none=True,
)
async def store_memory(
    body: MemoryIn, request: Request, response: Response
) -> MemoryStored | MemoryDuplicate:
    """Store one fact. What it repeats is found (`duplicate`), what it contradicts is retired
    (`replaced`)."""
    caller = may(request, "write")
    settled = await store(
        Destination(
            subject=subjects.of_user(body.user_id),
            scope=scope_of(caller, body.user_id, body.namespace, team_id=body.team_id),
            user_id=body.user_id,
            visibility=body.visibility,
            source=body.source,
            metadata=body.metadata,
        ),
        Fact(text=body.fact, importance=body.importance, valid_from=body.valid_from, about=""),
    )
    assert settled.memory_id is not None, "a fact without a transcript is never rejected"
    if settled.action == Action.DUPLICATE:
        response.status_code = 200
        return MemoryDuplicate(action="duplicate", id=settled.memory_id)
    return MemoryStored(
        action="replaced" if settled.action == Action.REPLACED else "stored",
        id=settled.memory_id,
        source=body.source,
        namespace=body.namespace,
        replaced_id=settled.replaced_id,
    )


@router.get("/memories/search")
async def search_memories(
    request: Request,
    user_id: Annotated[UserId, Query()],
    q: Annotated[Question, Query(description="The question, in words.")],
    limit: Annotated[int, Lenient(1, 50), Query()] = 10,
    namespace: Annotated[Namespace, Query()] = "default",
    source: Annotated[Source | None, Query()] = None,
) -> SearchResults:
    """The memories that best answer a question, ranked by similarity and retention over all of
    them."""
    caller = may(request, "read")
    found = await recall(
        [scope_of(caller, user_id, namespace)],
        subjects.of_user(user_id),
        q,
        source=source,
        limit=limit,
    )
    return SearchResults.model_construct(
        results=[MemoryOut.of(memory) for memory in found.memories],
        degraded=found.degraded is not None,
        degraded_reason=found.degraded,
    )


@router.get("/users/{user_id:path}/context")
async def context(
    request: Request,
    user_id: Annotated[UserId, Path(description="Any characters; an encoded slash too.")],
    q: Annotated[
        Question | None,
        Query(description="The message at hand; without it, the strongest memories."),
    ] = None,
    top_n: Annotated[int, Lenient(1, 20), Query()] = 5,
    namespace: Annotated[Namespace, Query()] = "default",
) -> Context:
    """What an agent should know before it answers: a block of text, a line a memory. Ask before
    each LLM call."""
    caller = may(request, "read")
    scopes = [scope_of(caller, user_id, namespace)]
    if q is None:
        found = await strongest(scopes, limit=top_n)
    else:
        found = await recall(scopes, subjects.of_user(user_id), q, limit=top_n)
    return Context.model_construct(
        context=context_block(found.memories),
        memories=[MemoryOut.of(memory) for memory in found.memories],
        degraded=found.degraded is not None,
        degraded_reason=found.degraded,
    )
