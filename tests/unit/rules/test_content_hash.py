"""Equal for texts that no reader could tell apart, and for no others."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.bands import PUBLISHED
from app.rules.content_hash import content_hash
from app.rules.decision import decide
from app.rules.types import Neighbour

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User likes caf\u00e9s", "User likes cafe\u0301s"),
        ("User likes tea", "User li\u200bkes\u200d tea\ufeff"),
        ("User likes caf\u00e9s", "User likes cafe\u200b\u0301s"),
        ("User likes tea", "USER LIKES TEA"),
        ("User likes tea", "User likes tea."),
        ("User likes tea", "  User\u00a0likes \n tea  "),
        ("User's cat is 3", "User\u2019s cat is 3"),
        ("User lives in the Stra\u00dfe", "User lives in the STRASSE"),
    ],
    ids=[
        "NFD",
        "zero width",
        "zero width between a letter and its accent",
        "case",
        "full stop",
        "white space",
        "typographic apostrophe",
        "case folding",
    ],
)
def test_texts_that_no_reader_could_tell_apart_have_one_hash(one: str, other: str) -> None:
    assert content_hash(one) == content_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User likes tea", "User likes teas"),
        ("User is allergic to nuts", "User is not allergic to nuts"),
        ("User likes tea", "User likes tea?"),
        ("User weighs 7.5 kg", "User weighs 75 kg"),
        ("!!!", "..."),
        ("!!!", ""),
        (".", "!"),
        ("\U0001f600", "\U0001f622"),
        ("\u2764\ufe0f", "\U0001f44d"),
        ("-", "?"),
    ],
)
def test_texts_that_differ_to_a_reader_have_different_hashes(one: str, other: str) -> None:
    assert content_hash(one) != content_hash(other)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_unicode_form_of_a_text_does_not_matter(text: str) -> None:
    composed, decomposed = (
        content_hash(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")
    )

    assert composed == decomposed == content_hash(text)
    assert len(composed) == 32


@given(st.text("abcXYZ0189 ?-", min_size=1), st.text("abcXYZ0189 ?-", min_size=1))
def test_plain_texts_share_a_hash_only_when_they_differ_in_case_and_white_space_alone(
    one: str, other: str
) -> None:
    same = one.casefold().split() == other.casefold().split()

    assert (content_hash(one) == content_hash(other)) is same


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("Ana likes tea", "Ana likes tea"),
        ("ana likes tea", "Ana likes tea."),
        ("Ana likes tea", "ANA LIKES TEA"),
        ("User no longer lives in Oslo.", "User  no  longer  lives  in  Oslo."),
        ("User no longer lives in Oslo.", "User no longer lives in Oslo."),
        ("user doesn't like phone calls", "User doesn't like phone calls."),
        ("User lives in New\u00a0York", "User lives in New York"),
        ("guten morgen, ich wohne hier", "Guten Morgen, ich wohne hier."),
    ],
)
def test_a_fact_with_the_hash_of_a_live_memory_is_its_duplicate_since_the_table_takes_no_second_one(
    new: str, old: str
) -> None:
    assert content_hash(new) == content_hash(old)

    decision = decide(new, NEW_YEAR, [Neighbour(UUID(int=1), old, 1.0, NEW_YEAR)], PUBLISHED)

    assert decision.outcome == "duplicate"
