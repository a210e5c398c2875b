"""Read numbers by their value, however an English sentence writes them: "two", "1,000"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from app.rules.judge.lists import mapped, table
from app.rules.judge.tokens import Token

_WORDS = mapped(table("english")["numbers"])
_MAGNITUDES = {name: int(size) for name, size in mapped(table("english")["magnitudes"]).items()}
_GROUPED = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+)(\.\d+)?")
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?")
_TENS = re.compile(r"(\w+ty)-(\w+)")


def by_value(tokens: Sequence[Token]) -> list[Token]:
    """Give the tokens with each number as its value in digits.

    A fraction keeps its zeros, since version 3.10 is not 3.1, and a leading zero stays, as in a
    code.
    """
    found: list[Token] = []
    place = 0
    while place < len(tokens):
        digits, used = _number(tokens, place)
        if digits is None:
            found.append(tokens[place])
            place += 1
        else:
            found.append(Token(digits, tokens[place].text, "number"))
            place += used
    return found


def _number(tokens: Sequence[Token], place: int) -> tuple[str | None, int]:
    """Give the number that begins at ``place`` and how many tokens it takes; None without one."""
    digits = _simple(tokens[place])
    if digits is None:
        return None, 0
    used = 1
    if _WORDS.get(tokens[place].key, "")[1:] == "0" and place + 1 < len(tokens):
        ones = _WORDS.get(tokens[place + 1].key, "")
        if len(ones) == 1 and ones != "0":
            digits, used = str(int(digits) + int(ones)), 2
    while place + used < len(tokens):
        size = _MAGNITUDES.get(tokens[place + used].key)
        if size is None or not _DECIMAL.fullmatch(digits):
            break
        digits, used = f"{(Decimal(digits) * size).normalize():f}", used + 1
    return digits, used


def _simple(token: Token) -> str | None:
    if token.kind == "number":
        grouped = _GROUPED.fullmatch(token.key)
        return token.key.replace(",", "") if grouped else token.key
    if token.key in _WORDS:
        return _WORDS[token.key]
    parts = _TENS.fullmatch(token.key)
    if parts and parts[1] in _WORDS and len(_WORDS.get(parts[2], "00")) == 1:
        return str(int(_WORDS[parts[1]]) + int(_WORDS[parts[2]]))
    return None
