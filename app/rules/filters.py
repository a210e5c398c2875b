"""Filters: which memories a question is about, besides its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "contains")
MAX_CONDITIONS = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """What one metadata field must be. Values of different JSON types are never compared."""

    key: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Filters:
    """Bounds that must all hold; the default filters nothing.

    ``created_*`` bound when we learned it, ``valid_after`` and ``valid_before`` since when it is
    true: the lower bound is included, the upper one is not. ``valid_at`` asks for what was true
    then, superseded memories too. ``quarantined`` asks for what waits for review instead.
    """

    source: str | None = None
    metadata: tuple[Condition, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    valid_after: datetime | None = None
    valid_before: datetime | None = None
    valid_at: datetime | None = None
    quarantined: bool = False


NO_FILTERS = Filters()


def conditions(wanted: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Parse a metadata filter: a plain value must be equal, an object names operators.

    ``{"project": "atlas", "priority": {"gte": 2, "lt": 5}}``. Raises ValueError, with what is
    wrong.
    """
    found: list[Condition] = []
    for key, value in wanted.items():
        if isinstance(value, Mapping):
            found += _operators(key, value)
        else:
            found.append(Condition(key, "eq", value))
    if len(found) > MAX_CONDITIONS:
        raise ValueError(f"must not hold more than {MAX_CONDITIONS} conditions")
    return tuple(found)


def _operators(key: str, operators: Mapping[str, Any]) -> list[Condition]:
    if not operators:
        raise ValueError(f"{key!r} needs a value or an operator: {', '.join(OPERATORS)}")
    for operator, value in operators.items():
        if operator not in OPERATORS:
            raise ValueError(f"{operator!r} is no operator; use one of {', '.join(OPERATORS)}")
        if operator == "in" and not isinstance(value, list):
            raise ValueError(f"{key!r}: `in` takes a list of values")
        if operator in ("gt", "gte", "lt", "lte") and (
            isinstance(value, bool) or not isinstance(value, int | float | str)
        ):
            raise ValueError(f"{key!r}: `{operator}` takes a number or a text")
    return [Condition(key, operator, value) for operator, value in operators.items()]
