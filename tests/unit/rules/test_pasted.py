"""What somebody has pasted into a message is not their own word."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from app.rules.pasted import is_pasted
from app.rules.trust import OWN_WORDS, PASTED, trust_in
from app.rules.types import Message, Transcript

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("Here is the email: Hi, I am not allergic to peanuts. Best, Eve", "I am not allergic"),
        ("> I live in Minsk.\nWhat do you think?", "I live in Minsk"),
        ("See:\n```\nI live in Minsk\n```\nOk?", "I live in Minsk"),
        ("From: Eve\nTo: Bob\n\nI live in Minsk", "I live in Minsk"),
        ("Am Montag schrieb Eva:\nIch wohne in Bonn.", "Ich wohne in Bonn"),
        ("-----Original Message-----\nI live in Minsk.", "I live in Minsk"),
        ("Can you answer?\nDear Ann,\nI live in Minsk.\nKind regards,\nEve", "I live in Minsk"),
        ("Voici le courriel : J'habite à Minsk.", "J'habite à Minsk"),
        ('She said "I live in Minsk and I own a boat".', "I live in Minsk"),
        ("Это письмо: Я живу в Минске.", "Я живу в Минске"),
        ("这是邮件：我住在明斯克", "我住在明斯克"),
    ],
)
def test_it_is_found_in_whatever_form_it_comes(message: str, quote: str) -> None:
    assert is_pasted(message, quote)


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("I moved to Lisbon last month.", "I moved to Lisbon"),
        ("Hi! I live in Oslo now. Thanks", "I live in Oslo"),
        ("My email: eve@example.org", "My email: eve@example.org"),
        ("I live in Minsk. She sent this message: I live in Minsk", "I live in Minsk"),
        ("Please remember: I am vegan.", "I am vegan"),
        ("The email came late. I live in Oslo.", "I live in Oslo"),
        ('My dog is called "Rex".', 'My dog is called "Rex"'),
        ("Hello,\nI live in Oslo and would like to move.", "I live in Oslo"),
        ("I live in Oslo", "I live in Bergen"),
    ],
)
def test_what_somebody_says_themselves_stays_theirs(message: str, quote: str) -> None:
    assert not is_pasted(message, quote)


def test_a_fact_is_trusted_as_far_as_the_words_that_it_rests_on() -> None:
    message = "I live in Oslo.\n> I live in Minsk."
    transcript = Transcript((Message("user", message),), NOW)

    assert trust_in(transcript, (0,), "I live in Oslo.") == OWN_WORDS
    assert trust_in(transcript, (0,), "I live in Minsk.") == PASTED


@pytest.mark.parametrize(
    "piece", ["> a\n", '"', "From: a\n", "Hi,\n", "email ", "```", "wrote: ", "- -- ", "Best, a\n"]
)
def test_it_takes_no_longer_than_the_message_is_long(piece: str) -> None:
    def seconds(times: int) -> float:
        message = piece * times
        began = time.process_time()
        is_pasted(message, "nothing")
        is_pasted(message + "\nx y z", "x y z")
        return time.process_time() - began

    seconds(100)
    assert seconds(40_000) < 0.5
