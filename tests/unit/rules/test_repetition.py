"""Which memories need no line of their own beside others: what another one repeats."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.rules.context_block import context_block
from app.rules.repetition import candidates, may_repeat, without_a_line
from app.rules.types import Recalled
from tests.unit.rules.test_context_block import recalled


def memories(*facts: str) -> list[Recalled]:
    """One memory a fact, each a month newer than the one before."""
    return [
        replace(recalled(fact), memory_id=UUID(int=n), valid_from=datetime(2026, n, 1, tzinfo=UTC))
        for n, fact in enumerate(facts, start=1)
    ]


def shown(similarity: float, *facts: str) -> list[str]:
    found = memories(*facts)
    similarities = dict.fromkeys(candidates(found), similarity)
    gone = without_a_line(found, similarities, 0.7)
    return [memory.fact for memory in found if memory.memory_id not in gone]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User has a golden retriever called Max.", "The user owns a golden retriever named Max."),
        ("User moved to Canada in 2015.", "In 2015 the user relocated to Canada."),
        ("Caroline enjoys hiking.", "Caroline likes hiking."),
        (
            "User works as a software engineer at Google.",
            "The user is employed at Google as a software developer.",
        ),
    ],
)
def test_the_newer_of_two_ways_to_say_one_thing_is_shown(one: str, other: str) -> None:
    assert shown(0.9, one, other) == [other]
    assert shown(0.9, other, one) == [one]


def test_what_says_more_is_shown_whichever_is_newer() -> None:
    less, more = "User lives in London.", "User lives in London with her sister."

    assert shown(0.0, less, more) == shown(0.0, more, less) == [more]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User drinks mate in the morning.", "User drinks coffee in the morning."),
        ("User likes tea.", "User does not like tea."),
        ("User worked at Google.", "User will work at Google."),
        ("User's aunt lives in Kobe.", "User lives in Kobe in summer."),
        ("Kenji sent User a parcel.", "User sent Kenji a parcel."),
        ("User's flight is at 7 am.", "User's flight is at gate 9."),
        ("The old parser is slow.", "The new parser is fast."),
        ("User's left knee hurts.", "User's right knee is sore."),
        ("用户喜欢苹果", "用户喜欢榴莲"),
        ("User habite à Lyon.", "User vit à Lyon."),
    ],
)
def test_two_truths_have_two_lines_however_close(one: str, other: str) -> None:
    assert not may_repeat(one, other)
    assert shown(0.99, one, other) == [one, other]


def test_what_safety_hangs_on_has_its_line_unless_another_one_holds_every_word() -> None:
    facts = "User is now on antibiotics.", "User is allergic to penicillin."
    longer = "User is allergic to penicillin since childhood."

    assert shown(0.9, *facts) == list(facts)
    assert shown(0.9, facts[1], longer) == [longer]


def test_a_block_keeps_the_numbers_of_its_memories() -> None:
    found = memories("User likes tea.", "User likes green tea.", "User has a cat.")

    block = context_block(found, frozenset({UUID(int=2)}))

    assert [line[:3] for line in block.splitlines()] == ["[1]", "[3]"]
