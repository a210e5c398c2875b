"""Where a similarity falls, and which thresholds are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.bands import PUBLISHED, Band, Bands


@pytest.mark.parametrize(
    ("similarity", "band"),
    [
        (1.0, Band.DUPLICATE),
        (0.985, Band.DUPLICATE),
        (0.9849999, Band.CONTRADICTION),
        (0.94, Band.CONTRADICTION),
        (0.9399999, Band.NEW),
        (0.0, Band.NEW),
        (-1.0, Band.NEW),
    ],
)
def test_a_boundary_belongs_to_the_band_above_it(similarity: float, band: Band) -> None:
    assert PUBLISHED.of(similarity) is band


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_closer_text_never_falls_into_a_lower_band(one: float, other: float) -> None:
    order = [Band.NEW, Band.CONTRADICTION, Band.DUPLICATE]
    low, high = sorted((one, other))

    assert order.index(PUBLISHED.of(low)) <= order.index(PUBLISHED.of(high))


@pytest.mark.parametrize(
    ("duplicate", "contradiction", "candidate"),
    [
        (0.9, 0.95, 0.5),
        (0.985, 0.94, 0.95),
        (1.01, 0.94, 0.6),
        (0.985, 0.94, -0.1),
        (float("nan"), 0.94, 0.6),
    ],
)
def test_thresholds_out_of_order_are_refused(
    duplicate: float, contradiction: float, candidate: float
) -> None:
    with pytest.raises(ValueError, match="bands out of order"):
        Bands(duplicate, contradiction, candidate)


def test_bands_may_meet_so_that_none_of_them_retires_a_memory_by_itself() -> None:
    bands = Bands(duplicate=0.98, contradiction=0.98, candidate=0.98)

    assert [bands.of(similarity) for similarity in (0.9799, 0.98)] == [Band.NEW, Band.DUPLICATE]
