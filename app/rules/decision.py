"""Decide what a fact is to its neighbours: new, duplicate, replacement or history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from app.rules.bands import Band, Bands
from app.rules.judge.judge import judge
from app.rules.judge.verdict import DIFFERENT, Judgement
from app.rules.safety import is_safety
from app.rules.trust import OWN_WORDS, STATED
from app.rules.types import Neighbour

Outcome: TypeAlias = Literal["new", "duplicate", "replaces", "history", "beside", "review"]


BY_BAND = "contradiction_band"
"""The reason of a contradiction that the similarity alone has told."""

LESS_TRUSTED = "less_trusted"
"""The reason of a fact that contradicts a memory which is trusted more."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``neighbour`` is the memory that decided it, or the nearest one when the fact is new; None
    without neighbours.

    ``history`` means that the fact contradicts ``neighbour`` but was true before it: it is kept as
    superseded. ``beside`` and ``review`` mean that it contradicts ``neighbour`` but may not retire
    it: it stands beside it, or waits, until somebody has looked.
    """

    outcome: Outcome
    reason: str
    neighbour: Neighbour | None = None


def decide(
    fact: str,
    valid_from: datetime,
    neighbours: Sequence[Neighbour],
    bands: Bands,
    trust: float = STATED,
) -> Decision:
    """Decide what ``fact``, which is true since ``valid_from``, is to its live neighbours (the best
    first).

    Every neighbour at or above ``bands.floor`` is compared by what it says. A duplicate anywhere
    wins over a contradiction: the memory that says the same is already there. A contradiction
    follows event time, not arrival, and a memory that was said again counts from the last time;
    what is trusted less than a memory does not retire it.
    """
    contradicted: tuple[str, Neighbour] | None = None
    older: tuple[str, Neighbour] | None = None
    for neighbour in neighbours:
        if neighbour.similarity < bands.floor:
            break
        late = valid_from < neighbour.said_last
        judgement = _compare(fact, neighbour, bands, late=late)
        if judgement.verdict == "duplicate":
            return Decision("duplicate", judgement.reason, neighbour)
        if judgement.verdict == "replaces" and late:
            older = older or (judgement.reason, neighbour)
        elif judgement.verdict == "replaces" and not _began_before(judgement, neighbour):
            contradicted = contradicted or (judgement.reason, neighbour)
    if older is not None:
        return Decision("history", *older)
    if contradicted is not None:
        return _by_trust(fact, trust, contradicted[1], contradicted[0])
    return Decision(
        "new",
        "no_neighbour" if not neighbours else "nothing_like_it",
        neighbours[0] if neighbours else None,
    )


def _compare(fact: str, neighbour: Neighbour, bands: Bands, *, late: bool) -> Judgement:
    """Judge the two in the order of their events. Where the words are not enough, they decide only
    with the band of the similarity."""
    judgement = judge(neighbour.fact, fact) if late else judge(fact, neighbour.fact)
    if judgement.verdict == "duplicate" and late:
        # What the memory says beyond the fact stays; what the fact says beyond it would be lost.
        judgement = judge(fact, neighbour.fact)
    if judgement.from_band is not None and not _reaches(judgement.from_band, neighbour, bands):
        return DIFFERENT
    return judgement


def _reaches(band: Band, neighbour: Neighbour, bands: Bands) -> bool:
    least = bands.duplicate if band is Band.DUPLICATE else bands.contradiction
    return neighbour.similarity >= least


def _began_before(judgement: Judgement, neighbour: Neighbour) -> bool:
    """Whether what the fact tells of began before what the memory says: "moved to Oslo in 2019"
    does not end the home of 2024."""
    said = neighbour.valid_from
    return judgement.began is not None and judgement.began < (said.year, said.month)


def _by_trust(fact: str, trust: float, neighbour: Neighbour, reason: str) -> Decision:
    """Decide who may retire ``neighbour``: what is trusted as far, and of what the application has
    stated also a person's own words, when they say themselves what has changed and nobody's safety
    hangs on it."""
    if trust >= neighbour.trust:
        return Decision("replaces", reason, neighbour)
    if trust < OWN_WORDS:
        return Decision("review", LESS_TRUSTED, neighbour)
    if reason != BY_BAND and not is_safety(fact, neighbour.fact):
        return Decision("replaces", reason, neighbour)
    return Decision("beside", LESS_TRUSTED, neighbour)
