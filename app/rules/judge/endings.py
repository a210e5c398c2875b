"""Tell whether a statement says, in so many words, that what another one says is over."""

from __future__ import annotations

import re
from functools import lru_cache

from app.rules.judge.attributes import known
from app.rules.judge.lists import table
from app.rules.judge.statement import Statement, readings
from app.rules.judge.tokens import plain

_GONE = re.compile(r"(?:has |have )?(?:died|passed away|was put down|ran away)\Z", re.IGNORECASE)
_RETIRED = re.compile(
    r"(?:(?:is|am|has|have) )?(?:now )?(?:retired|unemployed|out of work)\Z", re.IGNORECASE
)
_RESCHEDULED = re.compile(
    r"(?P<what>.{3,60}?) (?:was|has been|is|got) (?:now )?"
    r"(?:moved|postponed|rescheduled|pushed(?: back| out)?|brought forward|delayed|shifted)"
    r"(?: from .{1,40}?)? (?:to|until) .{2,40}",
    re.IGNORECASE,
)
_SCHEDULED = re.compile(
    r"(?:(?:user |i )?(?:has|have) )?(?P<what>.{3,60}?) (?:is )?(?:now |early |late )?"
    r"(?:planned for|scheduled for|set for|due(?: on| in| by)?|on|at) .{2,40}",
    re.IGNORECASE,
)
_DETERMINERS = ("user's ", "the ", "an ", "a ", "their ", "his ", "her ", "my ", "its ")


@lru_cache(maxsize=1)
def _endings() -> list[tuple[list[re.Pattern[str]], list[re.Pattern[str]]]]:
    return [
        (list(map(_pattern, each["going"])), list(map(_pattern, each["over"])))
        for each in table("endings")["ending"]
    ]


def _pattern(form: str) -> re.Pattern[str]:
    """Read a form of the data file as the pattern of a whole clause."""
    parts = re.split(r"(\{x\}|\{y\}|\[[^\]]*\] ?)", form)
    read = {"{x}": r"(?P<x>.{1,60}?)", "{y}": r".{1,60}"}
    written = "".join(
        read.get(part) or (f"(?:(?:{part.strip('[] ')}) )?" if part[:1] == "[" else re.escape(part))
        for part in parts
    )
    return re.compile(rf"{written}\Z", re.IGNORECASE)


def ends(later: str, earlier: str) -> bool:
    """Tell whether ``later`` ends what ``earlier`` says, and names it."""
    if _rescheduled(plain(later), plain(earlier)) or _retired(later, earlier):
        return True
    for new in readings(later):
        for old in readings(earlier):
            if (new.holder, new.owned) == (old.holder, old.owned):
                said = _of_one_subject(new, old) if new.owned else (new.said, old.said)
                if _ends(*said):
                    return True
            if old.holder == "user" and _died(new, old):
                return True
    return False


def _of_one_subject(new: Statement, old: Statement) -> tuple[str, str]:
    """Give what is said without the words that both begin with: "team uses", "team switched"."""
    a, b = new.said.split(" "), old.said.split(" ")
    same = 0
    while same < min(len(a), len(b)) - 1 and a[same] == b[same]:
        same += 1
    return " ".join(a[same:]), " ".join(b[same:])


def _ends(new: str, old: str) -> bool:
    return bool(_named_by(new, over=True) & _named_by(old, over=False))


@lru_cache(maxsize=4096)
def _named_by(said: str, *, over: bool) -> frozenset[tuple[int, str]]:
    """Give which endings the clause has the form of, and the thing that it names in each."""
    return frozenset(
        (place, _bare(found.groupdict().get("x") or ""))
        for place, forms in enumerate(_endings())
        for pattern in forms[over]
        if (found := pattern.match(said))
    )


def _retired(later: str, earlier: str) -> bool:
    """Whether somebody has retired who has a job by the earlier statement."""
    return any(
        new.holder == old.holder
        and not new.owned
        and _RETIRED.match(new.said) is not None
        and dict(old.values).keys() <= {"employer", "role"}
        and not any(value.tentative for _, value in old.values)
        for new in readings(later)
        for old in known(earlier)
    )


def _died(new: Statement, old: Statement) -> bool:
    """Whether an animal has died that somebody has: "dog Rex died", "cat died"."""
    has = re.fullmatch(
        r"(?:has|have) an? (?P<kind>[a-z]+)(?: (?:called|named) (?P<name>.{2,40}))?", old.said, re.I
    )
    if has is None:
        return False
    animal = f"{has['kind']} {has['name'] or ''}".strip().casefold()
    if new.owned and not has["name"]:
        kind, _, said = new.said.partition(" ")
        return kind.casefold() == animal and _GONE.match(said) is not None
    return new.holder == animal and _GONE.match(new.said) is not None


def _rescheduled(later: str, earlier: str) -> bool:
    moved, planned = _RESCHEDULED.fullmatch(later), _SCHEDULED.fullmatch(earlier)
    return (
        moved is not None and planned is not None and _bare(moved["what"]) == _bare(planned["what"])
    )


def _bare(text: str) -> str:
    key = " ".join(text.casefold().split())
    for determiner in _DETERMINERS:
        key = key.removeprefix(determiner)
    return key
