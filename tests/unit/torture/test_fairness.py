"""How a tenant's waiting beside others is judged."""

from __future__ import annotations

import pytest

from torture.fairness import judged

CALM = [1.0] * 25


@pytest.mark.parametrize(
    ("crowded", "held"),
    [
        ([2.0] * 25, True),
        ([2.1] * 25, False),
        # The median of all is that of the calm, and the first five are not.
        ([3.0] * 5 + [1.0] * 20, False),
        # So are the first five, and every tenth takes longer.
        ([1.0] * 22 + [3.0] * 3, False),
        ([1.0] * 24 + [3.0], True),
    ],
)
def test_the_first_five_and_the_slowest_count_too(crowded: list[float], held: bool) -> None:
    assert judged(CALM, crowded, [9_000] * 25)["held"] is held


def test_a_backlog_that_has_not_lasted_shows_nothing() -> None:
    assert judged(CALM, CALM, [9_000] * 24 + [0])["held"] is False
