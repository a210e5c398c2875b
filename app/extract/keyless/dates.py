"""Make relative dates absolute, counted from when the message was said: "yesterday" → "on 7 May
2023"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.rules.word_lists import word_list, word_set

MONTHS = word_list(
    "January February March April May June July August September October November December"
)
DAYS = word_list("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_SEASON_MONTH = {"spring": 3, "summer": 6, "fall": 9, "autumn": 9, "winter": 12}
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
}  # fmt: skip
_PART = {"morning": "the morning of", "afternoon": "the afternoon of", "evening": "the evening of",
         "night": "the night of"}  # fmt: skip
_PREPOSITIONS = word_set(
    "since from until till by before after for of on in during than about around between to "
    "through past over is"
)
"""After one of these the phrase is a plain noun: "since last year" → "since 2022"."""

_RELATIVE = re.compile(
    r"\b(?:(?P<beside>the day before yesterday|the day after tomorrow)|(?P<day>yesterday|today"
    r"|tomorrow)(?:[ ](?P<part>morning|afternoon|evening|night))?|(?P<tonight>tonight|last night)"
    r"|this[ ](?P<this_part>morning|afternoon|evening)|(?P<which>last|this past|this coming|this"
    r"|next|coming)[ ](?P<unit>weekend|week|month|year|spring|summer|fall|autumn|winter|monday"
    r"|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june"
    r"|july|august|september|october|november|december)|(?P<count>\d{1,3}|an?|one|two|three|four"
    r"|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|a few|several"
    r"|a couple(?:[ ]of)?)[ ](?P<units>day|week|weekend|month|year)s?[ ]ago|in[ ](?P<ahead>\d{1,3}"
    r"|a|one|two|three|four|five|six|seven|eight|nine|ten)[ ](?P<ahead_units>day|week"
    r"|month)s?(?=[ ]*(?:[.,!;]|$|and\b|I\b|we\b)))\b(?!['’]|-| of\b)",
    re.IGNORECASE,
)
_RUNNING = re.compile(r"this (?!past)", re.IGNORECASE)
_DAY_WORDS: dict[str, tuple[re.Pattern[str], dict[str, int]]] = {
    "es": (
        re.compile(r"\b(?:anteayer|ayer|hoy)\b", re.IGNORECASE),
        {"anteayer": -2, "ayer": -1, "hoy": 0},
    ),
    "de": (
        re.compile(r"\b(?:[Vv]orgestern|[Gg]estern|[Hh]eute|morgen|[Üü]bermorgen)\b"),
        {"vorgestern": -2, "gestern": -1, "heute": 0, "morgen": 1, "übermorgen": 2},
    ),
    "fr": (
        re.compile(r"\b(?:avant-hier|hier|aujourd'hui|demain)\b", re.IGNORECASE),
        {"avant-hier": -2, "hier": -1, "aujourd'hui": 0, "demain": 1},
    ),
}
_MONTH_NAMES = "|".join(MONTHS)
_ABSOLUTE = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m1>{_MONTH_NAMES}),? (?P<y1>(?:19"
    rf"|20)\d\d)|(?P<m2>{_MONTH_NAMES}) (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y2>(?:19|20)\d\d)"
    rf"|(?P<m3>{_MONTH_NAMES}) (?P<y3>(?:19|20)\d\d)"
    r"|(?P<iso>(?:19|20)\d\d-\d\d-\d\d)"
    r"|(?:in|since|from|during) (?P<y4>(?:19|20)\d\d))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A text without relative dates. ``starts_at`` is when the first dated thing in it began, None
    when undated.
    """

    text: str
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class _When:
    """``preposition`` opens the phrase unless another stands there; ``day`` is its first day."""

    preposition: str
    phrase: str
    day: date | None


def absolute(text: str, said_at: datetime) -> Dated:
    """Make each relative date in ``text`` absolute. A date that cannot be counted (before year 1)
    stays as it was said."""
    today = said_at.date()
    starts: list[date] = []

    # What happens "this year" may have begun before today, but nobody said so: it counts from when
    # it was said.
    def replaced(found: re.Match[str]) -> str:
        before = text[max(found.start() - 16, 0) : found.start()].lower().split()
        last = before[-1].strip(",.") if before else ""
        if last in ("like", "the", "every", "each") or (last == "just" and "like" in before):
            return found.group()  # "feels like yesterday", "over the last week": not a date.
        try:
            when = _resolve(found, today)
        except (ValueError, OverflowError):
            return found.group()
        if when is None:
            return found.group()
        if when.day is not None and (when.day >= today or not _RUNNING.match(found.group())):
            starts.append(when.day)
        bare = last in _PREPOSITIONS and last != "is"
        return when.phrase if bare or not when.preposition else f"{when.preposition} {when.phrase}"

    result = _RELATIVE.sub(replaced, text)
    stated = [day for found in _ABSOLUTE.finditer(text) if (day := _stated_day(found)) is not None]
    days = starts or stated
    return Dated(result, _midnight(days[0], said_at) if days else None)


def with_day_noted(text: str, said_at: datetime, language: str) -> Dated:
    """Add the date behind each "yesterday", "today" and "tomorrow" of Spanish, German and French:
    "ayer (2023-05-07)". Those languages' other relative dates stay as they were said."""
    if language not in _DAY_WORDS:
        return Dated(text, None)
    pattern, offsets = _DAY_WORDS[language]
    days: list[date] = []

    def noted(found: re.Match[str]) -> str:
        days.append(said_at.date() + timedelta(days=offsets[found.group().lower()]))
        return f"{found.group()} ({days[-1].isoformat()})"

    try:
        result = pattern.sub(noted, text)
    except OverflowError:  # The day before year 1, or after 9999.
        return Dated(text, None)
    return Dated(result, _midnight(days[0], said_at) if days else None)


def _midnight(day: date, said_at: datetime) -> datetime:
    if day == said_at.date():
        return said_at
    return datetime.combine(day, time(), said_at.tzinfo or UTC).astimezone(UTC)


def _stated_day(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    try:
        if parts["iso"]:
            return date.fromisoformat(parts["iso"])
        if parts["y4"]:
            return date(int(parts["y4"]), 1, 1)
        for month, day, year in (("m1", "d1", "y1"), ("m2", "d2", "y2"), ("m3", "", "y3")):
            if parts[month]:
                number = [m.lower() for m in MONTHS].index(parts[month].lower()) + 1
                return date(int(parts[year]), number, int(parts[day]) if day else 1)
    except ValueError:
        return None  # "31 June 2023" is no day.
    return None


def written(day: date) -> str:
    """Write a date as "7 May 2023", whatever the machine's locale."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _resolve(found: re.Match[str], today: date) -> _When | None:
    parts = {name: value.lower() for name, value in found.groupdict().items() if value is not None}
    for name, rule in _RULES:
        if name in parts:
            return rule(parts, today)
    return None


def _beside(parts: dict[str, str], today: date) -> _When:
    day = today + timedelta(days=-2 if "yesterday" in parts["beside"] else 2)
    return _When("on", written(day), day)


def _day(parts: dict[str, str], today: date) -> _When:
    day = today + timedelta(days={"yesterday": -1, "today": 0, "tomorrow": 1}[parts["day"]])
    part = parts.get("part")
    return _When("on", f"{_PART[part]} {written(day)}" if part else written(day), day)


def _tonight(parts: dict[str, str], today: date) -> _When:
    if parts["tonight"] == "tonight":
        return _When("on", f"the evening of {written(today)}", today)
    day = today - timedelta(days=1)
    return _When("on", f"the night of {written(day)}", day)


def _this_part(parts: dict[str, str], today: date) -> _When:
    return _When("on", f"{_PART[parts['this_part']]} {written(today)}", today)


def _which(parts: dict[str, str], today: date) -> _When | None:
    which, unit = parts["which"], parts["unit"]
    step = -1 if which in ("last", "this past") else 1 if which in ("next",) else 0
    monday = today - timedelta(days=today.weekday())
    if unit == "week":
        words = {-1: f"the week before {written(today)}", 1: f"the week after {written(today)}"}
        return _When(
            "in", words.get(step, f"the week of {written(monday)}"), monday + timedelta(weeks=step)
        )
    if unit == "weekend":
        return _weekend(step, which, today)
    if unit == "month":
        first = _months_from(today, step)
        return _When("in", f"{MONTHS[first.month - 1]} {first.year}", first)
    if unit == "year":
        return _When("in", str(today.year + step), date(today.year + step, 1, 1))
    if unit in _SEASON_MONTH:
        year = _season_year(_SEASON_MONTH[unit], which, today)
        return _When("in", f"the {unit} of {year}", date(year, _SEASON_MONTH[unit], 1))
    if unit.capitalize() in DAYS:
        return _weekday(DAYS.index(unit.capitalize()), which, today)
    return _month_name([m.lower() for m in MONTHS].index(unit) + 1, which, today)


def _weekend(step: int, which: str, today: date) -> _When:
    saturday = today - timedelta(days=today.weekday()) + timedelta(days=5)
    if step < 0:
        last = saturday - timedelta(weeks=1)
        return _When("on", f"the weekend before {written(today)}", last)
    if step > 0:
        return _When(
            "on",
            f"the weekend of {written(saturday + timedelta(weeks=1))}",
            saturday + timedelta(weeks=1),
        )
    # On a Monday or Tuesday "this weekend" may look back or ahead; ahead is commoner.
    return _When("on", f"the weekend of {written(saturday)}", saturday)


def _weekday(wanted: int, which: str, today: date) -> _When:
    """Give the nearest such day before today ("last") or after it ("this", "next", "coming")."""
    if which in ("last", "this past"):
        day = today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1)
    else:
        day = today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)
    return _When("on", f"{DAYS[wanted]} {written(day)}", day)


def _month_name(month: int, which: str, today: date) -> _When:
    if which in ("last", "this past"):
        year = today.year if month < today.month else today.year - 1
    elif which == "next":
        year = today.year if month > today.month else today.year + 1
    else:
        year = today.year
    return _When("in", f"{MONTHS[month - 1]} {year}", date(year, month, 1))


def _season_year(month: int, which: str, today: date) -> int:
    if which in ("last", "this past"):
        return today.year if today.month >= month + 3 else today.year - 1
    if which == "next":
        return today.year if today.month < month else today.year + 1
    return today.year


def _months_from(today: date, months: int) -> date:
    number = today.year * 12 + today.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _ago(parts: dict[str, str], today: date) -> _When:
    count, unit = _number(parts["count"]), parts["units"]
    if count is None:
        vague = {"a few": "a few", "several": "several"}.get(parts["count"], "a couple of")
        return _When("", f"{vague} {unit}s before {written(today)}", None)
    if unit == "day":
        day = today - timedelta(days=count)
        return _When("on", written(day), day)
    if unit == "week":
        day = today - timedelta(weeks=count)
        return _When("around", written(day), day)
    if unit == "weekend":
        saturday = today - timedelta(days=today.weekday() + 2) - timedelta(weeks=count - 1)
        return _When("on", f"the weekend of {written(saturday)}", saturday)
    if unit == "month":
        first = _months_from(today, -count)
        return _When("around", f"{MONTHS[first.month - 1]} {first.year}", first)
    return _When("in", str(today.year - count), date(today.year - count, 1, 1))


def _ahead(parts: dict[str, str], today: date) -> _When:
    count, unit = _number(parts["ahead"]) or 1, parts["ahead_units"]
    if unit == "month":
        first = _months_from(today, count)
        return _When("around", f"{MONTHS[first.month - 1]} {first.year}", first)
    day = today + timedelta(days=count * (7 if unit == "week" else 1))
    return _When("on" if unit == "day" else "around", written(day), day)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else _NUMBERS.get(text)


_RULES: tuple[tuple[str, Callable[[dict[str, str], date], _When | None]], ...] = (
    ("beside", _beside),
    ("day", _day),
    ("tonight", _tonight),
    ("this_part", _this_part),
    ("which", _which),
    ("count", _ago),
    ("ahead", _ahead),
)
