"""A metadata filter as conditions."""

from __future__ import annotations

from typing import Any

import pytest

from app.rules.filters import Condition, conditions


def test_a_plain_value_must_be_equal_and_an_object_names_operators() -> None:
    assert conditions({"project": "atlas", "done": False, "priority": {"gte": 2, "lt": 5}}) == (
        Condition("project", "eq", "atlas"),
        Condition("done", "eq", False),
        Condition("priority", "gte", 2),
        Condition("priority", "lt", 5),
    )


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"a": {}}, "needs a value or an operator"),
        ({"a": {"like": "x"}}, "'like' is no operator"),
        ({"a": {"in": "x"}}, "`in` takes a list"),
        ({"a": {"gt": True}}, "takes a number or a text"),
        ({"a": {"lte": None}}, "takes a number or a text"),
        ({str(n): n for n in range(21)}, "more than 20"),
    ],
)
def test_what_means_nothing_is_refused_with_what_is_wrong(
    wanted: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        conditions(wanted)
