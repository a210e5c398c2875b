"""Compare two values of one attribute: the same, another one, or nobody knows."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

from app.rules.judge.lists import table
from app.rules.judge.places import are_two_homes

Compared: TypeAlias = Literal["same", "other", "unknown"]


@lru_cache(maxsize=1)
def _aliases() -> dict[str, dict[str, str]]:
    """The common name of each alias, by kind of value."""
    found: dict[str, dict[str, str]] = {}
    for kind, groups in table("aliases").items():
        found[kind] = {}
        for group in groups:
            members = [member.strip().casefold() for member in group.split("|")]
            found[kind] |= dict.fromkeys(members, members[0])
    return found


def common_name(kind: str, value: str) -> str:
    """Give the value without case and article, under its common name."""
    key = " ".join(value.casefold().split())
    aliases = _aliases().get(kind, {})
    return aliases.get(key) or aliases.get(key.removeprefix("the ")) or key.removeprefix("the ")


def compare(kind: str, one: str, other: str) -> Compared:
    """Compare two values of a kind of attribute. One that holds the words of the other ("Siemens",
    "Siemens Energy") may be a part of it: that is unknown."""
    a, b = common_name(kind, one), common_name(kind, other)
    if a == b:
        return "same"
    if kind == "status":
        return "other" if {a, b} in _exclusive() else "unknown"
    if kind == "phone":
        return _same_end(a, b)
    words_a, words_b = set(a.replace(",", " ").split()), set(b.replace(",", " ").split())
    if words_a <= words_b or words_b <= words_a:
        return "unknown"
    if kind == "place":
        return "other" if are_two_homes(a, b) else "unknown"
    return "other"


def _same_end(a: str, b: str) -> Compared:
    """Compare telephone numbers by their digits: with and without the country's code they end
    alike."""
    digits = ["".join(filter(str.isdigit, number)) for number in (a, b)]
    return "same" if digits[0][-7:] == digits[1][-7:] else "other"


@lru_cache(maxsize=1)
def _exclusive() -> list[set[str]]:
    return [set(pair.split()) for pair in table("attributes")["statuses"]]
