"""The result of comparing two statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.rules.bands import Band


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reason`` is a short stable code. ``from_band``: it holds only for texts at least that
    close. ``began`` is the year and month since which the later statement holds, if it says so."""

    verdict: Literal["duplicate", "replaces", "different"]
    reason: str
    from_band: Band | None = None
    began: tuple[int, int] | None = None


DIFFERENT = Judgement("different", "nothing_like_it")
