"""Wake the workers from a use case. The shell sets how, when the process starts."""

from __future__ import annotations

from collections.abc import Callable

from app.startup import runtime


class Waker:
    """Wakes the workers of this installation; does nothing until a shell has set how."""

    def __init__(self) -> None:
        self.wake: Callable[[], None] = lambda: None


def wake_with(wake: Callable[[], None]) -> None:
    """Let ``wake_workers`` call ``wake``, which must return at once."""
    runtime().one(Waker).wake = wake


def wake_workers() -> None:
    """Send a wake-up, after a commit. Returns at once; a lost wake-up costs only time."""
    runtime().one(Waker).wake()
