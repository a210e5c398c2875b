"""When an endpoint is tried again."""

from __future__ import annotations

from app.webhooks.retry_schedule import pause_seconds


def test_the_schedule_is_the_one_that_svix_publishes() -> None:
    assert [pause_seconds(attempts) for attempts in range(1, 9)] == [
        5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, None,
    ]  # fmt: skip
