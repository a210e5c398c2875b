"""When a delivery is retried, and when an endpoint is disabled."""

from __future__ import annotations

_MINUTE, _HOUR = 60.0, 3_600.0

PAUSES_SECONDS = (5.0, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 10 * _HOUR)
"""The pauses after the first attempt, which is made at once; eight attempts in all, over 28 hours.
Source: the schedule that Svix publishes."""

GIVE_UP_AFTER_SECONDS = 5 * 24 * _HOUR
"""An endpoint at which nothing has arrived for this long is disabled. Source: Svix, likewise."""


def pause_seconds(attempts: int) -> float | None:
    """Give the pause until the next attempt, after so many that have failed; None when that was the
    last one."""
    assert attempts >= 1
    return PAUSES_SECONDS[attempts - 1] if attempts <= len(PAUSES_SECONDS) else None
