"""Text as a reader sees it, with the way back to the characters as they were written."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import cache

UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
"""Characters that take no room, as the inside of a character class."""
_UNSEEN = re.compile(f"[{UNSEEN}]+")

_CYRILLIC_AND_GREEK = str.maketrans(
    "аеорсухіјѕԁһӏԛԝмтвнкαορυικνετ", "aeopcyxijsdhlqwmtbhkaopuikvet"
)
_BLANKS = re.compile(r"[ \t]+")
_MIXED_WORD = re.compile(r"\w{0,40}(?:[a-z][Ͱ-ӿ]|[Ͱ-ӿ][a-z])\w{0,40}")


class PlainView:
    """``plain`` is ``text`` without invisible characters, with full-width and other foreign digits,
    letters, quotes, dashes and spaces as plain ASCII.
    """

    def __init__(self, text: str) -> None:
        self.plain = text
        self._gaps_at: list[int] = []
        self._removed: list[int] = []
        if text.isascii():
            return
        parts: list[str] = []
        at = removed = 0
        for gap in _UNSEEN.finditer(text):
            parts.append(text[at : gap.start()])
            self._gaps_at.append(gap.start() - removed)
            removed += gap.end() - gap.start()
            self._removed.append(removed)
            at = gap.end()
        self.plain = ("".join(parts) + text[at:]).translate(_lookalikes())

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Where ``plain[start:stop]``, which is not empty, stands in the text as written."""
        return self._written(start), self._written(stop - 1) + 1

    def _written(self, at: int) -> int:
        gap = bisect_right(self._gaps_at, at)
        return at + (self._removed[gap - 1] if gap else 0)


@cache
def _lookalikes() -> dict[int, str]:
    """One character for one: the places of a text stay as they are."""
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    for code in range(0x80, 0x20000):  # No digits, spaces or dashes lie beyond.
        kind = unicodedata.category(chr(code))
        if kind == "Nd":
            table[code] = str(unicodedata.digit(chr(code)))
        elif kind == "Zs":
            table[code] = " "
        elif kind == "Pd":
            table[code] = "-"
    return table | dict.fromkeys(map(ord, "‘’‚‛′ʼ`´"), "'") | dict.fromkeys(map(ord, "“”„‟″"), '"')


def folded(text: str) -> str:
    """Lower case, without accents, invisible characters, and look-alikes from other scripts."""
    seen = unicodedata.normalize("NFKD", PlainView(text).plain).lower()
    if seen.isascii():
        return _BLANKS.sub(" ", seen).strip()
    bare = "".join(c for c in seen if not unicodedata.combining(c))
    mended = _MIXED_WORD.sub(lambda word: word[0].translate(_CYRILLIC_AND_GREEK), bare)
    return _BLANKS.sub(" ", mended).strip()
