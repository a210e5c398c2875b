"""The figures as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.load import Figures

REPORT = Path(__file__).parent / "report.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``ratio`` is ours to the floor's: of p50 where ``unit`` is ms, of rates
    where it is per second. ``cpu_ms`` and ``floor_cpu_ms`` are the processor's time for a request,
    where it was measured."""

    name: str
    concurrency: int
    p50: float
    p95: float
    per_second: float
    floor: float
    ratio: float
    bar: float
    unit: str
    met: bool
    cpu_ms: float | None = None
    floor_cpu_ms: float | None = None

    @classmethod
    def beside(
        cls, name: str, concurrency: int, ours: Figures, floor: Figures, *, bar: float
    ) -> Row:
        ratio = round(ours.p50 / floor.p50, 2)
        return cls(
            name,
            concurrency,
            ours.p50,
            ours.p95,
            ours.per_second,
            floor.p50,
            ratio,
            bar,
            "ms, at most bar x floor",
            ratio <= bar,
            ours.cpu_ms,
            floor.cpu_ms,
        )

    @classmethod
    def within(cls, name: str, ours: Figures, floor_ms: float, bar_ms: float) -> Row:
        """Beside a floor in milliseconds, with a bar in milliseconds."""
        ratio = round(ours.p50 / floor_ms, 2)
        return cls(
            name,
            1,
            ours.p50,
            ours.p95,
            ours.per_second,
            floor_ms,
            ratio,
            bar_ms,
            "ms, at most bar",
            ours.p95 <= bar_ms,
        )

    @classmethod
    def above(cls, name: str, concurrency: int, ours: Figures, floor: float, *, bar: float) -> Row:
        ratio = round(ours.per_second / floor, 2)
        return cls(
            name,
            concurrency,
            ours.p50,
            ours.p95,
            ours.per_second,
            floor,
            ratio,
            bar,
            "per second, at least bar",
            ours.per_second >= bar,
        )


def machine() -> dict[str, object]:
    """What it was measured on."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def show(rows: Sequence[Row]) -> None:
    """Print the table."""
    table = Table(title="Speed, each beside its floor in the same run")
    for column in (
        "what",
        "at once",
        "p50 ms",
        "p95 ms",
        "per second",
        "floor",
        "ratio",
        "bar",
        "CPU ms",
        "floor's",
        "",
    ):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    for row in rows:
        table.add_row(
            row.name,
            str(row.concurrency),
            f"{row.p50:g}",
            f"{row.p95:g}",
            f"{row.per_second:g}",
            f"{row.floor:g}",
            f"{row.ratio:g}",
            f"{row.bar:g}",
            _or_nothing(row.cpu_ms),
            _or_nothing(row.floor_cpu_ms),
            "[green]met" if row.met else "[red]missed",
        )
    Console(width=max(Console().width, 140)).print(table)


def _or_nothing(figure: float | None) -> str:
    return "" if figure is None else f"{figure:g}"


def save(rows: Sequence[Row]) -> None:
    """Write benchmarks/report.json."""
    REPORT.write_text(
        json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2) + "\n"
    )
