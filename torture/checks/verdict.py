"""One check and what it came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """``detail`` says where to look when it did not hold."""

    invariant: str
    what: str
    figure: float
    bar: str
    held: bool
    detail: tuple[str, ...] = ()


def none_of(invariant: str, what: str, found: Iterable[object]) -> Verdict:
    """A check that holds when nothing was found."""
    listed = [str(each) for each in found]
    return Verdict(invariant, what, len(listed), "0", not listed, tuple(listed[:10]))


def at_most(invariant: str, what: str, figure: float, bar: float, unit: str = "") -> Verdict:
    """A check that holds up to a figure."""
    return Verdict(invariant, what, figure, f"at most {bar:g}{unit}", figure <= bar)
