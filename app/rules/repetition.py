"""Tell which of several statements repeat another one, so that a block of text needs one line for
both. Nothing is lost by it: both are kept, and a wrong pair only shares a line."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

from app.rules.judge.english import DENYING, english_form, is_english, is_foreign
from app.rules.judge.lists import spaced, table
from app.rules.judge.tokens import Token, plain, tokens
from app.rules.safety import is_safety
from app.rules.types import Recalled

_WORDS = table("synonyms")
_PUNCTUATION = set(".,;:!?\"'()-")
_COMMON: dict[str, str] = {
    word: group.split()[0] for group in _WORDS["groups"] for word in group.split()
}
_LIGHT = spaced(_WORDS["light"])
_OPENING = spaced(_WORDS["opening"])
_SAME = spaced(_WORDS["same"]) | DENYING
_APART = [frozenset(pair.split()) for pair in _WORDS["apart"]]
_ORDERING = {"over", "than", "from", "before", "after"}
"""Words that make two truths of one set of words in two orders."""
_RELATIONS = spaced(table("attributes")["several"]) | spaced(table("attributes")["only"])

Pair: TypeAlias = tuple[UUID, UUID]


def candidates(memories: Sequence[Recalled]) -> list[Pair]:
    """Give the pairs of which one may repeat the other, as far as their words tell."""
    return [
        (one.memory_id, other.memory_id)
        for one, other in itertools.combinations(memories, 2)
        if one.fact != other.fact
        and (
            may_repeat(one.fact, other.fact)
            or _holds(one.fact, other.fact)
            or _holds(other.fact, one.fact)
        )
    ]


def without_a_line(
    memories: Sequence[Recalled], similarities: Mapping[Pair, float], least: float
) -> frozenset[UUID]:
    """Give the memories that need no line beside the others: of each pair that is at least that
    similar, or of which one holds all the words of the other, the one that says less; of two that
    say as much, the older one."""
    gone: set[UUID] = set()
    by_id = {memory.memory_id: memory for memory in memories}
    for (first, second), similarity in similarities.items():
        if first in gone or second in gone:
            continue
        one, other = by_id[first], by_id[second]
        older = first if one.valid_from < other.valid_from else second
        holds = _holds(one.fact, other.fact), _holds(other.fact, one.fact)
        if any(holds):
            gone.add(older if all(holds) else second if holds[0] else first)
        elif similarity >= least and not is_safety(one.fact, other.fact):
            gone.add(older)
    return frozenset(gone)


def may_repeat(one: str, other: str) -> bool:
    """Tell whether two English statements name the same people, things and numbers in one order,
    and nothing denied, past, possible or opposite in one alone. Two that differ by a word at the
    same place of the same sentence name two values, and repeat nothing."""
    if is_foreign(one) or is_foreign(other) or not (is_english(one) or is_english(other)):
        return False
    a, b = english_form(one), english_form(other)
    return (
        _only(a, _SAME) == _only(b, _SAME)
        and _only(a, _RELATIONS) == _only(b, _RELATIONS)
        and _numbers(a) == _numbers(b)
        and _names_agree(tokens(plain(one)), tokens(plain(other)))
        and not _opposed(set(a), set(b))
        and not _names_two_values(a, b)
    )


def _only(keys: Sequence[str], of: frozenset[str]) -> Counter[str]:
    return Counter(key.removesuffix("'s") for key in keys if key.removesuffix("'s") in of)


def _numbers(keys: Sequence[str]) -> list[str]:
    return sorted(key for key in keys if key.lstrip("+-")[:1].isdigit())


def _names_agree(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether both have the same names in the same order, the subject "User" aside."""
    written = {
        token.key
        for text in (one, other)
        for place, token in enumerate(text)
        if place and token.text[:1].isupper()
    } | {"user"}
    names = [[token.key for token in text if token.key in written] for text in (one, other)]
    bare = [found[1:] if found[:1] == ["user"] else found for found in names]
    return bare[0] == bare[1]


def _opposed(one: set[str], other: set[str]) -> bool:
    alone, beside = one - other, other - one
    return any(alone & pair and beside & pair for pair in _APART)


def _names_two_values(one: Sequence[str], other: Sequence[str]) -> bool:
    if len(one) != len(other) or sorted(map(_common, one)) == sorted(map(_common, other)):
        return False
    swapped = [(a, b) for a, b in zip(one, other, strict=True) if _common(a) != _common(b)]
    return any(a not in _LIGHT and b not in _LIGHT for a, b in swapped) and len(swapped) < len(one)


def _holds(more: str, less: str) -> bool:
    """Whether ``more`` is ``less`` with a phrase after it, or the same words in another order."""
    if is_foreign(more) or is_foreign(less):
        return False
    said, beside = english_form(less), english_form(more)
    if Counter(_content(less)) == Counter(_content(more)):
        return may_repeat(less, more) and not _ORDERING & set(said)
    return len(beside) > len(said) and beside[: len(said)] == said and beside[len(said)] in _OPENING


@lru_cache(maxsize=4096)
def _content(text: str) -> tuple[str, ...]:
    """Give the words that carry the facts, each in its common form."""
    return tuple(
        _common(key)
        for key in english_form(text)
        if key not in _LIGHT and key not in ".,;:!?\"'()-"
    )


def _common(word: str) -> str:
    """Give a word's common form: without the ending of the plural or of "he likes" and "liking"."""
    stem = word.removesuffix("'s")
    if stem in _COMMON or not stem.isalpha() or len(stem) < 4:
        return _COMMON.get(stem, stem)
    if stem.endswith("ies"):
        stem = f"{stem[:-3]}y"
    elif stem.endswith("es") and stem[-3] in "sxzh":
        stem = stem[:-2]
    elif stem.endswith("s") and not stem.endswith("ss"):
        stem = stem[:-1]
    elif stem.endswith("ing") and len(stem) > 5:
        stem = stem[:-3]
        stem = stem[:-1] if stem[-1] == stem[-2] else stem
    stem = _COMMON.get(stem, stem)
    return stem.removesuffix("e") if len(stem) > 3 else stem
