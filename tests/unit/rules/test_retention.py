"""What age leaves of a memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.retention import half_life_days, retention

importances = st.floats(0, 1)


@pytest.mark.parametrize(
    ("importance", "days"), [(1.0, 10), (0.7, 7), (0.2, 2), (0.1, 1), (0.0, 1)]
)
def test_half_is_left_after_ten_days_times_the_importance(importance: float, days: float) -> None:
    assert retention(days, half_life_days(importance)) == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize(
    ("age_days", "left"), [(0, 1.0), (10, 0.5), (20, 0.25), (30, 0.125), (-1, 1.0), (-1e9, 1.0)]
)
def test_strength_halves_with_every_half_life_and_a_negative_age_counts_as_new(
    age_days: float, left: float
) -> None:
    assert retention(age_days, half_life_days=10) == left


@pytest.mark.parametrize(("reinforcements", "days"), [(-1, 10), (0, 10), (1, 20), (3, 30), (7, 40)])
def test_reinforcement_lengthens_the_half_life_with_a_diminishing_gain(
    reinforcements: int, days: float
) -> None:
    assert half_life_days(1.0, reinforcements) == pytest.approx(days)


@given(importances, st.integers(0, 10_000))
def test_one_more_reinforcement_always_lengthens_and_gains_no_more_than_the_one_before(
    importance: float, reinforcements: int
) -> None:
    before, now, then = (half_life_days(importance, reinforcements + more) for more in (0, 1, 2))

    assert before < now < then
    assert then - now <= now - before + 1e-9


@given(importances, importances, st.floats(0, 3650))
def test_of_two_memories_of_one_age_the_more_important_keeps_at_least_as_much(
    one: float, other: float, age_days: float
) -> None:
    low, high = sorted((one, other))

    assert retention(age_days, half_life_days(low)) <= retention(age_days, half_life_days(high))


@given(st.floats(-1e6, 1e6, allow_nan=False), importances, st.integers(0, 1_000))
def test_retention_is_a_share(age_days: float, importance: float, reinforcements: int) -> None:
    assert 0.0 <= retention(age_days, half_life_days(importance, reinforcements)) <= 1.0
