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
from torture.run import Outcome

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
        "lost": _figure(outcome, "accepted conversations without a finished row"),
        "doubled": _doubled(outcome),
        "faults_injected": outcome.times.total(),
        "faults": {
            name: {
                "numbers": list(FAULTS[name].numbers),
                "what": FAULTS[name].does,
                "times": outcome.times[name],
                "recovered_after_seconds": outcome.alone.get(name),
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


def markdown(written: dict[str, Any]) -> str:
    """The report as a page."""
    calls = written["claude"]
    per_conversation = calls["answered"] / max(1, written["accepted"])
    reads = written["reads"]
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
        f"{written['accepted']:,} conversations accepted, {written['lost']} lost, "
        f"{written['doubled']} doubled; {written['faults_injected']} faults in "
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
        f"| nonsense refused | {written['nonsense_refused']} |",
        f"| restarts by the keeper | {_listed(written['restarts'])} |",
        f"| recovery, each fault alone | median {_median(recovered)} s, worst "
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
        "| fault | what is done | | times | alone: recovered after |",
        "|---|---|---|---:|---:|",
    ]
    for name, each in written["faults"].items():
        seconds = each["recovered_after_seconds"]
        recovery = each["not_applicable"] or (
            f"{seconds:g} s" if seconds is not None else "not run"
        )
        numbers = ", ".join(each["numbers"])
        lines.append(f"| `{name}` | {each['what']} | {numbers} | {each['times']} | {recovery} |")
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


def _figure(outcome: Outcome, what: str) -> float:
    return next(verdict.figure for verdict in outcome.verdicts if verdict.what == what)


def _doubled(outcome: Outcome) -> int:
    return int(sum(v.figure for v in outcome.verdicts if v.invariant == "I2"))


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
