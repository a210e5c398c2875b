"""Report an eval: as JSON for comparing, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from rich.console import Console
from rich.table import Table

from evals.ingest import KEPT, Ingested, broken_citations
from evals.locomo import CATEGORIES
from evals.questions import Answer, K, Tally, tally


@dataclass(frozen=True, slots=True)
class Run:
    """``memories_before`` and ``memories_after`` are counted around the sending."""

    models: dict[str, str]
    ingested: Sequence[Ingested]
    answers: Sequence[Answer]
    memories_before: int
    memories_after: int

    @property
    def problems(self) -> list[str]:
        """One line for each thing that must not be: a conversation that is not done, a citation of
        nothing."""
        unfinished = [
            f"{one.session.conversation} session {one.session.number} ended {one.state} "
            f"({one.error})"
            for one in self.ingested
            if one.state != "done"
        ]
        return unfinished + broken_citations(self.ingested)


def as_json(run: Run) -> dict[str, Any]:
    """The whole report. It holds ids and figures, none of the words."""
    facts = [fact for one in run.ingested for fact in one.facts]
    messages = sum(len(one.session.turns) for one in run.ingested)
    return {
        "models": run.models,
        "ingest": {
            "conversations": len(run.ingested),
            "replayed": sum(one.replayed for one in run.ingested),
            "seconds": _ingest_seconds(run.ingested),
            "messages": messages,
            "messages_behind_live_memories": len(messages_kept(run.ingested)),
            "facts_by_action": dict(Counter(fact["action"] for fact in facts).most_common()),
            "rejected_by_reason": dict(
                Counter(
                    fact["reason"] for fact in facts if fact["action"] == "rejected"
                ).most_common()
            ),
            "memories_before": run.memories_before,
            "memories_after": run.memories_after,
        },
        "recall": {
            "k": K,
            **{category: _figures(tally(_of(run.answers, category))) for category in CATEGORIES},
            "overall": _figures(tally(run.answers)),
            "without_evidence": sum(not answer.question.evidence for answer in run.answers),
        },
        "search": {
            **_latency(run.answers),
            "degraded": sum(answer.degraded for answer in run.answers),
        },
        "problems": run.problems,
        "missed": sorted(
            answer.question.id
            for answer in run.answers
            if answer.question.evidence and not answer.question.evidence & answer.cited
        ),
    }


def messages_kept(ingested: Sequence[Ingested]) -> set[tuple[str, int]]:
    """The messages (conversation id, index) that a memory cites which nothing in the receipts has
    retired since."""
    retired = {fact["replaced_id"] for one in ingested for fact in one.facts} - {None}
    return {
        (one.conversation_id, index)
        for one in ingested
        for fact in one.facts
        if fact["action"] in KEPT and fact["memory_id"] not in retired
        for index in fact["message_indexes"]
    }


def show(report: dict[str, Any], console: Console) -> None:
    """The figures as tables."""
    ingest, recall, search = report["ingest"], report["recall"], report["search"]
    table = Table()
    table.add_column("questions")
    for heading in ("asked", f"any@{recall['k']}", f"all@{recall['k']}"):
        table.add_column(heading, justify="right")
    for name in (*CATEGORIES, "overall"):
        figures = recall[name]
        if name == "overall":
            table.add_section()
        table.add_row(
            name, str(figures["asked"]), _percent(figures["any"]), _percent(figures["all"])
        )
    kept, messages = ingest["messages_behind_live_memories"], ingest["messages"]
    took = (
        "unknown"
        if ingest["seconds"] is None
        else f"{ingest['seconds']:.1f} s from the first POST to the last done"
    )
    lines = {
        "models": ", ".join(report["models"].values()),
        "conversations": f"{ingest['conversations']}, of which {ingest['replayed']} were replayed",
        "ingest": took,
        "memories": f"{ingest['memories_before']} before, {ingest['memories_after']} after",
        "messages kept": f"{kept} of {messages}"
        f" ({_percent(kept / messages if messages else None)})",
        "facts": _counted(ingest["facts_by_action"]),
        "rejected for": _counted(ingest["rejected_by_reason"]),
        "search": f"p50 {search['p50_ms']:.1f} ms, p95 {search['p95_ms']:.1f} ms,"
        f" {search['degraded']} degraded",
        "not counted": f"{recall['without_evidence']} questions whose evidence is not in the data",
    }
    console.print(
        f"\nIs the evidence among the {recall['k']} memories that a question brings back?",
        highlight=False,
    )
    console.print(table)
    for name, text in lines.items():
        console.print(f"  [bold]{name:<14}[/] {text}", highlight=False)
    for problem in report["problems"]:
        console.print(f"  [bold red]problem[/]        {problem}", highlight=False)


def _of(answers: Sequence[Answer], category: str) -> list[Answer]:
    return [answer for answer in answers if answer.question.category == category]


def _figures(counted: Tally) -> dict[str, Any]:
    """Counts, and shares to 4 decimals; None when nothing was asked."""
    share = {
        name: round(found / counted.asked, 4) if counted.asked else None
        for name, found in (("any", counted.any_found), ("all", counted.all_found))
    }
    return {
        "asked": counted.asked,
        "any_found": counted.any_found,
        "all_found": counted.all_found,
        **share,
    }


def _latency(answers: Sequence[Answer]) -> dict[str, float]:
    times = [answer.milliseconds for answer in answers]
    if len(times) < 2:
        return {"p50_ms": times[0] if times else 0.0, "p95_ms": times[0] if times else 0.0}
    return {"p50_ms": round(median(times), 2), "p95_ms": round(quantiles(times, n=20)[-1], 2)}


def _ingest_seconds(ingested: Sequence[Ingested]) -> float | None:
    """By the service's own clock, so that a run which only replays reports the run that did the
    work."""
    ends = [one.finished_at for one in ingested if one.finished_at]
    if not ends:
        return None
    return round((max(ends) - min(one.accepted_at for one in ingested)).total_seconds(), 2)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
