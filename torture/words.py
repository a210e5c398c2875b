"""Words that occur nowhere else: each planted fact carries one, so that it can be found, counted
and missed."""

from __future__ import annotations

import re

CANARY = re.compile(r"zq(?:[bdfgklmnprstvz][aeiou]){4}", re.IGNORECASE)
"""Any planted word, in whatever text it turns up."""

CRASHES = "POISONOUS"
"""Kills the process that works on the conversation, each time."""
REJECTED = "UNSPEAKABLE"
"""The provider refuses it with a 400, each time."""
DREAMT = "DREAMLIKE"
"""The provider answers it with facts that nobody has said."""

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_SYLLABLES = [consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS]
_SPREAD = 8_123_557
"""Odd, and no multiple of 5 or 7: it maps the numbers below 70**4 onto themselves, far apart."""

STATEMENTS = (
    "{} sings in the garden.",
    "My canary {} sings.",
    "The canary {} whistles at dawn.",
    "{} built a nest of straw.",
    "I saw {} fly over the harbour.",
    "Our bird {} likes sunflower seeds.",
    "{} hatched in the old barn.",
)
"""Facts about different birds are different facts, whichever two of these they are told in."""

VARIANTS = (
    "My canary {} sings.",
    "my canary {} sings!",
    "My  canary {} sings",
    "My canary \u200b{} sings.",
    "MY CANARY {} SINGS.",
    "My canary {} really sings.",
    "My canary {} sings, you know.",
)
"""One fact, said in ways that differ by nothing that matters."""

HOMES = ("I live in {}.", "I live in {} now.")
"""Somebody lives in one place at a time: the next one replaces the last."""


def canary(number: int) -> str:
    """The word of this number, below 24 million."""
    rest = number * _SPREAD % len(_SYLLABLES) ** 4
    word = "zq"
    for _ in range(4):
        rest, syllable = divmod(rest, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word


def named(word: str) -> str:
    """The word as a name."""
    return word.capitalize()


def canaries_in(text: str) -> set[str]:
    """Every planted word in ``text``, in lower case."""
    return {found.lower() for found in CANARY.findall(text)}
