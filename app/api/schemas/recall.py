"""Response models of what is recalled: search and context."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.api.schemas.types import (
    IsoTime,
    rounded,
)
from app.rules.tuning import InForce
from app.rules.types import Recalled, Visibility


class Explanation(BaseModel):
    """The parts of a score: score = similarity_part + retention_part."""

    age_days: float
    half_life_days: float
    reinforcements: int = Field(
        description="How often it was said again; each time lengthens its half-life."
    )
    similarity_part: float
    retention_part: float


class MemoryOut(BaseModel):
    """A memory that a search or a context found."""

    id: UUID
    fact: str
    importance: float
    decay_score: float = Field(description="Retention: 1 when new, 0.5 after one half-life.")
    similarity: float
    score: float = Field(description="0.7 · similarity + 0.3 · decay_score; it orders this answer.")
    source: str
    namespace: str
    created_at: IsoTime
    user_id: str
    agent_id: UUID | None
    team_id: UUID | None
    visibility: Visibility
    metadata: dict[str, Any]
    valid_from: IsoTime
    conversation_id: UUID | None = Field(
        description="The conversation that it was drawn from, if any."
    )
    message_indexes: list[int] = Field(
        description="The messages of that conversation, counted from 0."
    )
    trust: float = Field(
        description="1 stated by the application or reviewed, 0.9 said by a user, 0.6 said by an"
        " assistant and confirmed."
    )
    explain: Explanation | None = Field(None, description="With `explain=true`.")

    @staticmethod
    def of(memory: Recalled, *, explain: bool = False) -> MemoryOut:
        """Render a memory with its figures to 4 decimals."""
        extra: dict[str, Any] = {"explain": _explanation(memory)} if explain else {}
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
            user_id=memory.user_id,
            agent_id=memory.agent_id,
            team_id=memory.team_id,
            visibility=memory.visibility,
            metadata=memory.metadata,
            valid_from=memory.valid_from,
            conversation_id=memory.conversation_id,
            message_indexes=list(memory.message_indexes),
            trust=rounded(memory.trust),
            **extra,
        )


def _explanation(memory: Recalled) -> Explanation:
    weight = memory.similarity_weight
    return Explanation(
        age_days=rounded(memory.age_days),
        half_life_days=rounded(memory.half_life_days),
        reinforcements=memory.reinforcements,
        similarity_part=rounded(weight * memory.similarity),
        retention_part=rounded((1 - weight) * memory.retention),
    )


class RulesInForce(BaseModel):
    """The tenant's settings, with the defaults filled in."""

    similarity_weight: float
    retention_weight: float
    half_life_days: float = Field(description="Of a memory of importance 1.")
    lowest_importance: float = Field(description="A lower importance counts as this one.")
    duplicate_similarity: float
    contradiction_similarity: float

    @staticmethod
    def of(rules: InForce) -> RulesInForce:
        """Render the settings with their figures to 4 decimals."""
        return RulesInForce(
            similarity_weight=rounded(rules.similarity_weight),
            retention_weight=rounded(rules.retention_weight),
            half_life_days=rounded(rules.half_life_days),
            lowest_importance=rounded(rules.lowest_importance),
            duplicate_similarity=rounded(rules.duplicate_similarity),
            contradiction_similarity=rounded(rules.contradiction_similarity),
        )


class SearchResults(BaseModel):
    """The best match comes first."""

    results: list[MemoryOut]
    degraded: bool = Field(
        description="True when the question could not be embedded and its words were searched."
    )
    degraded_reason: str | None = None
    explain: RulesInForce | None = Field(None, description="With `explain=true`.")


class Context(BaseModel):
    """A block of text to paste into a prompt, and the memories that it was made of, in the same
    order."""

    context: str
    memories: list[MemoryOut]
    degraded: bool
    degraded_reason: str | None = None
    explain: RulesInForce | None = Field(None, description="With `explain=true`.")
