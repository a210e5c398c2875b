"""Make pairs of statements that differ in one thing that matters: none of them is a duplicate.

Each pair also says whether the later statement may replace the earlier one: a new dose of the same
drug does, a dose of another drug does not. The seed sentences are in evals/data/metamorphic.toml.
"""

from __future__ import annotations

import itertools
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parent / "data/metamorphic.toml"

FILLS = 24
"""How many different fillings of one sentence are used at most."""

ONE_VALUE = {
    ("dose", "plain", "n"),
    ("dose", "plain", "unit"),
    ("dose", "other", "n"),
    ("dose", "other", "unit"),
    ("home", "plain", "city"),
    ("balance", "plain", "n"),
    ("balance", "plain", "sign"),
    ("rating", "plain", "emoji"),
}
"""Family, form and slot in which a new value is news of the same thing, so that it may replace the
old one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two statements about one user, in the order in which they were said. ``change`` names the
    difference; ``may_replace`` tells whether the later one may retire the earlier one."""

    earlier: str
    later: str
    language: str
    change: str
    may_replace: bool


def pairs() -> Iterator[Pair]:
    """Give every pair, in the same order each time."""
    seeds = _seeds()
    values = seeds["values"]
    languages = {code: families for code, families in seeds.items() if code != "values"}
    for code, families in languages.items():
        for family, forms in families.items():
            for fill in _fills(forms["plain"], values):
                yield from _of_forms(code, family, forms, fill)
                yield from _of_slots(code, family, forms, fill, values)
    yield from _translations(languages, values)


@lru_cache(maxsize=1)
def _seeds() -> dict[str, Any]:
    return tomllib.loads(SEEDS.read_text(encoding="utf-8"))


def _slots(sentence: str) -> list[str]:
    return sorted({name for _, name, _, _ in string.Formatter().parse(sentence) if name})


def _fills(sentence: str, values: Mapping[str, list[str]]) -> list[dict[str, str]]:
    """Give fillings of the sentence's slots, spread evenly over all that there are."""
    slots = _slots(sentence)
    every = [
        dict(zip(slots, chosen, strict=True))
        for chosen in itertools.product(*(values[slot.rstrip("2")] for slot in slots))
    ]
    every = [fill for fill in every if fill.get("name") != fill.get("name2", "-")]
    step = max(1, len(every) // FILLS)
    return every[::step][:FILLS]


def _both_ways(one: str, other: str, code: str, change: str, may_replace: bool) -> Iterator[Pair]:
    if one != other:
        yield Pair(one, other, code, change, may_replace)
        yield Pair(other, one, code, change, may_replace)


def _of_forms(
    code: str, family: str, forms: Mapping[str, str], fill: Mapping[str, str]
) -> Iterator[Pair]:
    for one, other in itertools.combinations(forms, 2):
        denies = {one, other} in ({"plain", "denied"}, {"clause", "denied"})
        said = (forms[one].format(**fill), forms[other].format(**fill))
        yield from _both_ways(*said, code, f"{family}: {one}/{other}", denies)


def _of_slots(
    code: str,
    family: str,
    forms: Mapping[str, str],
    fill: Mapping[str, str],
    values: Mapping[str, list[str]],
) -> Iterator[Pair]:
    for form, sentence in forms.items():
        before = sentence.format(**fill)
        for slot in _slots(sentence):
            for value in values[slot.rstrip("2")]:
                changed = {**fill, slot: value}
                if changed.get("name") == changed.get("name2", "-"):
                    continue
                news = (family, form, slot) in ONE_VALUE
                after = sentence.format(**changed)
                if before != after:
                    yield Pair(before, after, code, f"{family}: {form}, {slot}", news)
        if "name2" in fill:
            turned = {**fill, "name": fill["name2"], "name2": fill["name"]}
            yield Pair(before, sentence.format(**turned), code, f"{family}: {form}, order", False)


def _translations(
    languages: Mapping[str, Mapping[str, Mapping[str, str]]], values: Mapping[str, list[str]]
) -> Iterator[Pair]:
    for one, other in itertools.combinations(languages, 2):
        for family in languages[one].keys() & languages[other].keys():
            forms = languages[one][family], languages[other][family]
            for form in sorted(forms[0].keys() & forms[1].keys()):
                if _slots(forms[0][form]) != _slots(forms[1][form]):
                    continue
                for fill in _fills(forms[0][form], values)[:3]:
                    said = forms[0][form].format(**fill), forms[1][form].format(**fill)
                    yield from _both_ways(*said, f"{one}/{other}", f"{family}: {form}", False)
