"""Tell whether a sentence is English, and bring an English one to its common form.

Only what says nothing about the facts is left out: articles, fillers, the subject's own name,
spelling. In every other language nothing is.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from app.rules.judge.lists import mapped, spaced, table
from app.rules.judge.numbers import by_value
from app.rules.judge.tokens import Token, plain, tokens

_LISTS = table("english")
_MARKS = spaced(_LISTS["marks"])
_ABROAD = spaced(_LISTS["abroad"])
_WEAK = {"is", "was", "were", "of", "to", "at", "an", "a", "never", "plans"}
"""Marks of English that are words of another language too, or stand in names: two make one."""
_NEUTRAL = spaced(_LISTS["neutral"])
_NEUTRAL_UNLESS_DENIED = spaced(_LISTS["neutral_unless_denied"])
_CLOSING = [tuple(each.split()) for each in _LISTS["closing"]]
_SPELLING = mapped(_LISTS["spelling"])
_SHORT = mapped(_LISTS["short"])
_ARTICLES = {"a", "an", "the"}
_AFTER_ARTICLE = {"few", "little", "lot", "bit", "most", "first", "other", "same", "only", "while"}
"""Words whose meaning an article changes: "few friends", "a few friends"."""
DENYING = frozenset({"not", "no", "never", "neither", "nor", "without", "hardly", "longer"})
_FIRST_PERSON = {"am": "is", "have": "has", "do": "does", "was": "was", "had": "had"}


@lru_cache(maxsize=4096)
def is_english(text: str) -> bool:
    """Tell whether the words of ``text`` are English ones, the names in it aside."""
    words = [token for token in tokens(plain(text)) if token.kind == "word"]
    if not all(_is_latin(token.key) for token in words):
        return False
    strong = sum(token.key in _MARKS and token.key not in _WEAK for token in words)
    strong += words[:1] != [] and words[0].text == "I"
    weak = sum(token.key in _WEAK for token in words)
    abroad = sum(
        token.key in _ABROAD and not _within_name(words, place) for place, token in enumerate(words)
    )
    return strong + weak > 2 * abroad and (strong > 0 or weak > 1)


@lru_cache(maxsize=4096)
def is_foreign(text: str) -> bool:
    """Tell whether the words of ``text`` are another language's. A short text ("User smokes.") may
    be neither that nor surely English."""
    words = [token for token in tokens(plain(text)) if token.kind == "word"]
    return not is_english(text) and (
        not all(_is_latin(token.key) for token in words)
        or any(token.key in _ABROAD or not token.key.isascii() for token in words)
    )


@lru_cache(maxsize=4096)
def common_form(text: str) -> tuple[str, ...]:
    """Give what a statement says as keys in their order; two statements with the same ones say the
    same. The subject "User" or "I" is left out."""
    if not is_english(text):
        return tuple(_without_user([token.key for token in tokens(plain(text))]))
    return english_form(text)


@lru_cache(maxsize=4096)
def english_form(text: str) -> tuple[str, ...]:
    """Give the same for a text that is taken for an English one."""
    written = by_value(_spelt(tokens(plain(text))))
    denied = any(token.key in DENYING for token in written)
    neutral = _NEUTRAL if denied else _NEUTRAL | _NEUTRAL_UNLESS_DENIED
    kept = [
        token.key
        for place, token in enumerate(written)
        if token.text not in neutral
        and not _is_article(written, place)
        and not _is_oxford_comma(written, place)
    ]
    return tuple(_without_closing(_third_person(_without_user(kept))))


def same_words(one: str, other: str) -> bool:
    """Tell whether two statements say the same words, in the same order."""
    a, b = common_form(one), common_form(other)
    if a == b:
        return True
    if len(a) != len(b) or not (is_english(one) and is_english(other)):
        return False
    return all(x == y or _is_accented(x, y) for x, y in zip(a, b, strict=True))


def _is_accented(one: str, other: str) -> bool:
    """Whether one word is the other with accents: "café", "cafe". Two different accents are two
    words."""
    if one.isascii() == other.isascii():
        return False
    return _unaccented(one) == _unaccented(other)


def _unaccented(word: str) -> str:
    marks = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def _is_latin(word: str) -> bool:
    return all(
        not letter.isalpha() or unicodedata.name(letter, "").startswith("LATIN") for letter in word
    )


def _within_name(words: Sequence[Token], place: int) -> bool:
    """Whether the word stands right before a capital letter and after another: "Rio de Janeiro"."""
    return (
        0 < place < len(words) - 1
        and words[place + 1].text[:1].isupper()
        and (words[place - 1].text[:1].isupper() or words[place - 1].key in _MARKS)
    ) or words[place].text[:1].isupper()


def _spelt(written: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    for token in written:
        if token.key in _SHORT:
            found += [Token(part, part, "word") for part in _SHORT[token.key].split()]
        else:
            found.append(Token(_SPELLING.get(token.key, token.key), token.text, token.kind))
    return found


def _is_article(written: Sequence[Token], place: int) -> bool:
    """Whether the word is an article that could be left out; "vitamin A" and "a few" keep it."""
    token = written[place]
    if token.key not in _ARTICLES or (place and token.text != token.key):
        return False
    following = written[place + 1] if place + 1 < len(written) else None
    return (
        following is not None
        and following.kind in ("word", "number")
        and following.key not in _AFTER_ARTICLE | DENYING
        and len(following.key) > 1
    )


def _is_oxford_comma(written: Sequence[Token], place: int) -> bool:
    return (
        written[place].key == ","
        and (place + 1 < len(written) and written[place + 1].key in ("and", "or"))
        and any(token.key == "," for token in written[:place])
    )


def _without_user(keys: list[str]) -> list[str]:
    if keys[:2] == ["the", "user"] and len(keys) > 2:
        return keys[2:]
    if keys[:1] == ["user"] and len(keys) > 1:
        return keys[1:]
    if keys[:2] == ["the", "user's"]:
        return keys[1:]
    return keys


def _third_person(keys: list[str]) -> list[str]:
    """Turn "I live" into "lives" and "my" into "user's"."""
    if keys[:1] == ["my"]:
        keys = ["user's", *keys[1:]]
    if keys[:1] == ["i"] and len(keys) > 1:
        verb = keys[1]
        keys = [_FIRST_PERSON.get(verb) or third_person(verb), *keys[2:]]
    return keys


def third_person(verb: str) -> str:
    """Give the form of a verb after "he": "study" gives "studies"."""
    if verb in ("have", "do", "go", "be"):
        return {"have": "has", "do": "does", "go": "goes", "be": "is"}[verb]
    if verb in ("can", "could", "may", "might", "must", "shall", "should", "will", "would"):
        return verb
    if verb.endswith("y") and verb[-2:-1] not in tuple("aeiou"):
        return f"{verb[:-1]}ies"
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{verb}es"
    return f"{verb}s"


def _without_closing(keys: list[str]) -> list[str]:
    for closing in _CLOSING:
        size = len(closing)
        if len(keys) > size and tuple(keys[-size:]) == closing:
            keys = keys[:-size]
            return keys[:-1] if keys[-1:] == [","] and len(keys) > 1 else keys
    return keys


def starts_alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the keys that two statements begin with alike."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)
