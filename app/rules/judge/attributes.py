"""Parse the attributes of which somebody has one at a time, out of a whole clause or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from app.rules.judge.kinds import (
    amount,
    contact,
    favorite,
    is_company,
    is_date,
    is_named,
    job,
    number,
)
from app.rules.judge.lists import names, spaced, table
from app.rules.judge.patterns import MONTHS, patterns, whole
from app.rules.judge.places import is_place
from app.rules.judge.statement import Statement, readings
from app.rules.judge.tokens import plain

_BLOOD = re.compile(r"(?i)(?P<type>a|b|ab|o|0) ?(?:rh ?)?(?P<sign>[+-]|pos\w*|neg\w*)?")
_UNIQUE_HOLDERS = spaced(table("attributes")["only"]) | {"user"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an attribute. ``rest`` has to be the same for two values to be compared: a unit,
    or when a medicine is taken. ``details`` are further words about it, and ``tentative`` marks one
    that only a statement of change may replace, or replaces."""

    kind: str
    text: str
    rest: str = ""
    details: frozenset[str] = frozenset()
    tentative: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What a statement says of a holder: its values by attribute. ``change`` tells that the
    statement tells of a change, ``foreign`` that it is not English; ``began`` is the year and month
    of it, if it says so."""

    holder: str
    values: tuple[tuple[str, Value], ...]
    change: bool = False
    foreign: bool = False
    began: tuple[int, int] | None = None


@lru_cache(maxsize=4096)
def known(text: str) -> tuple[Known, ...]:
    """Give what ``text`` says of attributes with one value, for each way in which it can be
    read."""
    found = []
    for statement in map(_plainer, readings(text)):
        for name, pattern in patterns("noun" if statement.owned else "verb"):
            match = pattern.match(statement.said)
            values = dict(_values(name, match, statement)) if match else {}
            if match and values:
                change = statement.now or name in ("moved", "became", "joined", "wedding")
                found.append(
                    Known(
                        statement.holder,
                        tuple(values.items()),
                        change,
                        name.startswith("known_"),
                        _began(match),
                    )
                )
                break
    if not found:
        found = list(_of_whole(plain(text)))
    return tuple(found)


def _plainer(statement: Statement) -> Statement:
    """Read "changed her email to …" and "'s new email is …" as "'s email is …"."""
    changed = whole("set_to" if statement.owned else "changed").match(statement.said)
    if changed:
        said = f"{changed['what']} is {changed['value']}"
        return Statement(statement.holder, said, owned=True, now=True)
    if statement.owned and statement.said.startswith(("new ", "current ")):
        said = statement.said.split(" ", 1)[1]
        return Statement(statement.holder, said, owned=True, now=True)
    return statement


def _of_whole(text: str) -> Iterator[Known]:
    most = whole("liked_most").match(text)
    if most and (value := favorite(most["what"], most["value"])):
        yield Known("user", ((_favorite_key(most["what"]), Value("named", value)),))
    due = whole("deadline").match(text)
    if due and is_date(due["value"]):
        what = due["what"].casefold().removeprefix("the ")
        yield Known(what, (("deadline", Value("date", due["value"])),), change=True)


def _values(name: str, match: re.Match[str], statement: Statement) -> Iterator[tuple[str, Value]]:
    """Give the attributes that a pattern has found, where the value is of the attribute's kind."""
    found = {key: text for key, text in match.groupdict().items() if text}
    value = found.get("value", "").strip()
    match name:
        case "home" if is_named(value) or is_place(value):
            yield "home", Value("place", value, details=_details(found, "year"))
        case "known_home" if statement.holder == "user" and is_place(value):
            yield "home", Value("place", value)
        case "moved" if is_place(value):
            yield "home", Value("place", value, details=_details(found, "year"))
        case "known_employer" if (
            statement.holder == "user"
            and is_company(value)
            and ("bei" not in statement.said.split() or value.casefold() in _companies())
        ):
            yield "employer", Value("company", value)
        case "is_at" if job(found["role"]) and is_company(value):
            yield "employer", Value("company", value, details=_details(found, "year"))
            yield "role", Value("job", found["role"])
        case "diet":
            yield "diet", Value("text", value or found["diet"])
        case "shift":
            yield name, Value("text", value)
        case "employer" | "joined":
            yield from _employment(name, value, found)
        case "role" | "became" if job(found["role"]):
            yield "role", Value("job", found["role"], details=_details(found, "year"))
        case "is" if job(found["role"]):
            yield "role", Value("job", found["role"], tentative=not statement.now)
        case "age" if int(value) <= 120:
            yield "age", Value("number", value)
        case "status" if is_named(found.get("detail", "Somebody")):
            yield "status", Value("status", value, details=_details(found, "detail", "year"))
        case "couple":
            yield (
                "status",
                Value("status", "partnered", details=_details(found, "detail", "detail2")),
            )
        case "wedding" if is_named(found["detail"]):
            yield "status", Value("status", "married", details=_details(found, "detail", "year"))
        case "name" if is_named(value) and statement.holder in _UNIQUE_HOLDERS:
            yield found.get("what", "name").casefold().replace("full ", ""), Value("name", value)
        case "dose":
            what, tail = found["what"].casefold(), found.get("tail", "").strip().casefold()
            yield f"dose of {what}", Value("dose", amount(value, found["unit"]), tail)
        case "dosage":
            key = f"dose of {found['what'].casefold()}"
            yield key, Value("dose", amount(value, found["unit"]))
        case "level":
            yield f"level of {found['what'].casefold()}", Value("text", value or "fluent")
        case "floor":
            yield "floor", Value("text", value)
        case "height":
            yield "height", Value("amount", number(value) or value, found["unit"].casefold())
        case "weight":
            yield "weight", Value("amount", number(value) or value, found["unit"].casefold())
        case "boss" if is_named(value):
            yield "manager", Value("name", value)
        case "count" if number(value) is not None:
            yield f"number of {found['what'].casefold()}", Value("number", number(value) or value)
        case "contact" if label := contact(found["what"], value):
            yield label, Value("phone" if "phone" in label else "text", value)
        case "favorite" if named := favorite(found["what"], value):
            yield _favorite_key(found["what"]), Value("named", named)
        case "person" if is_named(value):
            yield found["what"].casefold(), Value("name", value)
        case "thing" if is_named(value.removeprefix("a ").removeprefix("an ")) or is_company(value):
            yield found["what"].casefold(), Value("name", value)
        case "day" if is_date(value):
            yield f"day of {found['what'].casefold()}", Value("date", value)
        case "routine":
            what = (
                found["what"].casefold().replace("wake up", "wakes up").replace("get up", "gets up")
            )
            yield what, Value("text", value, found.get("tail", "").strip().casefold())
        case "school" if is_named(value):
            yield "school", Value("name", value, details=_details(found, "year"))
        case "commute":
            yield "commute", Value("text", value)
        case "plan":
            yield "plan", Value("text", value or found["plan"])
        case "measure":
            rest = (found.get("unit", ""), _currency(value), found.get("tail", "").strip())
            digits = number(value.removeprefix(_currency(value)).strip())
            if digits is not None:
                yield found["what"].casefold(), Value("amount", digits, " ".join(rest).casefold())
        case "blood" if group := _BLOOD.fullmatch(value):
            sign = (group["sign"] or "")[:1].casefold()
            yield "blood type", Value("text", group["type"] + {"n": "-", "p": "+"}.get(sign, sign))


def _employment(name: str, value: str, found: dict[str, str]) -> Iterator[tuple[str, Value]]:
    company, _, where = value.partition(" in ")
    role = found.get("role", "")
    if where and not (is_named(where) or is_place(where)):
        return
    if role and not job(role):
        return
    if name == "joined" and not role and company.casefold() not in _companies():
        return
    if is_company(company):
        details = frozenset({where.casefold()} if where else ()) | _details(found, "year")
        yield "employer", Value("company", company, details=details)
        if role:
            yield "role", Value("job", role)


@lru_cache(maxsize=1)
def _companies() -> frozenset[str]:
    return frozenset(name.casefold() for name in names("companies.txt"))


def _details(found: dict[str, str], *keys: str) -> frozenset[str]:
    return frozenset(found[key].casefold() for key in keys if key in found)


def _favorite_key(what: str) -> str:
    return f"favorite {what.casefold().replace('colour', 'color')}"


def _currency(value: str) -> str:
    return "" if value[:1].isdigit() or value[:1] in "+-" else value[:1]


def _began(match: re.Match[str]) -> tuple[int, int] | None:
    found = match.groupdict()
    if not found.get("year"):
        return None
    month = (found.get("month") or "december").casefold()
    return int(found["year"]), MONTHS.index(month) + 1
