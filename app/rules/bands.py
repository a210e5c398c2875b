"""Similarity to the nearest neighbour → new, contradiction or duplicate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """Where a similarity falls."""

    NEW = "new"
    CONTRADICTION = "contradiction"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Bands:
    """Where one band ends and the next begins, as cosine similarities; they belong to one embedding
    model.

    At or above ``duplicate`` two facts are the same; at or above ``contradiction`` the newer
    replaces the older. From ``candidate`` on the texts are close enough for a judge to compare what
    they mean. From ``remote`` on (None: from ``candidate``) it is heard when it is sure at any
    distance: two cities that somebody lives in have little else in common.
    """

    duplicate: float = 0.985
    contradiction: float = 0.94
    candidate: float = 0.60
    remote: float | None = None

    def __post_init__(self) -> None:
        edges = (self.floor, self.candidate, self.contradiction, self.duplicate)
        if not 0.0 <= edges[0] <= edges[1] <= edges[2] <= edges[3] <= 1.0:
            raise ValueError(f"bands out of order: {', '.join(map(str, edges))}")

    @property
    def floor(self) -> float:
        """Below this nothing is compared."""
        return self.candidate if self.remote is None else self.remote

    def between(self, contradiction: float, duplicate: float) -> Bands:
        """The same with other bands; what the judge reads begins no later than these."""
        return Bands(
            duplicate,
            contradiction,
            min(self.candidate, contradiction),
            None if self.remote is None else min(self.remote, contradiction),
        )

    def of(self, similarity: float) -> Band:
        """The band of a cosine similarity in [-1, 1]; a boundary belongs to the band above it."""
        if similarity >= self.duplicate:
            return Band.DUPLICATE
        if similarity >= self.contradiction:
            return Band.CONTRADICTION
        return Band.NEW


PUBLISHED = Bands()
"""The thresholds of the public guide: duplicate from 0.985, contradiction from 0.94."""
