"""Providers: the result and the cost of a call, circuits and budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from app.rules.circuit_breaker import State
from app.rules.types.memories import Fact, Relation, Vector

EXTRACTOR, EMBEDDER = "anthropic", "voyage"
"""The paid providers' names, as calls and circuits have them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most that a call of a paid provider may come to: how much text it sends, and how many
    tokens it may give back."""

    sends_bytes: int
    most_output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What one provider call used. Token counts are the provider's; a built-in part reports
    zeros."""

    provider: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extractor drew from one window; message indexes count from the transcript's start."""

    facts: tuple[Fact, ...]
    usage: Usage
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One unit vector a text, in the order of the texts."""

    vectors: tuple[Vector, ...]
    usage: Usage


Key: TypeAlias = tuple[str, str]
"""A provider and its model."""


@dataclass(frozen=True, slots=True)
class OpenCircuit:
    """A circuit that is not closed. ``retry_in_seconds`` is negative when a probe is due."""

    provider: str
    model: str
    state: State
    reason: str | None
    opened_at: datetime
    retry_in_seconds: float

    @property
    def key(self) -> Key:
        """The key of the circuit."""
        return self.provider, self.model


@dataclass(frozen=True, slots=True)
class Caps:
    """The installation's limits for tenants that have none of their own; None means no limit.
    ``daily`` is for all tenants together, for a day."""

    soft: int | None
    hard: int | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a tenant has spent and reserved in its month, and its limits."""

    month: date
    spent_microusd: int
    reserved_microusd: int
    soft_microusd: int | None
    hard_microusd: int | None
    soft_reached_at: datetime | None
    blocked: bool
