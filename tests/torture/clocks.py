"""The service's clocks, in their order but short: a lease runs out while somebody watches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds. ``burst`` is how long a provider fails altogether. ``env`` is how the service is
    told."""

    lease: float
    burst: float
    env: dict[str, str]


FULL = Clocks(
    lease=8.0,
    burst=4.0,
    env={
        "SMARA_EXTRACTION_TIMEOUT_SECONDS": "1.5",
        "SMARA_EMBEDDING_TIMEOUT_SECONDS": "1",
        "SMARA_QUERY_EMBEDDING_TIMEOUT_SECONDS": "0.5",
        "SMARA_CONVERSATION_TIMEOUT_SECONDS": "2.5",
        "SMARA_CLAIM_WINDOW_SECONDS": "1.5",
        "SMARA_SOFT_TIME_LIMIT_SECONDS": "6",
        "SMARA_HARD_TIME_LIMIT_SECONDS": "7",
        "SMARA_LEASE_SECONDS": "8",
        "SMARA_VISIBILITY_TIMEOUT_SECONDS": "12",
        "SMARA_SWEEP_SECONDS": "1",
        "SMARA_WORKER_STALLED_SECONDS": "6",
        "SMARA_RETRY_BASE_SECONDS": "1",
        "SMARA_RETRY_CAP_SECONDS": "6",
        "SMARA_STATEMENT_TIMEOUT_SECONDS": "6",
        "SMARA_CIRCUIT_PAUSE_SECONDS": "1",
        "SMARA_CIRCUIT_PAUSE_CAP_SECONDS": "4",
    },
)
"""About a fortieth of the defaults: a lease of 8 s instead of 300. A worker is taken for deaf after
6 s instead of 60: sooner, one that is only busy would be. What is counted is as in production: 8
attempts, 3 crashes."""

SHORT = Clocks(
    lease=6.0,
    burst=2.0,
    env={
        **FULL.env,
        "SMARA_EXTRACTION_TIMEOUT_SECONDS": "1",
        "SMARA_CONVERSATION_TIMEOUT_SECONDS": "1.8",
        "SMARA_CLAIM_WINDOW_SECONDS": "1",
        "SMARA_SOFT_TIME_LIMIT_SECONDS": "4",
        "SMARA_HARD_TIME_LIMIT_SECONDS": "5",
        "SMARA_LEASE_SECONDS": "6",
        "SMARA_VISIBILITY_TIMEOUT_SECONDS": "8",
        "SMARA_SWEEP_SECONDS": "0.5",
        "SMARA_WORKER_STALLED_SECONDS": "5",
        "SMARA_RETRY_CAP_SECONDS": "4",
    },
)
"""For the cut that runs with every other test."""
