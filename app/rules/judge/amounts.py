"""Tell whether two statements give one thing two amounts: "takes 6 minutes", "takes 9 minutes"."""

from __future__ import annotations

import re

from app.rules.judge.english import english_form, is_english, is_foreign, starts_alike
from app.rules.judge.lists import spaced, table

_SEVERAL = spaced(table("attributes")["several"])
_AMOUNT = re.compile(r"[+-]?\d+(?:\.\d+)?")
_NOT_PLAIN = spaced(table("english")["not_plain"])
_JOINING = spaced(table("english")["joining"])
_PERIODS = spaced(table("english")["periods"])
_TIMES = {"once": ["1", "times"], "twice": ["2", "times"]}
_SIGNS = set("$€£¥₹₩~")


def differ_by_amount(later: str, earlier: str) -> bool:
    """Tell whether two English statements of the present differ in one number alone, which says how
    much of one thing there is.

    So it does where the thing is a definite one ("User's commute takes 40 minutes"), where it is a
    habit ("runs 5 km every day"), and where it counts what somebody has ("has two cats"). A number
    that names a thing ("ticket 118") or a time ("at 9") says nothing of the kind.
    """
    one, other = _form(later), _form(earlier)
    place = starts_alike(one, other)
    if len(one) != len(other) or not 0 < place < len(one) or one[place + 1 :] != other[place + 1 :]:
        return False
    if not (_AMOUNT.fullmatch(one[place]) and _AMOUNT.fullmatch(other[place])):
        return False
    if any(key in _NOT_PLAIN or key in _JOINING or key in ",;:?()" for key in one):
        return False
    before, after = one[:place], one[place + 1 :]
    if before[-1] in _SIGNS:
        before = before[:-1]
    return _is_definite(before, later) or _is_habit(before, after) or _is_count(before, after)


def _form(text: str) -> tuple[str, ...]:
    if is_foreign(text) or not is_english(text):
        return ()
    keys: list[str] = []
    for key in english_form(text):
        keys += _TIMES.get(key, [key])
    return tuple(keys)


def _is_definite(before: tuple[str, ...], text: str) -> bool:
    """Whether the number follows the verb of one thing: "user's rent is", "the API retries"."""
    if len(before) < 2 or not _is_verb(before[-1]):
        return False
    thing = before[:-1]
    owned = thing[0] == "user's" and len(thing) > 1
    return (
        (owned or (text.casefold().startswith("the ") and thing[0] != "user"))
        and not any(key.endswith("'s") or key in _SEVERAL for key in thing[1:])
        and not any(character.isdigit() for key in thing for character in key)
    )


def _is_habit(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether the statement says how much of something is done in each period of time."""
    recurs = any(
        key in ("every", "each", "per", "daily", "weekly", "monthly")
        or (key in _PERIODS and place > 0)
        for place, key in enumerate(after)
    )
    return (
        recurs
        and len(before) <= 6
        and _is_verb(before[0])
        and not any(character.isdigit() for key in before for character in key)
    )


def _is_count(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether the statement counts what somebody or something has, and says no more of it."""
    return (
        before[-1:] == ("has",)
        and 0 < len(after) <= 2
        and all(key.isalpha() for key in after)
        and not any(key in _SEVERAL or key in _NOT_PLAIN for key in before)
        and after[-1].endswith(("s", "children", "people"))
        and after[0] not in _PERIODS
        and not any(key in _PERIODS for key in after)
    )


def _is_verb(key: str) -> bool:
    return key.isalpha() and (key in ("is", "has", "are") or key.endswith("s"))
