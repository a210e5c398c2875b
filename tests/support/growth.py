"""Whether work grows with its input and no faster: a property that no busy machine can upset."""

from __future__ import annotations

import time
from collections.abc import Callable

SHORT = 0.01
"""Seconds of a processor below which a run says nothing."""


def grows_linearly(work: Callable[[int], object], size: int) -> bool:
    """Whether ten times the input takes about ten times the processor's time, a hundred times being
    the mark of squares. Asked up to three times, since the collector may step in."""
    return any(_ratio(work, size) < 35 for _ in range(3))


def _ratio(work: Callable[[int], object], size: int) -> float:
    small, large = (_processor_seconds(lambda n=n: work(n)) for n in (size, 10 * size))
    return large / max(small, SHORT)


def _processor_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
