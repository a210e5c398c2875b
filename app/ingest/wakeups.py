"""Wake the workers from a use case. How that is done, a shell above has said at its start."""

from __future__ import annotations

from collections.abc import Callable

from app.startup import runtime


class Waker:
    """What wakes the workers of this process's installation; nothing until a shell has said."""

    def __init__(self) -> None:
        self.wake: Callable[[], None] = lambda: None


def wake_with(wake: Callable[[], None]) -> None:
    """Let ``wake_workers`` call ``wake``, which must return at once."""
    runtime().one(Waker).wake = wake


def wake_workers() -> None:
    """Ask for a wake-up, after a commit. Returns at once; a lost wake-up costs time only."""
    runtime().one(Waker).wake()
