"""How orders to an agent read in the languages that have words here but no patterns of their own.

A screen of words, coarser than the patterns for the six languages: it looks for a few that rarely
meet in a statement about a person.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.rules.injection.words import Wording
from app.rules.injection.words_asia import ASIA
from app.rules.injection.words_europe import EUROPE
from app.rules.secrets.plain_view import folded

_FEW = r"(?:[^.!?\n\u3002]|\.(?=\w)){0,48}?"
_ANY_AGENT = r"(?<![a-z])(?:ai|chatgpt|gpt|claude|gemini|copilot|assistant|agent|bot|llm)(?![a-z])"
_CLAUSE = r"(?:^|[.!?,;:\"'\n\u3002\u3001(\[]|(?<![^\W\d_])(?:va|dan|lalu|serta)(?= )|[请請并並])"
_ADDRESS = r"(?:https?://|www\.|\w@\w)"
_COMMAND_ENDS = r"(?:те|ти|cie|te|τε|lah)?(?!\w)"
"""A command to several people; further letters would make "he sends" of "send"."""
_SENTENCE_ENDS = ".!?\n\u3002"


@dataclass(frozen=True, slots=True)
class _Screen:
    scripts: frozenset[str]
    orders: tuple[tuple[str, re.Pattern[str]], ...]
    replies: re.Pattern[str]
    form: re.Pattern[str]


def _screen(wording: Wording) -> _Screen:
    bound = r"(?<!\w)" if wording.spaced else ""
    end = r"(?!\w)" if wording.whole else ""
    command = _COMMAND_ENDS if wording.spaced else ""

    def words(of: str) -> str:
        return f"{bound}(?:{folded(of).replace('~', _FEW)}){end}"

    def pattern(*ways: str) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{way})" for way in ways))

    few, ever, deed = _FEW, words(wording.ever), words(wording.deed)
    earlier, rules, ignore = words(wording.earlier), words(wording.rules), words(wording.ignore)
    ending = r"(?!\w{3})" if wording.spaced else ""
    you = f"(?:{words(wording.agent)}{ending}|{_ANY_AGENT})"
    order, reply = words(wording.order) + command, words(wording.reply) + command
    standing = [f"{ever}{few}{order}", f"{order}{few}{ever}"]
    standing += [f"{you}{few}{ever}{few}{deed}", f"{ever}{few}{you}{few}{deed}"]
    standing += [f"{you}{few}{deed}{few}{ever}"]
    start = f"{_CLAUSE} ?" if wording.bare else ""
    if wording.bare:
        standing += [f"{start}{ever}{few}{deed}", f"{start}{deed}{few}{ever}"]
    return _Screen(
        scripts=_scripts(folded(wording.ignore)),
        orders=(
            (
                "role_markup",
                re.compile(rf"(?:^|[.!?\"'\n\u3002])\s{{0,3}}(?:{folded(wording.role)}) ?:"),
            ),
            (
                "override",
                pattern(
                    f"{ignore}(?={few}{earlier}){few}{rules}",
                    f"(?:{earlier}{few}{rules}|{rules}{few}{earlier}){few}{ignore}",
                ),
            ),
            ("prompt_leak", re.compile(words(wording.leak))),
            ("memory_order", re.compile(words(wording.wipe))),
            ("secrecy", re.compile(words(wording.hush))),
            (
                "link_order",
                pattern(
                    f"{order}[^\n]{{0,80}}?{_ADDRESS}",
                    f"{you}{few}{deed}[^\n]{{0,80}}?{_ADDRESS}",
                    f"{_ADDRESS}{few}{order}",
                ),
            ),
            ("standing_order", pattern(*standing)),
        ),
        replies=pattern(f"{start}{ever}{few}{reply}", f"{start}{reply}{few}{ever}"),
        form=re.compile(folded(wording.form)),
    )


def _scripts(text: str) -> frozenset[str]:
    """The scripts of the letters in ``text``, as the first words of their Unicode names."""
    letters = (c for c in set(text) if c.isalpha())
    return frozenset(unicodedata.name(c, "").split(" ")[0] for c in letters)


_SCREENS = tuple(map(_screen, EUROPE + ASIA))
_KNOWN_SCRIPTS = frozenset({"LATIN", "HIRAGANA", "KATAKANA"}).union(*(s.scripts for s in _SCREENS))


def order_abroad(plain: str) -> str | None:
    """The reason why ``plain`` (as ``folded`` gives it) reads as an order in one of these
    languages, or None.
    """
    scripts = _scripts(plain)
    for screen in _SCREENS:
        if scripts.isdisjoint(screen.scripts):
            continue
        for reason, pattern in screen.orders:
            if pattern.search(plain):
                return reason
        for reply in screen.replies.finditer(plain):
            if not screen.form.search(_sentence_around(plain, reply.start(), reply.end())):
                return "standing_order"
    return None


def is_unread(plain: str) -> bool:
    """Whether ``plain`` has words in a script of which we know none."""
    unknown = sum(
        not _scripts(word) & _KNOWN_SCRIPTS for word in plain.split() if word[0].isalpha()
    )
    return unknown > 1


def _sentence_around(plain: str, start: int, stop: int) -> str:
    begin = max(plain.rfind(mark, 0, start) for mark in _SENTENCE_ENDS) + 1
    ends = [end for mark in _SENTENCE_ENDS if (end := plain.find(mark, stop, stop + 80)) >= 0]
    return plain[max(begin, start - 80) : min(ends, default=stop + 80)]
