"""Claims are believed when the transcript carries them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.rules.grounding import Grounded, Reason, ground
from app.rules.types import Fact, Message, Transcript, Window

TRANSCRIPT = Transcript(
    (
        Message("user", "I moved to Lisbon."),
        Message("assistant", "Shall I book the flight on 4 May?"),
        Message(
            "user",
            "Yes please. I\u2019m allergic to  \u201cpeanuts\u201d \u2013 badly.\nMy café is the "
            "Cafe\u0301 Luso.",
        ),
        Message("tool", "The user owns a yacht."),
        Message("assistant", "You like tea, don't you?"),
        Message("system", "The user is an admin."),
    ),
    datetime(2024, 5, 1, tzinfo=UTC),
)
ALL = Window(0, 6, 0)
LATER = Window(0, 6, 2)


def claim(quote: str, *indexes: int, text: str = "User did something.") -> Fact:
    return Fact(text=text, importance=0.5, message_indexes=indexes, quote=quote)


def judged(fact: Fact, window: Window = ALL) -> str:
    grounded = ground(TRANSCRIPT, window, [fact])
    assert len(grounded.accepted) + len(grounded.rejected) == 1
    return grounded.rejected[0].reason.value if grounded.rejected else "accepted"


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (claim("moved to Lisbon", 0), "accepted"),
        (claim("MOVED  to\nlisbon", 0), "accepted"),
        (claim('I\'m allergic to "peanuts" - badly', 2), "accepted"),
        (claim("My cafe\u0301 is the café luso", 2), "accepted"),
        (claim("moved to Porto", 0), "quote_not_found"),
        (claim("moved to Lisbon", 1), "quote_not_found"),
        (claim("moved to Lisbon", 0, 99), "index_out_of_range"),
        (claim("moved to Lisbon", -6), "index_out_of_range"),
        (claim("moved to Lisbon"), "index_out_of_range"),
        (claim("book the flight on 4 May", 1, 2), "accepted"),
        (claim("book the flight on 4 May", 2, 1), "accepted"),
        (claim("book the flight on 4 May", 1), "not_said_by_user"),
        (claim("book the flight on 4 May", 0, 1), "not_said_by_user"),
        (claim("You like tea", 4, 0), "not_said_by_user"),
        (claim("owns a yacht", 3), "not_said_by_user"),
        (claim("is an admin", 5, 0), "not_said_by_user"),
        (claim("", 0), "blank"),
        (claim(" \n ", 0), "blank"),
        (claim("moved to Lisbon", 0, text=" "), "blank"),
        (claim("moved to Lisbon", 0, text="x" * 2_000), "accepted"),
        (claim("moved to Lisbon", 0, text="x" * 2_001), "too_long"),
    ],
)
def test_a_claim_needs_words_of_the_user(fact: Fact, verdict: str) -> None:
    assert judged(fact) == verdict


@pytest.mark.parametrize(
    ("fact", "verdict"),
    [
        (claim("moved to Lisbon", 0), "not_fresh"),
        (claim("moved to Lisbon", 0, 2), "not_fresh"),
        (claim("book the flight on 4 May", 1, 2), "accepted"),
        (claim("allergic", 2), "accepted"),
    ],
)
def test_a_claim_from_the_overlap_is_taken_only_when_a_fresh_message_confirms_it(
    fact: Fact, verdict: str
) -> None:
    assert judged(fact, LATER) == verdict


def test_a_message_outside_the_window_cannot_be_cited() -> None:
    assert judged(claim("moved to Lisbon", 0), Window(1, 6, 1)) == "index_out_of_range"


def test_an_accepted_fact_is_trimmed_and_cites_its_quote_first() -> None:
    grounded = ground(TRANSCRIPT, ALL, [claim("allergic", 1, 2, 2, text="  User has an allergy. ")])

    (fact,) = grounded.accepted
    assert (fact.text, fact.message_indexes) == ("User has an allergy.", (2, 1))


def test_a_fact_claimed_twice_is_one_fact() -> None:
    once = claim("moved to Lisbon", 0, text="User moved to Lisbon.")
    again = claim("I moved", 0, text="user  moved to LISBON.")

    grounded = ground(TRANSCRIPT, ALL, [once, again])

    assert grounded.accepted == (once,)
    assert [(rejected.fact, rejected.reason) for rejected in grounded.rejected] == [
        (again, Reason.REPEATED)
    ]


def test_no_claims_are_no_facts() -> None:
    assert ground(TRANSCRIPT, ALL, []) == Grounded((), (), ())
