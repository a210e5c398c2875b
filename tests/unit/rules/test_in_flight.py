"""How many calls may wait for a provider at once, and what its headers say of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.rules.in_flight import UNPROVEN, InFlight
from app.rules.rate_limit_headers import Left, calls_left

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_provider_of_which_nothing_is_known_gets_a_few_calls_and_after_an_answer_all() -> None:
    calls = InFlight(128)
    assert calls.room(0, now=0.0) == UNPROVEN
    assert calls.room(UNPROVEN, now=0.0) == 0

    calls.answered()

    assert calls.room(UNPROVEN, now=3.0) == 128 - UNPROVEN


def test_one_that_is_away_gets_a_few_until_it_answers_again() -> None:
    calls = InFlight(128)
    calls.answered()

    calls.was_away()

    assert calls.room(0, now=1.0) == UNPROVEN
    calls.answered()
    assert calls.room(0, now=1.0) == 128


def test_refusals_of_calls_that_were_under_way_together_halve_it_once() -> None:
    calls = InFlight(128)
    calls.answered()

    for _ in range(50):
        calls.was_limited(now=10.0)
    assert calls.room(0, now=10.0) == 64
    calls.was_limited(now=12.0)
    assert calls.room(0, now=12.0) == 32

    calls.answered()
    assert calls.room(0, now=12.0) == 33


def test_there_is_always_room_for_one() -> None:
    calls = InFlight(4)
    for second in range(10):
        calls.was_limited(now=float(second * 2))

    assert calls.room(0, now=20.0) == 1


def test_what_is_left_within_the_minute_bounds_it_until_the_count_begins_anew() -> None:
    calls = InFlight(128)
    calls.answered()

    calls.leaves(5, until=30.0)

    assert calls.room(60, now=10.0) == 5
    assert calls.room(60, now=30.0) == 68


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        (
            {
                "anthropic-ratelimit-requests-remaining": "40",
                "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:20Z",
            },
            Left(40, 20.0),
        ),
        (
            {
                "anthropic-ratelimit-requests-remaining": "40",
                "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:20Z",
                "anthropic-ratelimit-input-tokens-remaining": "3500",
                "anthropic-ratelimit-input-tokens-reset": "2026-03-01T12:00:05Z",
            },
            Left(3, 5.0),
        ),
        (
            {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0.5s"},
            Left(0, 60.0),
        ),
        (
            {"x-ratelimit-remaining-tokens": "9000", "x-ratelimit-reset-tokens": "120ms"},
            Left(9, 0.12),
        ),
    ],
)
def test_the_headers_of_both_families_are_read(headers: dict[str, str], left: Left) -> None:
    assert calls_left(headers, tokens_per_call=1_000.0, now=NOON) == left


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"anthropic-ratelimit-requests-remaining": "40"},
        {
            "anthropic-ratelimit-requests-remaining": "-1",
            "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:20Z",
        },
        {
            "anthropic-ratelimit-requests-remaining": "٤٠",
            "anthropic-ratelimit-requests-reset": "2026-03-01T12:00:20Z",
        },
        {
            "anthropic-ratelimit-requests-remaining": "40",
            "anthropic-ratelimit-requests-reset": "2026-03-01T11:59:59Z",
        },
        {"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "soon"},
    ],
)
def test_headers_that_say_nothing_bound_nothing(headers: dict[str, str]) -> None:
    assert calls_left(headers, tokens_per_call=1_000.0, now=NOON) is None
