"""How many calls of this process may wait for a paid provider at the same time, learned from what
becomes of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.provider_errors import CircuitOpen, ProviderError, ProviderThrottled, ProviderUnavailable
from app.rules.in_flight import InFlight
from app.rules.rate_limit_headers import calls_left
from app.rules.types import Key, Usage
from app.startup import runtime

WEIGHT_OF_LAST = 0.1
"""How far the last call moves the average of tokens a call."""


class _Learned:
    """What this process has learned of each provider."""

    def __init__(self) -> None:
        self._most = runtime().settings.waiting_in_flight
        self._processes = runtime().settings.worker_processes
        self._of: dict[Key, InFlight] = {}
        self._tokens_per_call: dict[Key, float] = {}

    def of(self, key: Key) -> InFlight:
        return self._of.setdefault(key, InFlight(self._most))

    def count(self, key: Key, usage: Usage) -> None:
        tokens = float(usage.input_tokens + usage.output_tokens)
        before = self._tokens_per_call.get(key, tokens)
        self._tokens_per_call[key] = before + WEIGHT_OF_LAST * (tokens - before)

    def hear(self, key: Key, headers: Mapping[str, str]) -> None:
        left = calls_left(
            headers,
            tokens_per_call=self._tokens_per_call.get(key, 1.0),
            now=datetime.now(UTC),
        )
        if left is not None:
            # The other processes hear the same, and take their share.
            share = -(-left.calls // self._processes)
            self.of(key).leaves(share, time.monotonic() + left.seconds)


def _learned() -> _Learned:
    return runtime().one(_Learned)


def room(keys: Sequence[Key], under_way: int, *, otherwise: int) -> int:
    """Give how many more conversations may begin that call these providers, with so many under way;
    ``otherwise`` is how many may be under way that call none."""
    if not keys:
        return max(otherwise - under_way, 0)
    now = time.monotonic()
    return min(_learned().of(key).room(under_way, now) for key in keys)


def note_answer(key: Key, usage: Usage | None) -> None:
    """Note that the provider answered."""
    learned = _learned()
    learned.of(key).answered()
    if usage is not None:
        learned.count(key, usage)


def note_failure(key: Key, error: ProviderError) -> None:
    """Note how a call failed. One that was not made says nothing, and one that the provider
    rejected was answered."""
    match error:
        case CircuitOpen() | ProviderThrottled():
            return
        case ProviderUnavailable(rate_limited=True):
            _learned().of(key).was_limited(time.monotonic())
        case ProviderUnavailable():
            _learned().of(key).was_away()
        case _:
            _learned().of(key).answered()


def hear(key: Key, headers: Mapping[str, str]) -> None:
    """Note what the headers of an answer say of the provider's own limits."""
    _learned().hear(key, headers)
