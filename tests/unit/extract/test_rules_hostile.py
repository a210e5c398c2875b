"""Whatever people paste, the rules give grounded facts in time in proportion to its length."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.extract.keyless.extractor import draw_facts
from app.rules.types import Fact, Message, Transcript, Window
from tests.support.growth import grows_linearly

SAID_AT = datetime(2024, 5, 15, 10, 0, tzinfo=UTC)
PIECES = [
    "I ", "I'm ", "my ", "we ", "you ", "and ", ". ", "? ", "! ", ", ", "\n", "- ", "```\n", '"',
    "“", "[", "]", "(", "last week ", "2 days ago ", "in 2019 ", "yesterday ", "next ", "am ",
    "have ", "really ", "live in Oslo ", "Hey ", "Mel ", "thanks ", "for ", "ich wohne ", "je n'",
    "yo ", "me ", "中", "。", "é", "😀", "’", "https://x.y ", "a@b.c ", "0", "that's ", "so ",
    "\u2028", "\x00",
]  # fmt: skip


def drawn(content: str) -> list[Fact]:
    messages = (
        Message("user", "Do you like " + content[:200] + "?", "Bob"),
        Message("user", content, "Ann"),
    )
    return draw_facts(Transcript(messages, SAID_AT), Window(0, 2, 0))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=300))
def test_every_fact_is_grounded_and_opens_with_its_name(content: str) -> None:
    for fact in drawn(content):
        first = fact.message_indexes[0]
        source = content if first == 1 else "Do you like " + content[:200] + "?"
        assert fact.quote
        assert fact.quote in source
        assert fact.text.startswith(fact.about)
        assert 0.0 <= fact.importance <= 1.0
        assert fact.valid_from is not None
        assert fact.valid_from.tzinfo is not None


@pytest.mark.parametrize(
    "piece", [*PIECES, "a", "I really ", "and I ", "that's so very ", "x-", "@", "a."]
)
def test_the_time_grows_with_the_length_of_the_text_alone(piece: str) -> None:
    assert grows_linearly(lambda n: drawn(("I like " + piece * n)[:n]), 20_000)
