"""The patterns of the attributes that have one value, out of the data file."""

from __future__ import annotations

import re
from functools import lru_cache

from app.rules.judge.lists import spaced, table

MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_PERIOD = "week|month|year|summer|winter|spring|autumn|fall"
WHEN = (
    r"(?: (?:(?:in|since|on|from) (?:(?:early|late|mid-?) ?)?(?:\d{1,2} )?"
    rf"(?:(?P<month>{'|'.join(MONTHS)}) )?(?P<year>(?:19|20)\d\d)"
    rf"|last (?:{_PERIOD})|this (?:{_PERIOD})|yesterday|today|recently))?"
)
"""When it began, if the clause says so."""

_NUMBER = r"[+-]?\d[\d.,]*"
_PARTS = {
    "when": WHEN,
    "a": r"(?:an? |the )?",
    "job": r"(?:as an? (?P<role>[\w' -]{2,50}?))",
    "amount": rf"(?P<value>(?:[^\w\s.,-] ?)?{_NUMBER})(?: ?(?P<unit>[^\W\d]+|[^\w\s]))?",
}


@lru_cache(maxsize=3)
def patterns(of: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Give the patterns of clauses that begin so ("verb", "noun" or "whole"), by attribute."""
    rows = table("patterns")["pattern"]
    return tuple((row["name"], _read(row["read"])) for row in rows if row["of"] == of)


def whole(name: str) -> re.Pattern[str]:
    """Give the pattern of a whole sentence by its name."""
    return dict(patterns("whole"))[name]


def _read(pattern: str) -> re.Pattern[str]:
    written = re.sub(r"(?<!P)<([a-z_]+)>", lambda found: _part(found[1]), pattern)
    return re.compile(rf"(?:{written})\Z", re.IGNORECASE)


def _part(name: str) -> str:
    if name in _PARTS:
        return _PARTS[name]
    return "|".join(
        sorted(map(re.escape, spaced(table("attributes")[name])), key=len, reverse=True)
    )
