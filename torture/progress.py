"""What a run is doing, for whoever watches it."""

from __future__ import annotations

import asyncio
import sys
import time

from rich.console import Console
from rich.table import Table

from torture.plan import Outcome
from torture.run import Run

_EVERY_SECONDS = 10.0
"""A line each, where the output is no terminal."""


async def told(run: Run) -> Outcome:
    """The run's outcome, with its progress printed meanwhile."""
    going, began, shown = asyncio.create_task(run.go()), time.monotonic(), 0
    try:
        while not going.done():
            await asyncio.wait([going], timeout=0.5 if sys.stdout.isatty() else _EVERY_SECONDS)
            recovered = _recovered(run)
            for line in recovered[shown:]:
                _print(f"{line}\n" if sys.stdout.isatty() else line)
            shown = len(recovered)
            _print(_line(run, time.monotonic() - began))
    finally:
        if not going.done():
            going.cancel()
            await asyncio.gather(going, return_exceptions=True)
    if sys.stdout.isatty():
        print()
    return await going


def summary(outcome: Outcome) -> None:
    """The checks, those that did not hold last and in full."""
    table = Table(title="Nothing lost, nothing doubled")
    for column, justify in (("", "left"), ("check", "left"), ("figure", "right"), ("bar", "left")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    table.add_column("")
    for verdict in sorted(outcome.verdicts, key=lambda each: not each.held):
        held = "[green]held" if verdict.held else "[red]NOT HELD"
        table.add_row(verdict.invariant, verdict.what, f"{verdict.figure:g}", verdict.bar, held)
    console = Console(width=max(Console().width, 120))
    console.print(table)
    for verdict in outcome.verdicts:
        if not verdict.held:
            console.print(
                f"[red]{verdict.invariant} {verdict.what}[/red]: look at", highlight=False
            )
            for detail in verdict.detail:
                console.print(f"    {detail}", markup=False, highlight=False)


def _recovered(run: Run) -> list[str]:
    storms = ((f"storm {n}", seconds) for n, seconds in enumerate(run.outcome.storms, start=1))
    after = [*run.outcome.alone.items(), *storms]
    return [f"    recovered {seconds:.1f} s after {what}" for what, seconds in after]


def _line(run: Run, seconds: float) -> str:
    accepted = len(run.ledger.accepted)
    return (
        f"{seconds:6.0f} s  {run.phase:<9} accepted {accepted:>6,}  "
        f"done {max(0, accepted - run.queue.waiting):>6,}  faults {run.outcome.times.total():>4}  "
        f"oldest due {run.queue.oldest_due:4.1f} s  {', '.join(sorted(run.weather.now()))}"
    )


def _print(line: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\x1b[2K{line[:140]}", end="", flush=True)
    else:
        print(line, flush=True)
