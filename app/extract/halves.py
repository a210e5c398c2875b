"""A window that is too much for one answer → two that are less."""

from __future__ import annotations

from app.rules.types import Window


def halves(window: Window, overlap_messages: int) -> tuple[Window, Window] | None:
    """The window's fresh messages in two windows, in order; the second opens with up to
    ``overlap_messages`` of the first. None when there is one fresh message: it cannot be less.
    """
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
    """A number for the window by the fresh messages that it has: the same window has it in every
    run, however it was come to, and no other window of the conversation has it."""
    return (window.fresh_from + 1) * 4_096 + window.stop - window.fresh_from
