"""Payment card numbers: digits that an issuer could have given and whose check digit holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_RUN = re.compile(r"(?:\d{1,19}+(?:[ -]{1,3}(?=\d))?+)++")
_WORD_BEFORE = re.compile(r"(?:.?[\w+]|\w[./_-])\Z", re.DOTALL)
_WORD_AFTER = re.compile(r"[A-Za-z_]|[./-][A-Za-z0-9]")
_CARD_BEFORE = re.compile(
    r"(?:\A|[^A-Za-z])(?:cc|ccn|ccnum|card|pan|visa|mc|mastercard|amex|kk|karte|tarjeta|carte|carta)"
    r"(?:nr|no|num)?[_-]?\Z",
    re.IGNORECASE,
)
_EXPIRY = re.compile(r"[/|]\d{1,2}[/|-]?\d{2,4}(?:[/|]\d{3,4})?(?![\w/|-])")
"""What is written behind a card: "/12/27", "/1227/123"."""
_DOTTED = re.compile(r"(?<![\w./])(\d{4})([./_|\\:])(\d{4})\2(\d{4})\2(\d{4})(?![\w./]?\d)")
_BROKEN = re.compile(
    r"(?<![\w.,/-])(\d{4}(?:[ -]?\d{4,6}){0,2})[ \t-]?\r?\n[ \t>]{0,4}"
    r"(\d{4,6}(?:[ -]?\d{3,5}){0,2})(?!\w|[.,/-]\d|[ \t]?\r?\n[ \t]{0,4}\d{4})"
)
"""A card across the end of a line, but not a column of numbers."""
_DIGITS = re.compile(r"\d+")

_PRINTED = {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1), (4, 4, 5)}
"""How the digits stand in groups on cards, so that a card is seen among other numbers too."""
_DOUBLED = str.maketrans("0123456789", "0246813579")
_SHORTEST_START = 4
_LEAST_DIGITS, _MOST_DIGITS = 13, 19


def card_spans(plain: str) -> Iterator[tuple[int, int]]:
    """(start, stop) of each card number, from left to right."""
    for run in _RUN.finditer(plain):
        if run.end() - run.start() >= _LEAST_DIGITS:
            yield from _cards_in(plain, run.start(), run.end())
    for dotted in _DOTTED.finditer(plain):
        if is_card("".join(dotted.group(1, 3, 4, 5))):
            yield dotted.span()
    for broken in _BROKEN.finditer(plain) if "\n" in plain else ():
        groups = [found.span() for found in _DIGITS.finditer(plain, *broken.span())]
        if tuple(b - a for a, b in groups) in _PRINTED and _joined(plain, groups):
            yield broken.span()


def is_card(digits: str) -> bool:
    """Whether an issuer's range, its length and the Luhn check all fit."""
    return (
        _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS
        and len(set(digits)) > 1
        and len(digits) in _lengths(digits)
        and _luhn(digits)
    )


def _cards_in(plain: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    groups = [found.span() for found in _DIGITS.finditer(plain, start, stop)]
    is_named = _CARD_BEFORE.search(plain, max(0, start - 14), start)
    if not is_named and _WORD_BEFORE.search(plain[max(0, start - 2) : start]):
        groups.pop(0)  # The tail of an identifier, a path or a decimal number.
    expiry = _EXPIRY.match(plain, stop)
    if expiry and groups and _joined(plain, groups):
        yield groups[0][0], expiry.end()
        return
    if groups and _WORD_AFTER.match(plain, stop):
        groups.pop()  # "12" of "12/27", or of an identifier that only begins with digits.
    if not groups:
        return
    digits = sum(b - a for a, b in groups)
    if digits <= _MOST_DIGITS and _is_even(plain, groups) and _joined(plain, groups):
        yield groups[0][0], groups[-1][1]
        return
    sizes = tuple(b - a for a, b in groups)
    first = 0
    while first < len(groups):
        if sizes[first] >= _SHORTEST_START:
            for last in range(first + 1, min(first + 5, len(groups)) + 1):
                printed = last == first + 1 or sizes[first:last] in _PRINTED
                if printed and _joined(plain, groups[first:last]):
                    yield groups[first][0], groups[last - 1][1]
                    first = last - 1
                    break
        first += 1


def _is_even(plain: str, groups: list[tuple[int, int]]) -> bool:
    """Groups of one size (the last may be shorter) with one and the same separator: how people
    type one long number, not how several numbers stand in a row.
    """
    sizes = {b - a for a, b in groups[:-1]}
    between = {plain[a:b] for (_, a), (b, _) in pairwise(groups)}
    last = groups[-1][1] - groups[-1][0]
    return len(sizes) <= 1 and len(between) <= 1 and all(last <= size for size in sizes)


def _joined(plain: str, groups: list[tuple[int, int]]) -> bool:
    return is_card("".join(plain[a:b] for a, b in groups))


def _lengths(digits: str) -> range | tuple[int, ...]:
    """The lengths that the issuer of this range gives its cards."""
    two, three, four = int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return (13, 16, 19)  # Visa
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return (16,)  # Mastercard
    if two in (34, 37):
        return (15,)  # American Express
    if 300 <= three <= 305 or three == 309 or two in (36, 38, 39):
        return (14, 16)  # Diners Club
    if (
        four == 6011  # Discover
        or 644 <= three <= 659
        or two == 62  # UnionPay
        or 3528 <= four <= 3589  # JCB
        or 2200 <= four <= 2204  # Mir
    ):
        return range(16, 20)
    if four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763):
        return range(13, 20)  # Maestro
    return ()


def _luhn(digits: str) -> bool:
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0
