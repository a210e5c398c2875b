"""Decide from a provider's failures whether it is called, and when next: the rules of a circuit
breaker.

Times are in seconds and relative to the database's now, so that nothing here needs a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

State: TypeAlias = Literal["closed", "open", "half_open"]
Kind: TypeAlias = Literal["unavailable", "limited", "refused"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """Closed: the provider is called. Open: it is not, for ``retry_in_seconds``. Half open: one
    probe is under way, which counts as lost after ``retry_in_seconds``.

    ``failures`` are those of the window that began ``window_age_seconds`` ago. ``age_seconds`` is
    how long the state has been what it is.
    """

    state: State = "closed"
    failures: int = 0
    window_age_seconds: float = 0.0
    failed_probes: int = 0
    reason: str | None = None
    age_seconds: float = 0.0
    retry_in_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that failed, ``seconds`` after it began. ``asked_seconds`` is the provider's own
    Retry-After."""

    kind: Kind
    reason: str
    seconds: float
    asked_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``failures`` within ``window_seconds`` open a circuit, for ``pause_seconds`` at first and
    ``pause_cap_seconds`` at most."""

    failures: int
    window_seconds: float
    pause_seconds: float
    pause_cap_seconds: float


def after_failure(circuit: Circuit, failure: Failure, limits: Limits) -> Circuit:
    """Give the circuit after a failure; its ``age_seconds`` is 0 when the state is new.

    A refusal or a rate limit opens it at once. A call that began before the circuit changed says
    nothing new: it neither counts as a failed probe nor makes the pause grow.
    """
    if circuit.state == "closed":
        counting = circuit.failures > 0 and circuit.window_age_seconds <= limits.window_seconds
        failures = circuit.failures + 1 if counting else 1
        if failure.kind == "unavailable" and failures < limits.failures:
            window_age = circuit.window_age_seconds if counting else 0.0
            return replace(circuit, failures=failures, window_age_seconds=window_age)
        return _opened(replace(circuit, failures=failures), failure, limits, failed_probes=0)
    if circuit.state == "half_open" and failure.seconds <= circuit.age_seconds:
        return _opened(circuit, failure, limits, failed_probes=circuit.failed_probes + 1)
    asked = failure.asked_seconds or 0.0
    if circuit.state == "open" and asked > circuit.retry_in_seconds:
        return replace(circuit, retry_in_seconds=asked)
    return circuit


def _opened(circuit: Circuit, failure: Failure, limits: Limits, *, failed_probes: int) -> Circuit:
    pause = min(limits.pause_cap_seconds, limits.pause_seconds * 2.0 ** min(failed_probes, 60))
    if failure.asked_seconds is not None:
        # A rate limit says itself when it ends; what is down may take longer than it thinks.
        limited = failure.kind == "limited"
        pause = failure.asked_seconds if limited else max(pause, failure.asked_seconds)
    return replace(
        circuit,
        state="open",
        failed_probes=failed_probes,
        reason=failure.reason,
        age_seconds=0.0,
        retry_in_seconds=pause,
    )
