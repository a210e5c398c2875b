"""Long transcripts in overlapping windows."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.extract.windows import MESSAGE_OVERHEAD_CHARS, windows
from app.rules.types import Message, Transcript, Window


def transcript_of(*sizes: int) -> Transcript:
    """Messages of these sizes, the overhead of each counted in."""
    messages = tuple(Message("user", "x" * (size - MESSAGE_OVERHEAD_CHARS)) for size in sizes)
    return Transcript(messages, datetime(2024, 5, 1, tzinfo=UTC))


def test_a_short_transcript_is_one_window() -> None:
    assert windows(transcript_of(200, 200), max_chars=1_000, overlap_messages=2) == [
        Window(0, 2, 0)
    ]


def test_an_empty_transcript_has_no_windows() -> None:
    assert windows(transcript_of(), max_chars=1_000, overlap_messages=2) == []


def test_windows_open_with_the_last_messages_of_the_one_before() -> None:
    found = windows(transcript_of(*[200] * 9), max_chars=1_000, overlap_messages=2)

    assert found == [Window(0, 5, 0), Window(3, 8, 5), Window(6, 9, 8)]


def test_a_message_over_the_limit_is_a_window_of_its_own() -> None:
    found = windows(transcript_of(200, 5_000, 200), max_chars=1_000, overlap_messages=2)

    assert found == [Window(0, 1, 0), Window(1, 2, 1), Window(2, 3, 2)]


def test_context_makes_room_for_a_long_fresh_message() -> None:
    found = windows(transcript_of(300, 300, 300, 900), max_chars=1_000, overlap_messages=2)

    assert found == [Window(0, 3, 0), Window(3, 4, 3)]


@given(
    sizes=st.lists(st.integers(MESSAGE_OVERHEAD_CHARS, 3_000), max_size=60),
    max_chars=st.integers(1, 4_000),
    overlap_messages=st.integers(0, 10),
)
def test_every_message_is_fresh_in_exactly_one_window(
    sizes: list[int], max_chars: int, overlap_messages: int
) -> None:
    found = windows(transcript_of(*sizes), max_chars, overlap_messages)

    fresh = [index for window in found for index in range(window.fresh_from, window.stop)]
    assert fresh == list(range(len(sizes)))
    for window in found:
        assert 0 <= window.fresh_from - window.start <= overlap_messages
        assert (
            sum(sizes[window.start : window.stop]) <= max_chars or window.stop - window.start == 1
        )
