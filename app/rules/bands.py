"""Map similarity to the nearest neighbour to a band: new, contradiction or duplicate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Band(StrEnum):
    """The band that a similarity falls into."""

    NEW = "new"
    CONTRADICTION = "contradiction"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Bands:
    """Where one band ends and the next begins, as cosine similarities; they belong to one embedding
    model.

    At or above ``duplicate`` two facts are the same; at or above ``contradiction`` the newer
    replaces the older. From ``candidate`` on the texts are close enough for the judge to compare
    what they say. From ``remote`` on (None: from ``candidate``) they are compared as well: two
    cities that somebody lives in have little else in common. From ``alike`` on two memories whose
    words allow it share a line of a context block.
    """

    duplicate: float = 0.985
    contradiction: float = 0.94
    candidate: float = 0.60
    remote: float | None = None
    alike: float = 0.90

    def __post_init__(self) -> None:
        edges = (self.floor, self.candidate, self.contradiction, self.duplicate)
        if not 0.0 <= edges[0] <= edges[1] <= edges[2] <= edges[3] <= 1.0:
            raise ValueError(f"bands out of order: {', '.join(map(str, edges))}")

    @property
    def floor(self) -> float:
        """The similarity below which nothing is compared."""
        return self.candidate if self.remote is None else self.remote

    def between(self, contradiction: float, duplicate: float) -> Bands:
        """Give the same with other bands; what the judge reads begins no later than these."""
        return Bands(
            duplicate,
            contradiction,
            min(self.candidate, contradiction),
            None if self.remote is None else min(self.remote, contradiction),
            self.alike,
        )

    def of(self, similarity: float) -> Band:
        """Give the band of a cosine similarity in [-1, 1]; a boundary belongs to the band above
        it."""
        if similarity >= self.duplicate:
            return Band.DUPLICATE
        if similarity >= self.contradiction:
            return Band.CONTRADICTION
        return Band.NEW


PUBLISHED = Bands()
"""The default thresholds (docs/reference/contract.md, 2.4): duplicate from 0.985, contradiction
from 0.94."""
