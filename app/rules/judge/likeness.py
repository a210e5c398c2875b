"""What the bands of similarity may decide: statements that are alike in all but a word that says
nothing, or in the amount that one thing has."""

from __future__ import annotations

import re

from app.rules.judge.english import common_form, is_english, starts_alike
from app.rules.judge.lists import spaced, table

_FILLING = spaced(table("english")["filling"])
_SEVERAL = spaced(table("attributes")["several"])
_AMOUNT = re.compile(r"[+-]?\d[\d.:]*")


def says_no_more(later: str, earlier: str) -> bool:
    """Tell whether ``later`` is ``earlier`` but for filling words that one of the two has."""
    if not (is_english(later) and is_english(earlier)):
        return False
    one, other = common_form(later), common_form(earlier)
    return _filled(one, other) or _filled(other, one)


def _filled(longer: tuple[str, ...], shorter: tuple[str, ...]) -> bool:
    left = [key for key in longer if key not in _FILLING]
    return len(longer) > len(shorter) and left == [key for key in shorter if key not in _FILLING]


def differ_by_value(later: str, earlier: str) -> bool:
    """Tell whether two English statements "<something definite> is <amount>" differ in the amount
    alone: "User's train is at 6:04", "User's train is at 6:24"."""
    if not (is_english(later) and is_english(earlier)):
        return False
    one, other = common_form(later), common_form(earlier)
    place = starts_alike(one, other)
    if len(one) != len(other) or place >= len(one) or one[place + 1 :] != other[place + 1 :]:
        return False
    subject = one[: one.index("is")] if "is" in one[:place] else ()
    return (
        bool(subject)
        and (subject[0] == "user's" or later.casefold().startswith("the "))
        and not any(key.endswith("'s") or key in _SEVERAL for key in subject[1:])
        and not any(character.isdigit() for key in subject for character in key)
        and all(_AMOUNT.fullmatch(keys[place]) for keys in (one, other))
    )
