"""What came of a run, as JSON for programs and as Markdown for people."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import asdict
from typing import Any

import psutil  # type: ignore[import-untyped,unused-ignore]

from torture import REPORTS, soak
from torture.catalogue import CATALOGUE
from torture.faults import FAULTS
from torture.plan import Outcome

JSON = REPORTS / "torture.json"
MARKDOWN = REPORTS / "torture.md"


def document(outcome: Outcome, *, finished_at: str) -> dict[str, Any]:
    """Everything that a run has shown."""
    plan = outcome.plan
    return {
        "held": outcome.held,
        "finished_at": finished_at,
        "machine": machine(),
        "seed": plan.seed,
        "lease_seconds": plan.clocks.lease,
        "share_of_provider_calls_that_fail": plan.errors,
        "seconds": outcome.seconds,
        **{name: outcome.figures[name] for name in sorted(outcome.figures)},
        "storms_recovered_after_seconds": outcome.storms,
        **_wrong(outcome),
        "faults_injected": outcome.times.total(),
        "faults": {
            name: {
                "numbers": list(FAULTS[name].numbers),
                "what": FAULTS[name].does,
                "times": outcome.times[name],
                "recovered_after_seconds": outcome.alone.get(name),
                "tried_with": outcome.beside.get(name, []),
                "not_applicable": outcome.impossible.get(name),
            }
            for name in FAULTS
        },
        "fault_table": {number: _line(number, outcome) for number in CATALOGUE},
        "checks": [asdict(verdict) for verdict in outcome.verdicts],
    }


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "machine": platform.machine(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def save(written: dict[str, Any]) -> None:
    """Write docs/reports/torture.json and its twin for people."""
    JSON.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    MARKDOWN.write_text(markdown(written))


def headline(written: dict[str, Any]) -> str:
    """The counts of everything that must be none, in a few lines."""
    again = written["reads_asked_again"]
    counts = ", ".join(f"{name.replace('_', ' ')} {written[name]:g}" for name in _KINDS)
    return (
        f"{written['accepted']:,} conversations accepted, {written['faults_injected']} faults: "
        f"{counts}.\nSearches that were asked again: {again['asked_again']} of "
        f"{again['searches']:,} ({again['share']:.2%}). "
        f"5xx: {_listed(written['answers_of_5xx'])}."
    )


def markdown(written: dict[str, Any]) -> str:
    """The report as a page."""
    calls = written["claude"]
    per_conversation = calls["answered"] / max(1, written["accepted"])
    reads, again = written["reads"], written["reads_asked_again"]
    recovered = [
        each["recovered_after_seconds"]
        for each in written["faults"].values()
        if each["recovered_after_seconds"] is not None
    ]
    storms = written["storms_recovered_after_seconds"]
    lines = [
        "# Torture report",
        "",
        f"**{'Everything held.' if written['held'] else 'SOMETHING DID NOT HOLD.'}** "
        f"{written['accepted']:,} conversations accepted, {written['lost']:g} lost, "
        f"{written['doubled']:g} doubled, {written['misplaced']:g} misplaced, "
        f"{written['unplanned']:g} unplanned, {written['wrong_order']:g} in a wrong order; "
        f"{written['faults_injected']} faults in "
        f"{written['seconds']['all'] / 60:.1f} minutes, seed {written['seed']}.",
        "",
        "| | |",
        "|---|---|",
        f"| finished | {written['finished_at']} |",
        f"| machine | {written['machine']['cores']} cores, {written['machine']['memory_gb']} GB, "
        f"{written['machine']['system']}, Python {written['machine']['python']} |",
        f"| database on | {written['database_on']} |",
        f"| lease | {written['lease_seconds']:g} s |",
        f"| conversations | {_listed(written['kinds'])} |",
        f"| dead, by reason | {_listed(written['dead_by_reason'])} |",
        f"| good answers of Claude | {calls['answered']:,}, "
        f"{per_conversation:.3f} per conversation |",
        f"| failed by Claude on purpose, beside them | {calls['failed_on_purpose']:,} |",
        f"| asked again by clients | {_listed(written['asked_again'])} |",
        f"| answers of 5xx, by route | {_listed(written['answers_of_5xx'])} |",
        f"| accepted by kind | {_listed(written['written'])} |",
        f"| stories | {_listed(written['stories'])} |",
        f"| words altered, returned, of a wrong source | {written['altered']:g}, "
        f"{written['returned']:g}, {written['wrong_source']:g} |",
        f"| dead without reason | {written['dead_without_reason']:g} |",
        f"| persons erased; traces of them | {written['persons_erased']}; "
        f"{written['erasure_findings']:g} |",
        f"| keys revoked; taken for, at worst | {written['keys_revoked']}; "
        f"{written['revocation_worst_seconds']:g} s |",
        f"| webhooks missing, forbidden | {written['webhooks_missing']:g}, "
        f"{written['webhooks_forbidden']:g} |",
        f"| attacks refused | {_listed(written['attacks_refused'])} |",
        f"| searches that were asked again | {again['asked_again']} of {again['searches']:,} "
        f"({again['share']:.2%}) |",
        f"| restarts by the keeper | {_listed(written['restarts'])} |",
        f"| recovery, each fault for the first time | median {_median(recovered)} s, worst "
        f"{max(recovered, default=0):g} s |",
        f"| recovery, each of {len(storms)} storms of mixed faults | median {_median(storms)} s, "
        f"worst {max(storms, default=0):g} s |",
        f"| after the last POST | queue empty after {written['drained_after_seconds']} s |",
        *(f"| search, {name.replace('_', ' ')} | {_reads(each)} |" for name, each in reads.items()),
        "",
        "## Checks",
        "",
        "| | check | figure | bar | |",
        "|---|---|---:|---|---|",
    ]
    for check in written["checks"]:
        held = "held" if check["held"] else "**NOT HELD** " + "; ".join(check["detail"])
        what, figure, bar = check["what"], check["figure"], check["bar"]
        lines.append(f"| {check['invariant']} | {what} | {figure:g} | {bar} | {held} |")
    lines += ["", "## Faults injected", ""]
    lines += [
        "| fault | what is done | | times | at first, recovered after | tried with |",
        "|---|---|---|---:|---:|---|",
    ]
    for name, each in written["faults"].items():
        seconds = each["recovered_after_seconds"]
        recovery = each["not_applicable"] or (
            f"{seconds:g} s" if seconds is not None else "not run"
        )
        numbers = ", ".join(each["numbers"])
        beside = ", ".join(f"`{other}`" for other in each["tried_with"]) or "none"
        lines.append(
            f"| `{name}` | {each['what']} | {numbers} | {each['times']} | {recovery} | {beside} |"
        )
    lines += ["", "## The fault table", "", "| | fault | | shown by |", "|---|---|---|---|"]
    for number, each in written["fault_table"].items():
        shown = "; ".join(each["shown_by"]) or "–"
        if each["open"]:
            shown += f" (open: {each['open']})"
        lines.append(f"| {number} | {each['title']} | {each['status']} | {shown} |")
    if soak.JSON.exists():
        lines += _soak(json.loads(soak.JSON.read_text()))
    return "\n".join(lines) + "\n"


_FLAT = {True: "flat", False: "**GROWS**"}


def _soak(written: dict[str, Any]) -> list[str]:
    """The last soak, which is a run of its own."""
    said = "nothing grew" if written["held"] else "SOMETHING DID NOT HOLD"
    rows = [
        f"| {name} | {each['median']:g} | {each['trend']:+g} | {_FLAT[each['flat']]} |"
        for name, each in written["series"].items()
    ]
    return [
        "",
        "## The soak",
        "",
        f"`make soak`, a run of its own: {written['minutes']:g} minutes of steady load with mild "
        f"faults, {written['accepted']:,} conversations, seed {written['seed']}; {said}.",
        "",
        "| | median | trend over all of it, after the warm-up | |",
        "|---|---:|---:|---|",
        *rows,
        "",
        f"![Each of these over time]({soak.SVG.name})",
    ]


def _line(number: str, outcome: Outcome) -> dict[str, Any]:
    """One fault of the table: survived here, held by tests of its own, or not applicable."""
    known = CATALOGUE[number]
    injected = {
        name: outcome.times[name]
        for name, fault in FAULTS.items()
        if number in fault.numbers and outcome.times[name]
    }
    here = [f"`{name}` ×{times}" for name, times in injected.items()]
    here += [known.here] if known.here else []
    missing = [
        f"{name}: {why}"
        for name, why in outcome.impossible.items()
        if number in FAULTS[name].numbers
    ]
    status = "not applicable"
    if here:
        status = "survived" if outcome.held else "injected; see the checks"
    elif known.tests:
        status = "held by"
    return {
        "title": known.title,
        "status": status,
        "shown_by": [*here, *(f"`{test}`" for test in known.tests)],
        "open": "; ".join([known.open, *missing] if known.open else missing),
    }


_KINDS = {
    "lost": ("I1", "lost:"),
    "doubled": ("I2", "doubled:"),
    "misplaced": ("misplaced:",),
    "unplanned": ("unplanned:",),
    "wrong_order": ("wrong order:",),
    "altered": ("altered:",),
    "returned": ("returned:",),
    "wrong_source": ("wrong source:",),
    "dead_without_reason": ("dead conversations that were not planted to die",),
    "erasure_findings": ("tables, Redis and logs:", "remains of erased conversations"),
    "webhooks_missing": ("webhooks: what happened and was never told",),
    "webhooks_forbidden": ("webhooks: told about persons", "webhooks: deliveries whose signature"),
    "revocation_worst_seconds": ("seconds for which a revoked key was taken",),
}
"""The counts at the head of a report: of which checks each is the sum, by their invariant or the
beginning of their names."""


def _wrong(outcome: Outcome) -> dict[str, float]:
    return {
        name: sum(
            verdict.figure
            for verdict in outcome.verdicts
            if verdict.invariant in checks or verdict.what.startswith(checks)
        )
        for name, checks in _KINDS.items()
    }


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def _median(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):g}" if seconds else "–"


def _reads(figures: dict[str, Any]) -> str:
    if "p50_ms" not in figures:
        return "none"
    return (
        f"{figures['reads']:,}, {figures['failed']} failed; p50 {figures['p50_ms']} ms, "
        f"p95 {figures['p95_ms']} ms, p99 {figures['p99_ms']} ms"
    )
