"""Decide what a fact is to its neighbours: new, duplicate, replacement or history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from app.rules.bands import Band, Bands
from app.rules.judge.judge import judge
from app.rules.types import Neighbour

Outcome: TypeAlias = Literal["new", "duplicate", "replaces", "history"]


FIRM = frozenset({"other_subject", "other_thing", "other_time", "restated", "several_possible"})
"""Reasons for "different" that hold however close two texts are: both can be true at the same time.
Other reasons rest on words alone, and from the contradiction band on the embedding model weighs
more than that."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``neighbour`` is the memory that decided it, or the nearest one when the fact is new; None
    without neighbours.

    ``history`` means that the fact contradicts ``neighbour`` but was true before it: it is kept as
    superseded.
    """

    outcome: Outcome
    reason: str
    neighbour: Neighbour | None = None


def decide(
    fact: str, valid_from: datetime, neighbours: Sequence[Neighbour], bands: Bands
) -> Decision:
    """Decide what ``fact``, which is true since ``valid_from``, is to its live neighbours (the best
    first).

    Every neighbour at or above ``bands.candidate`` is compared by meaning; where the judge is not
    sure enough, the band of the similarity decides. Farther apart, down to ``bands.floor``, the
    judge decides only about an attribute that both name. A duplicate anywhere wins over a
    contradiction: the memory that says the same is already there. A contradiction follows event
    time, not arrival.
    """
    contradicted: tuple[str, Neighbour] | None = None
    for neighbour in neighbours:
        if neighbour.similarity < bands.floor:
            break
        verdict, reason = _compare(fact, neighbour, bands)
        if verdict == "duplicate":
            return Decision("duplicate", reason, neighbour)
        if verdict == "replaces" and contradicted is None:
            contradicted = (reason, neighbour)
    if contradicted is not None:
        reason, neighbour = contradicted
        return Decision(
            "history" if valid_from < neighbour.valid_from else "replaces", reason, neighbour
        )
    return Decision(
        "new",
        "no_neighbour" if not neighbours else "nothing_like_it",
        neighbours[0] if neighbours else None,
    )


def _compare(
    fact: str, neighbour: Neighbour, bands: Bands
) -> tuple[Literal["duplicate", "replaces", "different"], str]:
    if neighbour.similarity >= 1.0:
        return "duplicate", "same_text"
    judgement = judge(fact, neighbour.fact, neighbour.similarity)
    if neighbour.similarity < bands.candidate and not judgement.at_any_distance:
        return "different", "below_bands"
    band = bands.of(neighbour.similarity)
    match judgement.verdict:
        case "duplicate" | "replaces":
            return judgement.verdict, judgement.reason
        case "different" if band is Band.NEW or judgement.reason in FIRM:
            return "different", judgement.reason
    match band:
        case Band.DUPLICATE:
            return "duplicate", "duplicate_band"
        case Band.CONTRADICTION:
            return "replaces", "contradiction_band"
        case Band.NEW:
            return "different", "below_bands"
