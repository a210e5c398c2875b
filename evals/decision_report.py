"""Show how decisions compare with labels, and what each kind of error costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from evals.labelled import LABELS, Label

OUTCOMES = ("duplicate", "replaces", "new")


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one labelled pair. ``folded``: both were kept, and share a line of a context
    block."""

    label: Label
    outcome: str
    folded: bool


@dataclass(frozen=True, slots=True)
class Wrong:
    """How many of the metamorphic pairs were taken for duplicates, or replaced though both are
    true; and how many were replaced rightly."""

    seen_by: str
    pairs: int
    duplicates: int
    replaced: int
    rightly: int


def show_pairs(console: Console, judged: Sequence[Judged]) -> None:
    """Print the confusion matrix, then what the errors cost."""
    counts = Counter((each.label, each.outcome) for each in judged)
    folded = Counter(each.label for each in judged if each.folded)
    table = Table("label", "duplicate", "replaced", "kept", "kept, one line", box=box.SIMPLE_HEAD)
    for label in LABELS:
        row = [counts[label, outcome] for outcome in OUTCOMES]
        table.add_row(label, *map(str, [*row, folded[label]]))
    console.print(f"{len(judged)} labelled pairs, built-in embedder")
    console.print(table)
    for line in costs(judged):
        console.print(f"  {line}", highlight=False)


def costs(judged: Sequence[Judged]) -> list[str]:
    """Say what the decisions cost, the worst first."""
    of = Counter((each.label, each.outcome) for each in judged)
    labels = Counter(each.label for each in judged)
    folded = Counter(each.label for each in judged if each.folded)
    swallowed = sum(of[label, "duplicate"] for label in LABELS if label != "duplicate")
    retired = of["compatible", "replaces"] + of["unrelated", "replaces"]
    hidden = folded["compatible"] + folded["unrelated"]
    apart = labels["compatible"] + labels["unrelated"]
    found = of["duplicate", "duplicate"]
    updates = of["update", "replaces"]
    return [
        f"a truth swallowed as a duplicate: {swallowed}",
        f"a truth retired: {retired} of {apart}",
        f"a truth that shares a line of a block with another one: {hidden} of {apart}",
        f"precision: duplicates {_share(found, found + swallowed)}, "
        f"updates {_share(updates, updates + retired + of['duplicate', 'replaces'])}",
        f"updates found: {_share(updates, labels['update'])} (otherwise a stale memory stays)",
        f"duplicates found: {_share(found, labels['duplicate'])}; found or folded: "
        f"{_share(found + folded['duplicate'], labels['duplicate'])} (the rest costs a line)",
    ]


def show_wrong(console: Console, wrong: Sequence[Wrong]) -> None:
    """Print how many metamorphic pairs went wrong, for each embedder."""
    table = Table(
        "similarities", "pairs", "wrong duplicate", "wrong replaced", "right", box=box.SIMPLE_HEAD
    )
    for each in wrong:
        numbers = (each.pairs, each.duplicates, each.replaced, each.rightly)
        table.add_row(each.seen_by, *map(str, numbers))
    console.print("pairs that differ in one thing")
    console.print(table)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.2f}" if whole else "none"
