"""Tell whether a statement wants the opposite of another one, or says that a state has changed."""

from __future__ import annotations

from app.rules.judge.english import english_form, starts_alike
from app.rules.judge.kinds import is_named
from app.rules.judge.lists import spaced, table
from app.rules.judge.negation import Keys
from app.rules.judge.statement import readings

_VERBS = spaced(table("opposites")["verbs"])
_JOINTS = ("over", "to", "than")
_POSSESSIVES = {"their", "his", "her", "my", "the"}
_PLACING = {"in", "on", "at", "near", "under", "from", "to", "every", "when", "during"}
_FOR_WHAT = {"for", "as"}
_CURRENT = spaced(table("english")["current"])
_SEVERAL = spaced(table("attributes")["several"])
_HOW = {"with", "without", "by", "as"}
"""Prepositions with which a clause says how something is had; where, when and with whom may vary
from one time to the next."""


def _sides() -> list[tuple[frozenset[str], frozenset[str]]]:
    split = (pair.split(" ") for pair in table("opposites")["pairs"])
    return [(frozenset(a.split("|")), frozenset(b.split("|"))) for a, b in split]


_PAIRS = _sides()


def wants_the_opposite(later: str, earlier: str) -> bool:
    """Tell whether "prefers tea over coffee" has been turned round, or "prefers dark mode" is now
    "prefers light mode"."""
    new, old = english_form(later), english_form(earlier)
    now, before = _preference(new), _preference(old)
    if now is not None and before is not None:
        return now == (before[0], before[2], before[1])
    place = starts_alike(new, old)
    if len(new) != len(old) or place >= len(new) or new[place + 1 :] != old[place + 1 :]:
        return False
    return (
        new[place - 1] in _VERBS
        and place > 0
        and len(new) > place + 1
        and any(
            (new[place] in a and old[place] in b) or (new[place] in b and old[place] in a)
            for a, b in _PAIRS
        )
    )


def _preference(keys: Keys) -> tuple[Keys, Keys, Keys] | None:
    """Give who prefers, what is liked better, and what less."""
    if "prefers" not in keys:
        return None
    verb = keys.index("prefers")
    joints = [place for place, key in enumerate(keys) if key in _JOINTS and place > verb]
    if len(joints) != 1:
        return None
    [joint] = joints
    better, worse = keys[verb + 1 : joint], keys[joint + 1 :]
    if better[-1:] == ("rather",):
        better = better[:-1]
    return (keys[:verb], better, worse) if better and worse else None


def is_now_so(later: str, earlier: str) -> bool:
    """Tell whether ``later`` says that what ``earlier`` says of one thing is another now: "takes
    their coffee with milk now" after "takes their coffee black"."""
    return any(
        new.now
        and new.holder == old.holder
        and new.owned == old.owned
        and (
            _is_another(new.said.split(" "), old.said.split(" "))
            if new.owned
            else _in_another_way(new.said.split(" "), old.said.split(" "))
        )
        for new in readings(later)
        for old in readings(earlier)
    )


def _in_another_way(new: list[str], old: list[str]) -> bool:
    same = starts_alike(new, old)
    if not same or not new[0].endswith("s"):
        return False
    if same >= 3 and new[1].casefold() in _POSSESSIVES:
        return all(_is_way(way) for way in (new[3:], old[3:]))
    end = starts_alike(new[::-1], old[::-1])
    if end >= 2 and same + end < min(len(new), len(old)) and new[-end] in _FOR_WHAT:
        return max(len(new), len(old)) - same - end <= 3
    for size in (2, 1):
        verb = " ".join(new[:size])
        if same >= size and verb in _CURRENT:
            values = new[size:], old[size:]
            named = {is_named(" ".join(value).removeprefix("a ")) for value in values}
            return len(named) == 1 and all(
                0 < len(value) <= 4 and _is_value(value) for value in values
            )
    return False


def _is_way(way: list[str]) -> bool:
    return (
        0 < len(way) <= 3
        and all(word.islower() for word in way)
        and (way[0] in _HOW or len(way) == 1)
    )


def _is_another(new: list[str], old: list[str]) -> bool:
    """Whether "'s office is on the third floor" gives the same thing another place or name."""
    if "is" not in new or "is" not in old:
        return False
    at = new.index("is")
    if new[: at + 1] != old[: at + 1] or not at or new[0].casefold() in _SEVERAL:
        return False
    first, second = new[at + 1 :], old[at + 1 :]
    if not (0 < len(first) <= 5 and 0 < len(second) <= 5):
        return False
    if first[0] in _PLACING or second[0] in _PLACING:
        return first[:2] == second[:2] and first != second and len(first) > 2
    return all(
        is_named(" ".join(value).removeprefix("a ").removeprefix("an "))
        for value in (first, second)
    )


def _is_value(value: list[str]) -> bool:
    """Whether a few words name one thing: no time, no place, nobody's company."""
    return value[0] not in _PLACING | _HOW and not any(
        word in _PLACING | _HOW or word[0].isdigit() for word in value
    )
