"""Decide what a fact is to its neighbours: new, duplicate, replacement or history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from app.rules.bands import Band, Bands
from app.rules.judge.judge import judge
from app.rules.safety import is_safety
from app.rules.trust import OWN_WORDS, STATED
from app.rules.types import Neighbour

Outcome: TypeAlias = Literal["new", "duplicate", "replaces", "history", "beside", "review"]


FIRM = frozenset({"other_subject", "other_thing", "other_time", "restated", "several_possible"})
"""Reasons for "different" that hold however close two texts are: both can be true at the same time.
Other reasons rest on words alone, and from the contradiction band on the embedding model weighs
more than that."""

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

    Every neighbour at or above ``bands.candidate`` is compared by meaning; where the judge is not
    sure enough, the band of the similarity decides. Farther apart, down to ``bands.floor``, the
    judge decides only about an attribute that both name. A duplicate anywhere wins over a
    contradiction: the memory that says the same is already there. A contradiction follows event
    time, not arrival; and what is trusted less than a memory does not retire it.
    """
    contradicted: tuple[str, Neighbour, bool] | None = None
    for neighbour in neighbours:
        if neighbour.similarity < bands.floor:
            break
        verdict, reason = _compare(fact, neighbour, bands)
        if verdict == "duplicate":
            return Decision("duplicate", reason, neighbour)
        if verdict == "replaces" and contradicted is None:
            contradicted = (reason, neighbour, reason != BY_BAND)
    if contradicted is not None:
        reason, neighbour, in_words = contradicted
        if valid_from < neighbour.valid_from:
            return Decision("history", reason, neighbour)
        return _by_trust(fact, trust, neighbour, reason, in_words=in_words)
    return Decision(
        "new",
        "no_neighbour" if not neighbours else "nothing_like_it",
        neighbours[0] if neighbours else None,
    )


def _by_trust(
    fact: str, trust: float, neighbour: Neighbour, reason: str, *, in_words: bool
) -> Decision:
    """Decide who may retire ``neighbour``: what is trusted as far, and of what the application has
    stated also a person's own words, when they say themselves what has changed (``in_words``) and
    nobody's safety hangs on it."""
    if trust >= neighbour.trust:
        return Decision("replaces", reason, neighbour)
    if trust < OWN_WORDS:
        return Decision("review", LESS_TRUSTED, neighbour)
    if in_words and not is_safety(fact, neighbour.fact):
        return Decision("replaces", reason, neighbour)
    return Decision("beside", LESS_TRUSTED, neighbour)


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
            return "replaces", BY_BAND
        case Band.NEW:
            return "different", "below_bands"
