"""All checks of a run, and its figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from torture.attackers import ATTACKER
from torture.checks import Verdict, conversations, hooks, memories, none_of, sealed, speed, things

if TYPE_CHECKING:
    from torture.run import Run

FAULTS_TO_SHOW, CONVERSATIONS_TO_SHOW = 600, 20_000
"""What a whole run must have come to."""
WHOLE_MINUTES = 30.0
"""A run that mixes for less must have come to as much less."""


async def judge(run: Run) -> None:
    """Fill in the verdicts and figures of the run's outcome. The queue has run dry."""
    outcome, clients, ledger, cluster = run.outcome, run.clients, run.ledger, run.cluster
    tenants = [*(f"tenant-{n}" for n in range(len(clients.keys))), ATTACKER]
    outcome.verdicts = [
        # Before anything else: what was told of the last conversations is still under way.
        *await hooks.judge(cluster, ledger, clients.hooks, clients.since),
        *await conversations.judge(cluster, ledger, clients.keys, run.plan.seed),
        *await memories.judge(cluster, ledger, tenants),
        *await things.judge(cluster, ledger, tenants),
        *await sealed.judge(cluster, ledger),
        *(none_of("I8", what, found) for what, found in sorted(ledger.violations.items())),
        *speed.judge_recovery(outcome, cluster.keeper),
        *speed.judge_reading(clients.reader, run.calm),
        *_enough(run),
    ]
    claude, voyage = await cluster.tallies()
    dead = await cluster.surely(
        "SELECT error_code, count(*) FROM conversations WHERE state = 'dead' GROUP BY 1"
    )
    outcome.figures |= {
        "accepted": len(ledger.accepted),
        "kinds": dict(Counter(entry.kind.value for entry in ledger.accepted)),
        "written": dict(sorted(ledger.written.items())),
        "stories": dict(sorted(clients.tellers.told.items())),
        "persons_erased": len(ledger.erased),
        "keys_revoked": len(ledger.revoked),
        "dead_by_reason": dict(dead),
        "asked_again": dict(clients.traffic.asked_again),
        "answers_of_5xx": dict(sorted(ledger.failed.items())),
        "attacks_refused": dict(clients.attackers.refused),
        "restarts": dict(cluster.keeper.deaths),
        "claude": _calls(claude),
        "voyage": _calls(voyage),
        "reads": speed.reads(clients.reader, run.calm),
        "reads_asked_again": _asked_again(run),
        "oldest_due_seconds_ever": max((due for _, _, due in run.queue.seen), default=0.0),
        "database_on": str(cluster.disk),
    }


def _enough(run: Run) -> list[Verdict]:
    """Whether the run has shown as much as it should: of a shorter one less is asked."""
    plan = run.plan
    if not plan.mixed_faults or plan.conversations < CONVERSATIONS_TO_SHOW:
        return []
    share = min(1.0, plan.minutes / WHOLE_MINUTES) if plan.minutes is not None else 1.0
    wanted = (
        ("faults injected", run.outcome.times.total(), FAULTS_TO_SHOW),
        ("conversations accepted", len(run.ledger.accepted), CONVERSATIONS_TO_SHOW),
    )
    return [
        Verdict("bar", what, figure, f"at least {share * bar:.0f}", figure >= share * bar)
        for what, figure, bar in wanted
    ]


def _asked_again(run: Run) -> dict[str, float]:
    """Of all searches that were answered, how many only at a second try or later."""
    every = run.clients.reader.together(lambda happening: True)
    answered = len(every.milliseconds)
    return {
        "searches": answered,
        "asked_again": every.again,
        "share": round(every.again / max(1, answered), 4),
    }


def _calls(tally: dict[str, Any]) -> dict[str, Any]:
    return {
        "answered": sum(tally["answered"].values()),
        "failed_on_purpose": sum(tally["spoilt"].values()),
        "by_failure": tally["kinds"],
    }
