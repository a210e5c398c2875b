"""Request and response models of memories."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.api.schemas.types import (
    FactText,
    IsoTime,
    Metadata,
    Namespace,
    Share,
    Source,
    Time,
    UserId,
    rounded,
)
from app.memories.store import StatedFact
from app.rules.types import Event, Memory, Visibility
from app.tenancy.access import Place


class MemoryIn(BaseModel):
    """A fact that the client states directly."""

    user_id: UserId
    fact: FactText = Field(examples=["Prefers Python over JavaScript for backend work"])
    importance: Share = Field(0.5, description="The half-life in days is ten times this.")
    source: Source = "api"
    namespace: Namespace = "default"
    agent_id: UUID | None = Field(None, description="Store it in this agent's own scope.")
    team_id: UUID | None = Field(None, description="A team that the user may write to.")
    visibility: Visibility | None = Field(
        None,
        description="`team`: every member finds it; the default when team_id is given."
        " `private`: only the author finds it.",
    )
    metadata: Metadata = Field({}, description="Your own fields.")
    valid_from: Time | None = Field(
        None, description="When it became true in the world; otherwise now."
    )

    def stated(self) -> StatedFact:
        """Give the fact for the use case."""
        return StatedFact(
            Place(self.user_id, self.namespace, self.agent_id, self.team_id),
            self.visibility,
            self.fact,
            self.importance,
            self.source,
            self.metadata,
            self.valid_from,
        )


class MemoriesIn(BaseModel):
    """Facts to store together."""

    memories: Annotated[list[MemoryIn], Field(min_length=1, max_length=1_000)]


class MemoryPatch(BaseModel):
    """What to change; at least one of them besides user_id."""

    fact: FactText | None = None
    metadata: Metadata | None = Field(None, description="Replaces the metadata as a whole.")
    importance: Share | None = None
    visibility: Visibility | None = Field(
        None, description="`team` shares it with team_id, or with the user's only team."
    )
    namespace: Namespace | None = None
    team_id: UUID | None = None
    user_id: UserId | None = Field(
        None, description="On whose behalf: author and team role are checked when it is given."
    )

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        changes = (self.fact, self.metadata, self.importance, self.visibility, self.namespace)
        if self.team_id is None and all(change is None for change in changes):
            raise ValueError(
                "give at least one of fact, metadata, importance, visibility, namespace, team_id"
            )
        return self


NotLive = Literal["history", "review"]

NOT_LIVE = (
    "Only when it is not live, and so not found: `history`, since something newer is known, or"
    " `review`, until somebody has looked at it."
)


class MemoryStored(BaseModel):
    """What became of the fact."""

    action: Literal["stored", "replaced", "quarantined"]
    state: NotLive | None = Field(None, description=NOT_LIVE)
    id: UUID
    source: str
    namespace: str
    agent_id: UUID | None = None
    team_id: UUID | None = None
    replaced_id: UUID | None = Field(
        None, description="With `replaced`: the memory that this one replaced."
    )


class MemoryDuplicate(BaseModel):
    """The fact was known; `id` is the memory that says the same."""

    action: Literal["duplicate"]
    id: UUID


class BatchResult(BaseModel):
    """What became of one fact of a batch."""

    action: Literal["stored", "replaced", "duplicate", "rejected", "quarantined"]
    id: UUID | None = Field(description="Null when the fact was rejected.")
    replaced_id: UUID | None
    reason: str = Field(description="Stable, for programs: why this action was taken.")


class BatchStored(BaseModel):
    """What became of each fact, in the order in which they were sent."""

    results: list[BatchResult]
    stored: int
    replaced: int
    duplicates: int
    rejected: int = Field(description="Facts for which the plan has no room.")


class MemoryRecord(BaseModel):
    """A stored memory."""

    id: UUID
    fact: str
    visibility: Visibility
    team_id: UUID | None
    agent_id: UUID | None
    user_id: str
    importance: float
    decay_score: float = Field(description="Retention: 1 when new, 0.5 after one half-life.")
    source: str
    namespace: str
    metadata: dict[str, Any]
    valid_from: IsoTime
    created_at: IsoTime
    updated_at: IsoTime | None
    conversation_id: UUID | None
    message_indexes: list[int]
    state: Literal["live", "superseded", "quarantined"]
    trust: float
    quarantine_reason: str | None = Field(
        description="Why it is quarantined: in which way it reads as an order to an agent, or"
        " `less_trusted` when it contradicts a memory that is trusted more."
    )
    would_retire: UUID | None = Field(
        description="The memory that it contradicts, which it retires once it is restored with the"
        " key scope `review`. Live ones with this stand beside that memory until then."
    )

    @staticmethod
    def fields_of(memory: Memory) -> dict[str, Any]:
        """Give the fields that every answer about a stored memory has."""
        return {
            "id": memory.memory_id,
            "fact": memory.fact,
            "visibility": memory.visibility,
            "team_id": memory.team_id,
            "agent_id": memory.agent_id,
            "user_id": memory.user_id,
            "importance": rounded(memory.importance),
            "decay_score": rounded(memory.retention),
            "source": memory.source,
            "namespace": memory.namespace,
            "metadata": memory.metadata,
            "valid_from": memory.valid_from,
            "created_at": memory.created_at,
            "updated_at": memory.updated_at,
            "conversation_id": memory.conversation_id,
            "message_indexes": list(memory.message_indexes),
            "state": memory.state,
            "trust": rounded(memory.trust),
            "quarantine_reason": memory.quarantine_reason,
            "would_retire": memory.would_retire,
        }

    @staticmethod
    def of(memory: Memory) -> MemoryRecord:
        """Render a stored memory."""
        return MemoryRecord.model_construct(**MemoryRecord.fields_of(memory))


class MemoryPage(BaseModel):
    """Newest first."""

    memories: list[MemoryRecord]
    limit: int
    offset: int
    total: int = Field(description="How many there are in all.")
    next_cursor: str | None = Field(
        description="Send it as `cursor` to get the next page; null on the last page."
    )


class HistoryEvent(BaseModel):
    """One thing that happened to a memory."""

    at: IsoTime
    action: str = Field(description="stored, replaced, duplicate, edited, restored, …")
    reason: str
    similarity: float | None
    memory_id: UUID
    other_memory_id: UUID | None = Field(
        description="With `replaced`: the memory that was replaced."
    )
    conversation_id: UUID | None
    before: dict[str, Any] | None = Field(description="With `edited`: what it changed.")
    after: dict[str, Any] | None

    @staticmethod
    def of(event: Event) -> HistoryEvent:
        """Render an event."""
        return HistoryEvent(
            at=event.at,
            action=event.action,
            reason=event.reason,
            similarity=None if event.similarity is None else rounded(event.similarity),
            memory_id=event.memory_id,
            other_memory_id=event.other_memory_id,
            conversation_id=event.conversation_id,
            before=event.before,
            after=event.after,
        )


class Version(BaseModel):
    """A memory that this one, or one before it, has replaced."""

    id: UUID
    fact: str
    created_at: IsoTime
    superseded_at: IsoTime | None


class MemoryDetail(MemoryRecord):
    """A memory with its origin and its history."""

    quote: str = Field(description="The words of the first cited message that it rests on.")
    valid_until: IsoTime | None
    superseded_at: IsoTime | None
    superseded_by: UUID | None
    embedding_model: str
    history: list[HistoryEvent] = Field(description="Oldest first.")
    versions: list[Version] = Field(description="What it has replaced, newest first.")


class MemoryDeleted(BaseModel):
    """The memory was deleted."""

    id: UUID
    deleted: Literal[True]
