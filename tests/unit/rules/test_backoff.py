"""How long a conversation waits after a failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.backoff import backoff_seconds


@pytest.mark.parametrize(
    ("attempts", "longest"), [(1, 2.0), (2, 4.0), (3, 8.0), (9, 512.0), (10, 600.0), (99, 600.0)]
)
def test_the_longest_wait_doubles_with_each_attempt_up_to_the_cap(
    attempts: int, longest: float
) -> None:
    assert backoff_seconds(attempts, 1.0, base_seconds=2.0, cap_seconds=600.0) == longest
    assert backoff_seconds(attempts, 0.5, base_seconds=2.0, cap_seconds=600.0) == longest / 2
    assert backoff_seconds(attempts, 0.0, base_seconds=2.0, cap_seconds=600.0) == 0.0


@given(
    st.integers(0, 10**9),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.001, 1e3),
    st.floats(0.001, 1e5),
)
def test_a_wait_is_never_negative_and_never_over_the_cap(
    attempts: int, draw: float, base_seconds: float, cap_seconds: float
) -> None:
    wait = backoff_seconds(attempts, draw, base_seconds=base_seconds, cap_seconds=cap_seconds)

    assert 0.0 <= wait <= cap_seconds
