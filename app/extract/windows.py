"""Split a long transcript into overlapping windows of whole messages."""

from __future__ import annotations

from app.rules.types import Message, Transcript, Window

MESSAGE_OVERHEAD_CHARS = 100
"""What a message costs besides its words: its index, role, name and time in the prompt. Without it,
ten thousand messages of "ok" would count as one small window."""


def windows(transcript: Transcript, max_chars: int, overlap_messages: int) -> list[Window]:
    """Give the windows in order; every message is fresh in exactly one of them, and an empty
    transcript has none.

    A window's messages together are at most ``max_chars`` long, each counted with its overhead. It
    opens with up to ``overlap_messages`` messages of the window before, as many as leave room for
    the first fresh one. A message that is longer than ``max_chars`` makes a window of its own.
    """
    sizes = [_size(message) for message in transcript.messages]
    found: list[Window] = []
    fresh_from = 0
    while fresh_from < len(sizes):
        start, total = fresh_from, sizes[fresh_from]
        while (
            start > max(fresh_from - overlap_messages, 0) and total + sizes[start - 1] <= max_chars
        ):
            start -= 1
            total += sizes[start]
        stop = fresh_from + 1
        while stop < len(sizes) and total + sizes[stop] <= max_chars:
            total += sizes[stop]
            stop += 1
        found.append(Window(start=start, stop=stop, fresh_from=fresh_from))
        fresh_from = stop
    return found


def _size(message: Message) -> int:
    return len(message.content) + len(message.name or "") + MESSAGE_OVERHEAD_CHARS


def halves(window: Window, overlap_messages: int) -> tuple[Window, Window] | None:
    """Split the window's fresh messages into two windows, in order; the second opens with up to
    ``overlap_messages`` of the first. None when there is one fresh message."""
    fresh = window.stop - window.fresh_from
    if fresh < 2:
        return None
    middle = window.fresh_from + fresh // 2
    return (
        Window(start=window.start, stop=middle, fresh_from=window.fresh_from),
        Window(
            start=max(middle - overlap_messages, window.start),
            stop=window.stop,
            fresh_from=middle,
        ),
    )


def part_of(window: Window) -> int:
    """Give a number for the window by the fresh messages that it has: the same window has it in
    every run, however it was split, and no other window of the conversation has it."""
    return (window.fresh_from + 1) * 4_096 + window.stop - window.fresh_from
