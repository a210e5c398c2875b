"""What is taken for personal data, and what is not."""

from __future__ import annotations

import asyncio

import pytest

from app.privacy.presidio import redact, redact_json


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Write to a.b+c@mail.example.org.", "Write to [redacted: email address]."),
        ("Call 212-555-0187 now", "Call [redacted: phone number] now"),
        ("My IBAN is DE89 3704 0044 0532 0130 00", "My IBAN is [redacted: iban]"),
        ("The server is 203.0.113.7", "The server is [redacted: ip address]"),
        ("Écrivez à zoë@exemple.fr, merci", "Écrivez à [redacted: email address], merci"),
    ],
)
def test_personal_data_becomes_its_kind(text: str, without: str) -> None:
    assert asyncio.run(redact([text])) == [without]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "User moved to Oslo in 2019 with 3 cats and 12345 books.",
        "Sprint 42 ends on 2026-05-15 at 10:30, order 20260412.",
        "User's budget is $500,000 and the build is 1.2.3.",
        "私は東京に住んでいます。",
    ],
)
def test_ordinary_words_and_numbers_stay(text: str) -> None:
    assert asyncio.run(redact([text])) == [text]


def test_strings_in_json_are_redacted_and_keys_stay() -> None:
    value = {"a@b.example.org": ["a@b.example.org", {"n": 5, "at": "a@b.example.org"}]}
    hidden = "[redacted: email address]"

    assert asyncio.run(redact_json(value)) == {"a@b.example.org": [hidden, {"n": 5, "at": hidden}]}
