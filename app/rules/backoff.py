"""Compute how long to wait before the next attempt."""

from __future__ import annotations


def backoff_seconds(
    attempts: int, draw: float, *, base_seconds: float, cap_seconds: float
) -> float:
    """Compute the seconds to wait after ``attempts`` (≥ 1) failed attempts, in [0, min(cap, base ·
    2^(attempts - 1))].

    ``draw`` is a random number in [0, 1). Full jitter: Brooker, "Exponential Backoff And Jitter",
    AWS 2015.
    """
    ceiling = min(cap_seconds, base_seconds * 2.0 ** min(attempts - 1, 60))
    return draw * ceiling
