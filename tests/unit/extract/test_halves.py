"""Windows in halves: no message is lost, and each has its number for good."""

from __future__ import annotations

from app.extract.windows import halves, part_of
from app.rules.types import Window


def test_every_fresh_message_is_in_one_half() -> None:
    found = halves(Window(start=3, stop=12, fresh_from=5), 4)
    assert found is not None
    first, second = found

    assert first == Window(start=3, stop=8, fresh_from=5)
    assert second == Window(start=4, stop=12, fresh_from=8)


def test_a_single_message_cannot_be_less() -> None:
    assert halves(Window(start=0, stop=6, fresh_from=5), 4) is None


def test_no_two_windows_of_a_conversation_have_one_number() -> None:
    numbers = [
        part_of(Window(start=fresh_from, stop=stop, fresh_from=fresh_from))
        for fresh_from in range(100)
        for stop in range(fresh_from + 1, 101)
    ]

    assert len(set(numbers)) == 5_050
    assert part_of(Window(start=1_990, stop=2_000, fresh_from=1_999)) < 2**31
