"""A tenant's settings for how its memories are ranked, fade, and replace each other."""

from __future__ import annotations

from dataclasses import dataclass

from app.rules.bands import Bands
from app.rules.retention import DAYS_PER_IMPORTANCE, LOWEST_IMPORTANCE
from app.rules.score import SIMILARITY_WEIGHT


@dataclass(frozen=True, slots=True)
class Tuning:
    """A tenant's own values; None means the default, or the embedding model's for the bands.

    ``similarity_weight`` is in [0, 1], and the weight of retention is 1 minus it.
    ``half_life_days`` is the half-life of a memory of importance 1; importance below
    ``lowest_importance`` counts as that.
    """

    similarity_weight: float | None = None
    half_life_days: float | None = None
    lowest_importance: float | None = None
    duplicate_similarity: float | None = None
    contradiction_similarity: float | None = None

    def bands(self, of_model: Bands) -> Bands:
        """Give the bands in force. Raises ValueError when they are out of order."""
        duplicate = _or(self.duplicate_similarity, of_model.duplicate)
        contradiction = _or(self.contradiction_similarity, of_model.contradiction)
        return of_model.between(contradiction, duplicate)


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that a tenant's memories follow, with the defaults filled in."""

    similarity_weight: float
    retention_weight: float
    half_life_days: float
    lowest_importance: float
    duplicate_similarity: float
    contradiction_similarity: float


def in_force(tuning: Tuning, of_model: Bands) -> InForce:
    """Fill in the defaults of a tenant's settings. Raises ValueError for bands out of order."""
    bands = tuning.bands(of_model)
    weight = _or(tuning.similarity_weight, SIMILARITY_WEIGHT)
    return InForce(
        similarity_weight=weight,
        retention_weight=1.0 - weight,
        half_life_days=_or(tuning.half_life_days, DAYS_PER_IMPORTANCE),
        lowest_importance=_or(tuning.lowest_importance, LOWEST_IMPORTANCE),
        duplicate_similarity=bands.duplicate,
        contradiction_similarity=bands.contradiction,
    )


def _or(own: float | None, default: float) -> float:
    return default if own is None else own
