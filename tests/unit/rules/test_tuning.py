"""A tenant's own rules beside the defaults."""

from __future__ import annotations

import pytest

from app.rules.bands import PUBLISHED, Bands
from app.rules.tuning import InForce, Tuning, in_force


def test_without_values_of_its_own_a_tenant_follows_the_published_ones() -> None:
    assert in_force(Tuning(), PUBLISHED) == InForce(0.7, pytest.approx(0.3), 10.0, 0.1, 0.985, 0.94)


def test_a_value_of_its_own_holds_and_the_others_stay() -> None:
    rules = in_force(Tuning(similarity_weight=0.0, half_life_days=3.0), PUBLISHED)

    assert (rules.similarity_weight, rules.retention_weight) == (0.0, 1.0)
    assert (rules.half_life_days, rules.lowest_importance) == (3.0, 0.1)


def test_the_judge_reads_from_the_contradiction_band_on_when_that_lies_lower() -> None:
    assert Tuning(contradiction_similarity=0.4).bands(PUBLISHED) == Bands(0.985, 0.4, 0.4)


def test_bands_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="out of order"):
        in_force(Tuning(duplicate_similarity=0.5), PUBLISHED)
