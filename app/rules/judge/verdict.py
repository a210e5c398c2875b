"""The result of comparing two facts, and the small comparisons that its rules share."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.rules.judge.cues import SCOPE
from app.rules.judge.normalise import content_words
from app.rules.judge.reading import Reading


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reason`` is a short stable code; "unsure" leaves the decision to the similarity's band.
    ``at_any_distance``: it rests on an attribute that both texts name, not on their likeness."""

    verdict: Literal["duplicate", "replaces", "different", "unsure"]
    reason: str
    at_any_distance: bool = False


def scope_of(reading: Reading) -> frozenset[str]:
    """The words of the circumstance that closes the text ("at home"); empty without one."""
    found = SCOPE.search(reading.text)
    return frozenset(content_words(found["scope"])) if found else frozenset()


def other_scope(new: Reading, old: Reading) -> bool:
    a, b = scope_of(new), scope_of(old)
    return bool(a) and bool(b) and a != b


@lru_cache(maxsize=8192)
def akin(a: str, b: str) -> bool:
    """Whether two stems share a root: "retire" and "retirement"."""
    if a == b:
        return True
    least = min(len(a), len(b))
    return (
        least >= 5
        and a.isalpha()
        and b.isalpha()
        and a[: max(5, least - 1)] == b[: max(5, least - 1)]
    )


def shared_words(a: Set[str], b: set[str]) -> set[str]:
    """The words of ``b`` that ``a`` has too, in some form."""
    return {x for x in b if x in a or any(akin(x, y) for y in a)}
