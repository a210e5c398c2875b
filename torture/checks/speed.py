"""How soon it recovered, and how fast and surely it was read meanwhile."""

from __future__ import annotations

from typing import Any

from torture.checks.verdict import Verdict, none_of
from torture.faults import FAULTS
from torture.faults.away import READS_STAY
from torture.keeper import Keeper
from torture.plan import Outcome
from torture.reading import Latencies, Reader

LEASES_TO_RECOVER = 2
RECOVERY, READING = "seconds to recover from", "p95 of searches during"
"""How the checks of speed begin."""
SLOWER = 1.5
ENOUGH_READS = 400
"""Fewer have no 95th percentile worth a judgement."""


def bar_seconds(outcome: Outcome, name: str = "") -> float:
    """Within how many seconds of a fault everything must be finished."""
    waits = FAULTS[name].waits_seconds if name in FAULTS else 0.0
    return LEASES_TO_RECOVER * outcome.plan.clocks.lease + waits


def judge_recovery(outcome: Outcome, keeper: Keeper) -> list[Verdict]:
    """Within two leases of each fault, of each storm, and of the last POST."""
    after = {**outcome.alone}
    after |= {f"storm {n}": seconds for n, seconds in enumerate(outcome.storms, start=1)}
    after["the last POST, until the queue was empty"] = outcome.figures["drained_after_seconds"]
    verdicts = []
    for what, seconds in after.items():
        bar = bar_seconds(outcome, what)
        name = f"{RECOVERY} {what}"
        verdicts.append(Verdict("I10", name, seconds, f"below {bar:g}", seconds < bar))
    down = [unit.name for unit in keeper.units if not unit.alive]
    return [*verdicts, none_of("I10", "processes that stayed down", down)]


def judge_reading(reader: Reader, calm: Latencies) -> list[Verdict]:
    """No search fails while the database is there; what they can do without slows them little."""
    failed = [
        f"{reason} ({count} times) during {', '.join(sorted(happening)) or 'the calm'}"
        for happening, latencies in reader.kept.items()
        if not _is_blind(happening)
        for reason, count in latencies.failures.items()
    ]
    verdicts = [none_of("I9", "searches that failed while the database was there", failed)]
    for name in READS_STAY:
        meanwhile = _during(reader, name)
        if min(map(len, (calm.milliseconds, meanwhile.milliseconds))) >= ENOUGH_READS:
            ratio = round(meanwhile.figures()["p95_ms"] / calm.figures()["p95_ms"], 2)
            what, bar = f"{READING} {name}, in calm ones before", f"at most {SLOWER:g}"
            verdicts.append(Verdict("I9", what, ratio, bar, ratio <= SLOWER))
    return verdicts


def reads(reader: Reader, calm: Latencies) -> dict[str, dict[str, Any]]:
    """Their figures, by what was going on."""
    together = reader.together
    return {
        "calm_before": calm.figures(),
        **{name: _during(reader, name).figures() for name in READS_STAY},
        "calm": together(lambda happening: not happening).figures(),
        "under_fault": together(lambda h: bool(h) and not _is_blind(h)).figures(),
        "database_away_or_locked": together(_is_blind).figures(),
    }


def _during(reader: Reader, name: str) -> Latencies:
    return reader.together(lambda happening: name in happening)


def _is_blind(happening: frozenset[str]) -> bool:
    """Whether the readers are excused: the database was away or blocked."""
    return any(FAULTS[name].blinds for name in happening if name in FAULTS)
