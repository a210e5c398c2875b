"""Split a statement into tokens that leave nothing out: words, numbers, and every other sign."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from app.rules.content_hash import visible

_TYPOGRAPHIC = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-"}
)
_TOKEN = re.compile(
    r"(?P<number>(?:(?<![\w.,:/)\]-])[+-])?\d(?:[\d.,:/]*\d)?(?![^\W\d_]*\d))(?![^\W\d_])"
    r"|(?P<word>[^\W_][\w]*(?:['_-][^\W_][\w]*)*(?:'(?=\s|$))?)"
    r"|(?P<sign>\S)"
)
_THOUSANDS = re.compile(r"(?<![\w.,])(\d{1,3}(?: \d{3})* 000)(?![\w]|[.,]\d)")
_FINAL = " .!。．！"


@dataclass(frozen=True, slots=True)
class Token:
    """``key`` is what is compared; ``text`` is how it is written."""

    key: str
    text: str
    kind: str


def plain(text: str) -> str:
    """Give ``text`` in one Unicode form, with plain spaces, quotes, dashes, digits and widths, and
    without closing punctuation. What it says is the same in any language."""
    shown = visible("".join(map(_narrow, visible(text)))).translate(_TYPOGRAPHIC)
    folded = " ".join(shown.split())
    return folded.rstrip(_FINAL) or folded


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[Token, ...]:
    """Split ``text``, as `plain` gives it. Nothing but white space is lost."""
    joined = _THOUSANDS.sub(lambda found: found[1].replace(" ", ""), text)
    return tuple(
        Token(found[0].casefold(), found[0], found.lastgroup or "sign")
        for found in _TOKEN.finditer(joined)
    )


def _narrow(character: str) -> str:
    """Give a full-width or half-width form, or a digit of another script, as it is usually
    written. Other compatibility forms ("²", "½") say something of their own."""
    if character.isascii():
        return character
    if "\uff00" <= character <= "\uffef":
        return unicodedata.normalize("NFKC", character)
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.digit(character))
    return character
