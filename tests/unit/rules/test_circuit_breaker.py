"""The rules of a circuit: when it opens, for how long, and what a late failure is worth."""

from __future__ import annotations

import pytest

from app.rules.circuit_breaker import Circuit, Failure, Limits, after_failure

LIMITS = Limits(failures=3, window_seconds=60.0, pause_seconds=5.0, pause_cap_seconds=30.0)
DOWN = Failure("unavailable", "provider_unavailable", seconds=0.1)


def test_it_opens_at_the_third_failure_within_the_window() -> None:
    circuit = Circuit()
    states = []
    for _ in range(3):
        circuit = after_failure(circuit, DOWN, LIMITS)
        states.append(circuit.state)

    assert states == ["closed", "closed", "open"]
    assert (circuit.retry_in_seconds, circuit.reason) == (5.0, "provider_unavailable")


def test_failures_of_an_older_window_do_not_count() -> None:
    two_long_ago = Circuit(failures=2, window_age_seconds=61.0, age_seconds=61.0)

    after = after_failure(two_long_ago, DOWN, LIMITS)

    assert (after.state, after.failures, after.window_age_seconds) == ("closed", 1, 0.0)


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (Failure("refused", "provider_key_refused", 0.1), 5.0),
        (Failure("limited", "provider_rate_limited", 0.1, asked_seconds=2.0), 2.0),
        (Failure("limited", "provider_rate_limited", 0.1, asked_seconds=120.0), 120.0),
        (Failure("limited", "provider_rate_limited", 0.1), 5.0),
    ],
)
def test_a_refusal_or_a_rate_limit_opens_it_at_once(failure: Failure, pause: float) -> None:
    after = after_failure(Circuit(age_seconds=9.0), failure, LIMITS)

    assert (after.state, after.retry_in_seconds) == ("open", pause)


def test_what_is_down_rests_no_shorter_than_it_asks_for() -> None:
    asked = Failure("unavailable", "provider_unavailable", 0.1, asked_seconds=12.0)

    after = after_failure(Circuit(failures=2, window_age_seconds=1.0), asked, LIMITS)

    assert after.retry_in_seconds == 12.0


def test_the_pause_grows_with_each_failed_probe_up_to_the_cap() -> None:
    circuit = Circuit("open")
    pauses = []
    for _ in range(4):
        probing = Circuit("half_open", failed_probes=circuit.failed_probes, age_seconds=0.2)
        circuit = after_failure(probing, DOWN, LIMITS)
        pauses.append(circuit.retry_in_seconds)

    assert pauses == [10.0, 20.0, 30.0, 30.0]


@pytest.mark.parametrize("state", ["open", "half_open"])
def test_a_call_that_began_before_says_nothing_new(state: str) -> None:
    circuit = Circuit(state, age_seconds=1.0, retry_in_seconds=4.0)  # type: ignore[arg-type]

    assert after_failure(circuit, Failure("unavailable", "x", seconds=2.0), LIMITS) == circuit


def test_a_late_rate_limit_may_make_the_pause_longer() -> None:
    circuit = Circuit("open", age_seconds=1.0, retry_in_seconds=4.0)

    after = after_failure(circuit, Failure("limited", "x", 2.0, asked_seconds=60.0), LIMITS)

    assert (after.retry_in_seconds, after.age_seconds) == (60.0, 1.0)
