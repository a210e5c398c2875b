"""A message that takes back what the person said before it: "Sorry, I meant Bergen." """

from __future__ import annotations

import re

_CORRECTS = re.compile(
    r"\s*(?:(?:sorry|oops|whoops|wait|no|ah|oh|correction|actually|i misspoke|typo|my bad"
    r"|my mistake)[,.:;!\s-]*){0,3}"
    r"(?:i (?:meant|mean)(?: to (?:say|write))?|(?:make|read) that|should (?:be|read)|correction)"
    r"\s*[:,]?\s+(?P<value>(?!(?:to|that|it|i|you|we|what|how)\b)[^\s.!?]+(?:\s[^\s.!?]+){0,4}?)"
    r"(?:,? not (?P<old>[^.!?\n]{1,60}?))?[.!]*\s*",
    re.I,
)
_NAMES = re.compile(r"[^\W\d_a-z][\w'’-]*(?:\s[^\W\d_a-z][\w'’-]*)*")
_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")


def corrected(fact: str, message: str) -> str | None:
    """Give the fact as the message corrects it; the same fact when it corrects none, None when it
    takes it back and does not say how it is instead."""
    match = _CORRECTS.fullmatch(message)
    if match is None:
        return fact
    value, old = match["value"].strip(" ,;:"), match["old"]
    if old and old.strip() in fact:
        return fact.replace(old.strip(), value)
    for kind in (_NAMES, _NUMBERS):
        if kind.fullmatch(value):
            places = [place for place in kind.finditer(fact) if place.start() > 0]
            if places:
                last = places[-1]
                return fact[: last.start()] + value + fact[last.end() :]
    return None


def is_correction(message: str) -> bool:
    """Whether the message corrects the one before it."""
    return _CORRECTS.fullmatch(message) is not None
