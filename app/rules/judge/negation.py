"""Tell whether one statement denies exactly what another one says, or ends it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeAlias

from app.rules.judge.english import (
    english_form,
    is_english,
    is_foreign,
    starts_alike,
    third_person,
)
from app.rules.judge.lists import spaced, table
from app.rules.judge.tokens import plain, tokens

Keys: TypeAlias = tuple[str, ...]

_ENGLISH = table("english")
_HABITS = spaced(_ENGLISH["habits"])
_LIKING = spaced(_ENGLISH["liking"])
_DISLIKING = [tuple(each.split()) for each in _ENGLISH["disliking"]]
_HAVING = spaced(_ENGLISH["having"])
"""Ways to have a thing, also as "I" says them."""
_OF_USER = r"(?:(?:the )?user |i )?"
_OWN = r"(?:the|their|his|her|my)"
_GONE = re.compile(
    rf"{_OF_USER}(?:has |have )?(?:{'|'.join(_ENGLISH['gone'])}) {_OWN} (?P<what>.+)", re.IGNORECASE
)
_HAS = re.compile(
    rf"{_OF_USER}(?:{'|'.join(sorted(_HAVING))}) (?:an?|{_OWN}) (?P<what>.+)", re.IGNORECASE
)
_QUOTING = re.compile(r"[:\"]")
_OFTEN = {"every", "each", "once", "twice", "daily", "weekly", "monthly", "often", "regularly"}
_BE = {"is", "are", "can", "has", "am"}
_ENDINGS = {"stopped", "quit"}
_AT_ALL = [("anymore",), ("any", "more"), ("any", "longer"), ("at", "all")]


def denies(later: str, earlier: str) -> Literal["negated", "ended", "opposite"] | None:
    """Tell how ``later`` takes back what ``earlier`` says, if it does: word for word, no more."""
    english = is_english(later) or is_english(earlier)
    if english and not any(is_foreign(text) or _QUOTING.search(text) for text in (later, earlier)):
        new, old = english_form(later), english_form(earlier)
        if _gone(later, earlier):
            return "ended"
        if old in _denied_by(new) or new in _denied_by(old):
            return "negated"
        if _ends_exactly(_ended_by(new), old) or new in _ended_by(old):
            return "ended"
        if _ends_exactly(_denied_by(new), old):
            return "negated"
        if _attitudes(new, old) or _attitudes(old, new):
            return "opposite"
    if _by_one_word(later, earlier) or _by_one_word(earlier, later):
        return "negated"
    return None


def _denied_by(denial: Keys) -> list[Keys]:
    """Give what an English sentence denies, as the sentences that say it."""
    found: list[Keys] = []
    keys = _without_any(denial)
    for place, key in enumerate(keys):
        before, after = keys[:place], keys[place + 1 :]
        if key == "not" and before[-1:] and before[-1] in _BE:
            found.append(before + after)
        if key == "not" and before[-1:] == ("does",) and after:
            found.append((*before[:-1], third_person(after[0]), *after[1:]))
        if key == "not" and before[-1:] == ("do",) and after:
            found.append(before[:-1] + after)
        if key == "no" and after[:1] == ("longer",):
            found.append(before + after[1:])
        elif key == "no" and before and _is_sole(keys, "no") and after:
            found.append(before + after)
        if key == "never" and after:
            found.append(before + after)
    found += _of_two(keys)
    return [each for each in found if not _DENYING & set(each)]


_DENYING = {"not", "no", "never", "neither", "nor", "hardly", "without"}


def _of_two(keys: Keys) -> list[Keys]:
    """Read "neither smokes nor drinks" and "has no children and no pets"."""
    found = []
    if "neither" in keys and "nor" in keys:
        first, second = keys.index("neither"), keys.index("nor")
        if first < second:
            found.append((*keys[:first], *keys[first + 1 : second], "and", *keys[second + 1 :]))
    if keys.count("no") == 2 and any(
        keys[place : place + 2] in (("and", "no"), ("or", "no")) for place in range(len(keys))
    ):
        found.append(tuple("and" if key == "or" else key for key in keys if key != "no"))
    return found


def _ended_by(ending: Keys) -> list[Keys]:
    """Give what "stopped taking metformin" and "gave up coffee" end."""
    found: list[Keys] = []
    for place, key in enumerate(ending[:-1]):
        before, after = ending[:place], ending[place + 1 :]
        if before[-1:] == ("has",):
            before = before[:-1]
        if key == "gave" and after[:1] == ("up",) and len(after) > 1:
            after = after[1:]
        elif key not in _ENDINGS:
            continue
        found += [(*before, verb, *after[1:]) for verb in _verbs_of(after[0])]
        found.append((*before, "is", *after))
        if key != "stopped":
            found += [(*before, habit, *after) for habit in _HABITS]
    return [each for each in found if not _DENYING & set(each)]


def _ends_exactly(ended: Sequence[Keys], old: Keys) -> bool:
    """Tell whether one of the ended statements is the old one, which may say how often, or at which
    dose: who has stopped taking a medicine takes no 50 mg of it."""
    for each in ended:
        rest = old[len(each) :]
        if old == each or (old[: len(each)] == each and rest[0] in _OFTEN):
            return True
        if len(each) == 2 and each[0] == "takes" and old[:1] == ("takes",):
            amount, medicine = old[1:4], old[4:]
            if len(amount) == 3 and amount[2] == "of" and amount[0][:1].isdigit():
                tail = medicine[1:]
                if medicine[:1] == each[1:] and (not tail or tail[0] in _OFTEN):
                    return True
    return False


@lru_cache(maxsize=512)
def _verbs_of(gerund: str) -> tuple[str, ...]:
    """Give the forms after "he" that the word in -ing may come from: "taking" from "takes"."""
    if not gerund.endswith("ing") or len(gerund) < 5:
        return ()
    stem = gerund[:-3]
    bases = [stem, f"{stem}e"]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        bases.append(stem[:-1])
    return tuple(third_person(base) for base in bases)


def _attitudes(liking: Keys, disliking: Keys) -> bool:
    """Tell whether one statement likes what the other one, with the same words, does not."""
    place = starts_alike(liking, disliking)
    if place >= len(liking) or liking[place] not in _LIKING:
        return False
    return any(
        disliking[place:] == (*verb, *liking[place + 1 :]) and len(liking) > place + 1
        for verb in _DISLIKING
    )


def _gone(later: str, earlier: str) -> bool:
    """Tell whether "sold the boat" ends "owns a boat"."""
    gone, had = _GONE.fullmatch(plain(later)), _HAS.fullmatch(plain(earlier))
    return (
        gone is not None and had is not None and gone["what"].casefold() == had["what"].casefold()
    )


def _without_any(keys: Keys) -> Keys:
    for ending in _AT_ALL:
        if keys[-len(ending) :] == ending:
            keys = keys[: -len(ending)]
    return tuple(key for place, key in enumerate(keys) if key != "any" or "not" not in keys[:place])


def _is_sole(keys: Sequence[str], key: str) -> bool:
    return keys.count(key) == 1


def _by_one_word(denial: str, claim: str) -> bool:
    """Tell whether two statements of another language differ by its word of denial alone."""
    if is_english(denial) or is_english(claim):
        return False
    denied, said = _split(denial), _split(claim)
    if len(denied) <= len(said):
        return False
    for language in table("negations")["language"]:
        words, beside = set(language["word"]), set(language["with"])
        if sum(key in words for key in denied) != 1 or any(key in words for key in said):
            continue
        if language.get("needs") and not beside & set(denied):
            continue
        added = set(denied) - set(said)
        left = [key for key in denied if key not in words and not (key in beside and key in added)]
        if left == said:
            return True
    return False


@lru_cache(maxsize=4096)
def _split(text: str) -> list[str]:
    """Give the keys of a statement, with the French "n'" as a word of its own."""
    keys: list[str] = []
    for token in tokens(plain(text)):
        if token.key.startswith("n'") and len(token.key) > 2:
            keys += ["n", token.key[2:]]
        else:
            keys.append(token.key)
    return keys
