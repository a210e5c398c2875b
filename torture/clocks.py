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
    lease=15.0,
    burst=4.0,
    env={
        "SMARA_EXTRACTION_TIMEOUT_SECONDS": "3",
        "SMARA_EMBEDDING_TIMEOUT_SECONDS": "2",
        "SMARA_QUERY_EMBEDDING_TIMEOUT_SECONDS": "0.5",
        "SMARA_CONVERSATION_TIMEOUT_SECONDS": "10",
        "SMARA_CLAIM_WINDOW_SECONDS": "2",
        "SMARA_SOFT_TIME_LIMIT_SECONDS": "13",
        "SMARA_HARD_TIME_LIMIT_SECONDS": "14",
        "SMARA_LEASE_SECONDS": "15",
        "SMARA_RESCUE_SECONDS": "1",
        "SMARA_WORKER_STALLED_SECONDS": "8",
        "SMARA_RETRY_BASE_SECONDS": "1",
        "SMARA_RETRY_CAP_SECONDS": "6",
        "SMARA_STATEMENT_TIMEOUT_SECONDS": "6",
        "SMARA_CIRCUIT_PAUSE_SECONDS": "1",
        "SMARA_CIRCUIT_PAUSE_CAP_SECONDS": "4",
    },
)
"""About a twentieth of the defaults: a lease of 15 s instead of 300. The processor's time does not
shrink with them: at a fortieth, what two cores do while two workers start took longer than a
conversation may, and was done over. A chat of 3,000 facts takes 8 to 11 s, so that it is often
begun anew, and goes on with what its first attempt has kept. What is counted is as in production: 8
attempts, 3 crashes."""

SHORT = Clocks(
    lease=6.0,
    burst=2.0,
    env={
        **FULL.env,
        "SMARA_EXTRACTION_TIMEOUT_SECONDS": "1",
        "SMARA_EMBEDDING_TIMEOUT_SECONDS": "1",
        "SMARA_CONVERSATION_TIMEOUT_SECONDS": "1.8",
        "SMARA_CLAIM_WINDOW_SECONDS": "1",
        "SMARA_SOFT_TIME_LIMIT_SECONDS": "4",
        "SMARA_HARD_TIME_LIMIT_SECONDS": "5",
        "SMARA_LEASE_SECONDS": "6",
        "SMARA_RESCUE_SECONDS": "0.5",
        "SMARA_WORKER_STALLED_SECONDS": "5",
        "SMARA_RETRY_CAP_SECONDS": "4",
    },
)
"""For the cut that runs with every other test."""
