"""Tell whether a value is of the kind that an attribute has: a name, an occupation, a day."""

from __future__ import annotations

import re
from functools import lru_cache

from app.rules.judge.lists import lines, mapped, spaced, table
from app.rules.judge.patterns import MONTHS
from app.rules.judge.places import is_place
from app.rules.judge.statement import is_name

_CONNECTING = {"of", "de", "da", "do", "dos", "du", "la", "le", "van", "von", "der", "den", "am"}
_CONNECTING |= {"del", "di", "the", "&", "al", "el", "st."}
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_TIMES = {*MONTHS, *_DAYS, "christmas", "easter", "ramadan", "thanksgiving", "lent", "passover"}
_NUMBERS = mapped(table("english")["numbers"])
_NAMED = spaced(table("attributes")["named"])
_FAVORITES = spaced(table("attributes")["favorites"]) | {"colour"}
_NOT_A_THING = {
    "in", "on", "at", "by", "from", "with", "near", "under", "over", "about", "very", "too", "not",
    "always", "still", "already", "closed", "open", "broken", "lost", "gone", "that", "this", "his",
    "her", "their", "my", "user's", "called", "named", "also", "than", "one", "no", "so", "never",
}  # fmt: skip
"""Words with which "User's favorite song is …" tells something of the song, not which it is."""
_MONTH = f"(?:{'|'.join(MONTHS)})"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_DAY = re.compile(
    rf"(?:(?:{'|'.join(_DAYS)}),? ?)?(?:{_NTH} (?:of )?{_MONTH}|{_MONTH} {_NTH})?"
    rf"(?:,? ?(?:19|20)\d\d)?|\d{{4}}-\d\d-\d\d|{_MONTH}(?: (?:19|20)\d\d)?",
    re.IGNORECASE,
)


def is_named(value: str) -> bool:
    """Tell whether the value is a proper name of up to five words: no day, no month."""
    parts = value.removeprefix("the ").replace(",", " ").split()
    return (
        0 < len(parts) <= 5
        and is_name(parts[0])
        and is_name(parts[-1])
        and all(is_name(part) or part in _CONNECTING for part in parts)
        and parts[0].casefold() not in _TIMES
    )


def is_company(value: str) -> bool:
    """Tell whether the value can be an employer's name: no city, no time of the year."""
    named = value.removeprefix("the ")
    digits = named[:1].isdigit() and any(map(str.isupper, named))
    return (is_named(named) or digits) and not is_place(named)


@lru_cache(maxsize=1)
def _families() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines("jobs.txt"):
        family, _, members = line.partition(": ")
        found |= dict.fromkeys(members.split(), family)
    return found


def job(value: str) -> str | None:
    """Give the value when it is an occupation, by its last word or the one before "of"."""
    return value if _head(value) in _families() else None


def are_two_jobs(one: str, other: str) -> bool:
    """Tell whether two occupations cannot be one under two names, as a doctor and a surgeon can."""
    a, b = (_families()[_head(value)] for value in (one, other))
    return a != b and "any" not in (a, b)


def _head(value: str) -> str:
    words = value.casefold().split(" of ")[0].split()
    return words[-1] if 0 < len(words) <= 4 else ""


def number(value: str) -> str | None:
    """Give a number in digits: "two" and "2" are one."""
    text = (
        value.casefold().replace(",", "")
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", value)
        else value.casefold()
    )
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return text
    return _NUMBERS.get(text)


def amount(value: str, unit: str) -> str:
    """Give an amount and its unit in one text."""
    return f"{number(value) or value} {unit.casefold()}"


def contact(what: str, value: str) -> str | None:
    """Give the label of a way to reach somebody ("work email"); None when the value is none."""
    label = what.casefold().replace("e-mail", "email").replace("telephone", "phone")
    label = re.sub(r" (?:address|number)$", "", label) if label != "address" else label
    label = re.sub(r"\b(?:mobile|cell)\b", "mobile phone", label).replace("phone phone", "phone")
    if "email" in label:
        return label if re.fullmatch(r"[^\s@]+@[^\s@]+", value) else None
    if "phone" in label:
        return label if re.fullmatch(r"[+(]?\d[\d ()./-]{4,}", value) else None
    return label if re.search(r"\d", value) and re.search(r"[^\W\d]{3}", value) else None


def favorite(what: str, value: str) -> str | None:
    """Give what is liked most; None when the text tells something else of it ("… is worn out")."""
    parts = value.split()
    if not 0 < len(parts) <= 6 or parts[0].casefold() in _NOT_A_THING:
        return None
    if what.casefold() not in _FAVORITES:
        return value if is_named(value) else None
    if what.casefold() in _NAMED and not (
        is_name(parts[0]) or parts[0][0].isdigit() or parts[0] == "the"
    ):
        return None
    if len(parts) == 1 and len(value) > 5 and value.islower() and value.endswith(("ing", "ed")):
        return None
    return value


def is_date(value: str) -> bool:
    """Tell whether the value is a day."""
    return bool(value.strip()) and _DAY.fullmatch(value.strip()) is not None
