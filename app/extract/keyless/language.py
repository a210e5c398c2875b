"""Recognise the language of a text by its commonest words, as far as choosing the rewriting rules
needs it."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from app.rules.word_lists import word_set

Language: TypeAlias = Literal["en", "es", "de", "fr", "other"]

_WORD = re.compile(r"[^\W\d_]+")
_STOP_WORDS: dict[Language, frozenset[str]] = {
    "en": word_set(
        "the and to of a in is it i my me you that for was on with have are this be at not but we "
        "our they had has i'm so just am do did can will would from what when he she his her your "
        "been im love like really want"
    ),
    "es": word_set(
        "el la los las de que y en un una es por con para mi mis me se lo como pero más muy yo "
        "soy estoy tengo está son del al su sus vivo trabajo gusta quiero años tenemos también "
        "cuando hay nos nuestra nuestro hace encanta"
    ),
    "de": word_set(
        "der die das und ich ist in nicht ein eine zu mit mein meine meinen meiner auf für bin "
        "habe wir den dem es von war sich auch aber hat seit bei aus im am mich mir gern gerne "
        "sehr einen einem sind unser unsere werde"
    ),
    "fr": word_set(
        "le la les de et je un une est en que mon ma mes à pour dans avec ne pas suis ai j au du "
        "des il elle nous mais très sur ce chez depuis c qui notre nos plus aussi j'ai vais aime "
        "se été"
    ),
    "other": frozenset(
        # Italian, Portuguese, Dutch, Swedish, Polish, Turkish: known only so that they are not
        # taken for the four.
        [
            "il",
            "che",
            "di",
            "per",
            "sono",
            "mio",
            "mia",
            "ho",
            "della",
            "non",
            "con",
            "più",
            "anche",
            "gli",
            "nel",
            "o",
            "os",
            "as",
            "um",
            "uma",
            "eu",
            "meu",
            "minha",
            "não",
            "do",
            "da",
            "em",
            "no",
            "na",
            "het",
            "een",
            "ik",
            "mijn",
            "niet",
            "van",
            "dat",
            "zijn",
            "voor",
            "maar",
            "och",
            "jag",
            "är",
            "att",
            "det",
            "som",
            "på",
            "min",
            "inte",
            "har",
            "w",
            "nie",
            "się",
            "że",
            "jest",
            "mam",
            "moja",
            "mój",
            "ve",
            "bir",
            "bu",
            "çok",
            "benim",
            "için",
            "abito",
            "lavoro",
            "vivo",
            "moro",
            "trabalho",
            "tenho",
            "woon",
            "werk",
            "bor",
            "arbetar",
        ]
    ),
}


def language_of(text: str, default: Language = "en") -> Language:
    """Give the language whose common words fill most of ``text``; ``default`` when none of them
    occurs (in a few words: when fewer than two do) or two are level.

    Text mostly in another script than Latin is "other".
    """
    head = text[:2_000].lower()
    letters = [c for c in head if c.isalpha()]
    if not letters:
        return default
    if sum(1 for c in letters if ord(c) > 0x24F) > len(letters) / 2:
        return "other"
    words = _WORD.findall(head)
    counts = {
        language: sum(1 for w in words if w in stop) for language, stop in _STOP_WORDS.items()
    }
    best = max(counts.values())
    leaders = [language for language, count in counts.items() if count == best]
    if best == 0 or (len(words) < 4 and best < 2):
        return default
    return leaders[0] if len(leaders) == 1 else (default if default in leaders else leaders[0])
