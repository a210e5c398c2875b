"""The circuits table: one truth for all processes about which provider is called and which rests.

A success or failure is noted in the transaction of the tenant whose call it was; the claim, which
is of no tenant, reads and takes probes. Postgres' clock is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import class_row

from app.db.pool import SystemTx, Tx
from app.rules.circuit_breaker import Circuit
from app.rules.types import Key, OpenCircuit

OPEN_CIRCUITS = """
SELECT provider, model, state, reason, opened_at,
       date_part('epoch', retry_at - clock_timestamp()) AS retry_in_seconds
FROM circuits WHERE state <> 'closed' ORDER BY provider, model
"""


async def open_circuits(tx: Tx) -> list[OpenCircuit]:
    """The circuits that are not closed; on a calm day there are none."""
    async with tx.cursor(row_factory=class_row(OpenCircuit)) as cursor:
        await cursor.execute(OPEN_CIRCUITS)
        return await cursor.fetchall()


ADD_CIRCUIT = "INSERT INTO circuits (provider, model) VALUES (%s, %s) ON CONFLICT DO NOTHING"

LOCK = """
SELECT state, failures, failed_probes, reason,
       date_part('epoch', clock_timestamp() - window_began_at) AS window_age_seconds,
       date_part('epoch', clock_timestamp() - changed_at) AS age_seconds,
       coalesce(date_part('epoch', retry_at - clock_timestamp()), 0)
           AS retry_in_seconds
FROM circuits WHERE provider = %s AND model = %s FOR NO KEY UPDATE
"""


async def lock(tx: Tx, key: Key) -> Circuit:
    """The circuit as it is; nobody else changes it until the transaction ends."""
    await tx.execute(ADD_CIRCUIT, key)
    async with tx.cursor(row_factory=class_row(Circuit)) as cursor:
        await cursor.execute(LOCK, key)
        circuit = await cursor.fetchone()
    assert circuit is not None, "it was inserted just now"
    return circuit


WRITE = """
UPDATE circuits
SET state = %(state)s, failures = %(failures)s, failed_probes = %(failed_probes)s,
    reason = %(reason)s, probe = CASE WHEN %(state)s = 'half_open' THEN probe END,
    window_began_at = clock_timestamp() - make_interval(secs => %(window_age)s),
    changed_at = CASE WHEN %(new)s THEN clock_timestamp() ELSE changed_at END,
    opened_at = CASE WHEN %(state)s = 'closed' THEN NULL
        ELSE coalesce(opened_at, clock_timestamp()) END,
    retry_at = CASE WHEN %(state)s <> 'closed'
        THEN clock_timestamp() + make_interval(secs => %(retry_in)s) END
WHERE provider = %(provider)s AND model = %(model)s
"""


async def write(tx: Tx, key: Key, circuit: Circuit) -> None:
    """Put down what a locked circuit has become; with an age of 0 the state is a new one."""
    await tx.execute(
        WRITE,
        {
            "provider": key[0],
            "model": key[1],
            "state": circuit.state,
            "failures": circuit.failures,
            "failed_probes": circuit.failed_probes,
            "reason": circuit.reason,
            "window_age": float(circuit.window_age_seconds),
            "new": circuit.age_seconds == 0.0,
            "retry_in": float(circuit.retry_in_seconds),
        },
    )


SUCCEEDED = """
UPDATE circuits
SET state = 'closed', failures = 0, failed_probes = 0, reason = NULL, opened_at = NULL,
    retry_at = NULL, probe = NULL, changed_at = clock_timestamp()
WHERE provider = %s AND model = %s AND (state <> 'closed' OR failures > 0)
  AND (state = 'closed' OR changed_at <= clock_timestamp() - make_interval(secs => %s))
RETURNING provider
"""


async def succeeded(tx: Tx, key: Key, *, seconds: float) -> bool:
    """Close the circuit after a call that took ``seconds`` and was answered; whether that changed
    anything. A call that began before the circuit opened does not close it."""
    cursor = await tx.execute(SUCCEEDED, (*key, float(seconds)))
    return await cursor.fetchone() is not None


TAKE_PROBE = """
UPDATE circuits c
SET state = 'half_open', probe = %(probe)s, changed_at = clock_timestamp(),
    retry_at = clock_timestamp() + make_interval(secs => %(lost_after)s)
FROM (SELECT provider, model FROM circuits
      WHERE (provider, model) IN (
          SELECT * FROM unnest(%(providers)s::text[], %(models)s::text[]))
        AND state <> 'closed' AND retry_at <= clock_timestamp()
      ORDER BY provider, model FOR NO KEY UPDATE) due
WHERE c.provider = due.provider AND c.model = due.model
RETURNING c.provider, c.model
"""


async def take_probe(
    tx: SystemTx, keys: Sequence[Key], probe: UUID, *, lost_after_seconds: float
) -> list[Key]:
    """Half open those of the circuits whose pause is over, for the one caller who gets them
    back."""
    cursor = await tx.execute(
        TAKE_PROBE,
        {
            "probe": probe,
            "lost_after": float(lost_after_seconds),
            "providers": [provider for provider, _ in keys],
            "models": [model for _, model in keys],
        },
    )
    return [(provider, model) for provider, model in await cursor.fetchall()]


RETURN_PROBE = """
UPDATE circuits SET state = 'open', probe = NULL, retry_at = clock_timestamp()
WHERE probe = %s AND state = 'half_open'
"""


async def return_probe(tx: SystemTx, probe: UUID) -> None:
    """Let somebody else try what this probe has not tried; what it has is left as it found it."""
    await tx.execute(RETURN_PROBE, (probe,))
