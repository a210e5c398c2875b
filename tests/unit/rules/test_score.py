"""The blend of similarity and retention."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.score import score

shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("similarity", "retention", "expected"),
    [
        (1.0, 1.0, 1.0),
        (1.0, 0.0, 0.7),
        (0.0, 1.0, 0.3),
        (0.5, 0.5, 0.5),
        (0.9, 0.5, 0.78),
        (0.0, 0.0, 0.0),
    ],
)
def test_a_score_is_seven_parts_similarity_and_three_parts_retention(
    similarity: float, retention: float, expected: float
) -> None:
    assert score(similarity, retention) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("similarity", "expected"), [(-0.4, 0.15), (-1.0, 0.15), (1.0000001, 0.85)]
)
def test_a_similarity_outside_nought_to_one_is_clamped(similarity: float, expected: float) -> None:
    assert score(similarity, 0.5) == pytest.approx(expected, abs=1e-12)


@given(st.floats(-1.001, 1.001), st.floats(-1.001, 1.001), shares, shares)
def test_a_score_is_in_nought_to_one_and_grows_with_both(
    s1: float, s2: float, r1: float, r2: float
) -> None:
    low, high = score(min(s1, s2), min(r1, r2)), score(max(s1, s2), max(r1, r2))

    assert 0.0 <= low <= high <= 1.0
