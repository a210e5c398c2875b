"""What a person writes and does not say of themselves: played parts, pasted mails, pictures in the
place of words, and what they take back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.extract.keyless.extractor import draw_facts
from app.rules.types import Message, Transcript, Window


def learned(*said: str) -> list[str]:
    messages = tuple(Message("user", words) for words in said)
    transcript = Transcript(messages, datetime(2026, 12, 1, tzinfo=UTC))
    return [fact.text for fact in draw_facts(transcript, Window(0, len(said), 0))]


@pytest.mark.parametrize(
    "message",
    [
        "Let's role-play. I am Captain Hook and I live on a ship in Neverland.",
        "Pretend you're my boss. I am your employee and I work at Globex.",
        "Write me a story. I am a wizard and I live in a tower.",
        "Imagine that I'm a pirate. I live on an island.",
    ],
)
def test_a_part_that_is_played_is_not_the_person(message: str) -> None:
    assert learned(message) == []


def test_a_part_is_played_until_it_is_over_and_own_words_before_it_count() -> None:
    assert learned(
        "I live in Oslo. Let's role-play. I am Captain Hook.",
        "I live on a ship.",
        "Ok, stop the role-play.",
        "I have a dog.",
    ) == ["User lives in Oslo.", "User has a dog."]


def test_a_mail_that_is_pasted_is_not_the_persons_and_one_that_they_write_is() -> None:
    mail = "Hi team,\nI moved to Porto and I am on sick leave.\nBest,\nAna"

    assert learned(f"Can you summarise this mail?\n\n{mail}") == []
    assert learned(mail) != []


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ("I ❤️ sushi 🍣.", ["User loves sushi."]),
        ("I live in 🇵🇹", []),
        ("I eat 🍕 every day", []),
        ("I live in Lisbon 🇵🇹 with my dog 🐶", ["User lives in Lisbon with their dog."]),
    ],
)
def test_a_picture_for_a_word_is_read_or_left(message: str, facts: list[str]) -> None:
    assert learned(message) == facts


@pytest.mark.parametrize(
    ("first", "then", "facts"),
    [
        ("I live in Oslo.", "Sorry, I meant Bergen.", ["User lives in Bergen."]),
        ("I am 34 years old.", "oops, I meant 35", ["User is 35 years old."]),
        ("I work at Siemens.", "Actually, I meant Bosch, not Siemens.", ["User works at Bosch."]),
        ("I live in Oslo.", "I meant to say something else entirely", []),
        ("I live in Oslo.", "I have a cat.", ["User lives in Oslo.", "User has a cat."]),
    ],
)
def test_what_is_taken_back_is_not_learned(first: str, then: str, facts: list[str]) -> None:
    assert learned(first, then) == facts
