"""Decide whether a paid provider is called at all: circuits that all processes share.

Their state is in Postgres. Each process keeps what it last saw for about a second, so that a call
costs no further query while all circuits are closed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from app.db import circuit_breaker
from app.db.pool import SystemTx, system, transaction
from app.errors import DatabaseUnavailable
from app.logs import log
from app.provider_errors import CircuitOpen, ProviderError, ProviderRefused, ProviderUnavailable
from app.rules.circuit_breaker import Failure, Kind, Limits, after_failure
from app.rules.types import Key, OpenCircuit
from app.startup import runtime

LOOK_AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class _Seen:
    """What this process last saw. ``suspect``: the circuits whose last failure was a call of this
    process, so that its next success must be written."""

    at: float = float("-inf")
    open: dict[Key, OpenCircuit] = field(default_factory=dict)
    suspect: set[Key] = field(default_factory=set)

    def take(self, found: Sequence[OpenCircuit]) -> None:
        self.at = time.monotonic()
        self.open = {circuit.key: circuit for circuit in found}

    def forget(self) -> None:
        self.at = float("-inf")


def _view() -> _Seen:
    return runtime().one(_Seen)


async def claimable(tx: SystemTx, keys: Sequence[Key]) -> tuple[bool, UUID | None]:
    """Whether conversations that need these providers may be claimed, and the probe when only one
    may: processing it finds out whether the providers answer again."""
    if not keys:
        return True, None
    found = await circuit_breaker.open_circuits(tx)
    _view().take(found)
    open_ = [circuit for circuit in found if circuit.key in keys]
    if not open_:
        return True, None
    if any(circuit.retry_in_seconds > 0 for circuit in open_):
        return False, None
    probe = uuid4()
    taken = await _take(tx, [circuit.key for circuit in open_], probe)
    if len(taken) < len(open_):
        await give_probe_back(tx, probe)
        return False, None
    return True, probe


async def give_probe_back(tx: SystemTx, probe: UUID) -> None:
    """Give the probe back, so that another process can take it."""
    await circuit_breaker.return_probe(tx, probe)


@asynccontextmanager
async def permitted(key: Key, probe: UUID | None = None) -> AsyncIterator[None]:
    """Let the block call the provider, if its circuit is closed or this is the probe. Raises
    CircuitOpen otherwise."""
    own = None if probe else await _permit(key)
    try:
        yield
    finally:
        if own is not None:
            await return_probe(own)


async def is_due(key: Key) -> bool:
    """Whether the circuit is due for a probe: False while it is closed. Raises CircuitOpen during
    its pause, as this process last saw it."""
    circuit = await _resting(key)
    if circuit is None:
        return False
    if circuit.retry_in_seconds > time.monotonic() - _view().at:
        raise _paused(circuit)
    return True


async def take_probe(key: Key) -> UUID | None:
    """Take the probe of a circuit whose pause is over; one caller of all processes gets it, the
    others get None."""
    probe = uuid4()
    async with system() as tx:
        taken = await _take(tx, [key], probe)
        _view().take(await circuit_breaker.open_circuits(tx))
    return probe if taken else None


async def return_probe(probe: UUID) -> None:
    """Give the probe back in a transaction of its own, so that another process can take it."""
    try:
        async with system() as tx:
            await give_probe_back(tx, probe)
    except DatabaseUnavailable as error:
        # The probe counts as lost after a while.
        log.warning("database_error", sqlstate=error.sqlstate)
    _view().forget()


async def answered(tenant_id: UUID, key: Key, *, seconds: float) -> None:
    """Record that a call was answered, and how long it took; writes only when that is news."""
    if key not in _view().suspect and key not in _view().open:
        return
    async with transaction(tenant_id) as tx:
        changed = await circuit_breaker.succeeded(tx, key, seconds=seconds)
    _view().suspect.discard(key)
    if changed and key in _view().open:
        log.info("circuit_closed", provider=key[0], model=key[1])
    _view().forget()


async def failed(tenant_id: UUID, key: Key, error: ProviderError, *, seconds: float) -> None:
    """Record that a call failed, and after how long; set ``error.waits`` when the circuit is
    open."""
    kind = _kind(error)
    if kind is None:
        await answered(tenant_id, key, seconds=seconds)
        return
    failure = Failure(kind, error.code, seconds, getattr(error, "retry_after_seconds", None))
    async with transaction(tenant_id) as tx:
        before = await circuit_breaker.lock(tx, key)
        after = after_failure(before, failure, _limits())
        if after != before:
            await circuit_breaker.write(tx, key, after)
    _view().suspect.add(key)
    if after.state == "closed":
        return
    error.waits = True
    _view().forget()
    if after.age_seconds == 0.0:
        log.warning(
            "circuit_opened",
            provider=key[0],
            model=key[1],
            reason=error.code,
            failed_probes=after.failed_probes,
            retry_in_seconds=round(after.retry_in_seconds, 1),
        )


async def _permit(key: Key) -> UUID | None:
    """Give the probe that the caller has taken, or None when the circuit is closed."""
    if not await is_due(key):
        return None
    probe = await take_probe(key)
    circuit = _view().open.get(key)
    if probe is None and circuit is not None:
        raise _paused(circuit)
    return probe


async def _resting(key: Key) -> OpenCircuit | None:
    if time.monotonic() - _view().at > LOOK_AGAIN_SECONDS:
        _view().at = time.monotonic()  # The other callers need not look as well.
        async with system() as tx:
            _view().take(await circuit_breaker.open_circuits(tx))
    return _view().open.get(key)


async def _take(tx: SystemTx, keys: Sequence[Key], probe: UUID) -> list[Key]:
    settings = runtime().settings
    return await circuit_breaker.take_probe(
        tx,
        keys,
        probe,
        lost_after_seconds=settings.extraction_timeout_seconds + settings.embedding_timeout_seconds,
    )


def _kind(error: ProviderError) -> Kind | None:
    """Give the kind of a failure; None for one that is an answer, since a provider that rejects a
    request is there."""
    match error:
        case ProviderRefused():
            return "refused"
        case ProviderUnavailable(rate_limited=True):
            return "limited"
        case ProviderUnavailable():
            return "unavailable"
        case _:
            return None


def _paused(circuit: OpenCircuit) -> CircuitOpen:
    retry_in = max(circuit.retry_in_seconds, 0.0)
    return CircuitOpen(
        f"{circuit.provider} is not asked at present ({circuit.reason}).",
        retry_after_seconds=retry_in,
    )


def _limits() -> Limits:
    settings = runtime().settings
    return Limits(
        failures=settings.circuit_failures,
        window_seconds=settings.circuit_window_seconds,
        pause_seconds=settings.circuit_pause_seconds,
        pause_cap_seconds=settings.circuit_pause_cap_seconds,
    )
