"""What becomes of a fact beside its neighbours."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.rules.bands import PUBLISHED, Bands
from app.rules.decision import decide
from app.rules.types import Neighbour

JANUARY, MARCH = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)


def neighbour(
    fact: str, similarity: float, valid_from: datetime = JANUARY, number: int = 1
) -> Neighbour:
    return Neighbour(UUID(int=number), fact, similarity, valid_from)


@pytest.mark.parametrize(
    ("similarity", "outcome"), [(0.99, "duplicate"), (0.985, "duplicate"), (0.98, "new")]
)
def test_from_the_duplicate_band_on_a_filling_word_makes_no_second_memory(
    similarity: float, outcome: str
) -> None:
    old = neighbour("User likes their coffee", similarity)
    decision = decide("User likes coffee", MARCH, [old], PUBLISHED)

    assert decision.outcome == outcome


@pytest.mark.parametrize(
    ("similarity", "outcome"), [(0.99, "replaces"), (0.94, "replaces"), (0.93, "new")]
)
def test_from_the_contradiction_band_on_another_time_of_one_thing_replaces_the_old_one(
    similarity: float, outcome: str
) -> None:
    old = neighbour("User's train is at 6:04", similarity)
    decision = decide("User's train is at 6:24", MARCH, [old], PUBLISHED)

    assert decision.outcome == outcome


@pytest.mark.parametrize("similarity", [0.94, 0.985, 1.0])
def test_no_band_alone_decides_about_words_that_nothing_explains(similarity: float) -> None:
    for old, new in (("zrt", "qwx two-ish"), ("User likes tea", "User likes coffee")):
        assert decide(new, MARCH, [neighbour(old, similarity)], PUBLISHED).outcome == "new"


def test_the_guides_three_stores_come_out_as_the_guide_says() -> None:
    bands = Bands(0.985, 0.985, 0.55)
    new_york = neighbour("Lives in New York", 0.98)
    assert decide("Lives in New York City", MARCH, [new_york], bands).outcome == "duplicate"
    assert (
        decide(
            "Lives in San Francisco", MARCH, [neighbour("Lives in New York", 0.65)], bands
        ).outcome
        == "replaces"
    )


@pytest.mark.parametrize(
    ("old", "new", "similarity", "outcome"),
    [
        ("Lives in Oslo", "Lives in Rome", 0.36, "replaces"),
        ("Works as a nurse", "Works as a pilot", 0.28, "replaces"),
        ("Lives in Oslo", "Lives in Rome", 0.24, "new"),
        ("User uses PostgreSQL in production.", "User uses Redis in production.", 0.52, "new"),
    ],
)
def test_far_apart_only_an_attribute_that_has_one_value_is_compared(
    old: str, new: str, similarity: float, outcome: str
) -> None:
    bands = Bands(0.985, 0.985, 0.55, remote=0.25)

    assert decide(new, MARCH, [neighbour(old, similarity)], bands).outcome == outcome


def test_a_paraphrase_in_the_contradiction_band_is_a_duplicate_not_a_replacement() -> None:
    decision = decide(
        "The user lives in Berlin", MARCH, [neighbour("User lives in Berlin.", 0.96)], PUBLISHED
    )

    assert (decision.outcome, decision.reason) == ("duplicate", "same_words")


def test_two_values_that_can_both_be_true_stay_side_by_side_however_close() -> None:
    decision = decide(
        "User's sister is Ann.", MARCH, [neighbour("Bob's sister is Ann.", 0.97)], PUBLISHED
    )

    assert (decision.outcome, decision.reason) == ("new", "nothing_like_it")


def test_a_contradiction_that_happened_earlier_becomes_history() -> None:
    decision = decide(
        "User lives in Rome.", JANUARY, [neighbour("User lives in Oslo.", 0.9, MARCH)], PUBLISHED
    )

    assert decision.outcome == "history"


def test_a_duplicate_further_away_wins_over_a_contradiction_nearby() -> None:
    near = neighbour("User lives in Oslo.", 0.97, number=1)
    far = neighbour("User lives in Rome.", 0.90, number=2)

    decision = decide("User lives in Rome.", MARCH, [near, far], PUBLISHED)

    assert decision.outcome == "duplicate"
    assert decision.neighbour == far


def test_what_was_said_again_counts_from_the_last_time() -> None:
    lisbon = Neighbour(
        UUID(int=1),
        "User lives in Lisbon.",
        0.9,
        JANUARY,
        said_again=datetime(2026, 5, 1, tzinfo=UTC),
    )

    late = decide("User lives in Porto.", MARCH, [lisbon], PUBLISHED)
    new = decide("User lives in Porto.", datetime(2026, 6, 1, tzinfo=UTC), [lisbon], PUBLISHED)

    assert (late.outcome, new.outcome) == ("history", "replaces")


def test_an_end_that_arrives_first_keeps_what_it_ended_as_history() -> None:
    sold = neighbour("User sold the Volvo.", 0.7, MARCH)

    assert decide("User drives a Volvo.", JANUARY, [sold], PUBLISHED).outcome == "history"


def test_without_neighbours_a_fact_is_new() -> None:
    assert decide("User lives in Rome.", MARCH, [], PUBLISHED).outcome == "new"
