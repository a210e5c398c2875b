"""`make eval-decisions`: what becomes of labelled pairs, and of pairs that differ in one thing."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import click
import numpy as np
from rich.console import Console

from app.embed.minilm import MiniLM
from app.providers.registry import MINILM_BANDS
from app.rules.bands import PUBLISHED, Bands
from app.rules.decision import decide
from app.rules.repetition import may_repeat
from app.rules.types import Neighbour
from evals.calibration import calibrated
from evals.decision_report import Judged, Wrong, show_pairs, show_wrong
from evals.labelled import LabelledPair, read_pairs
from evals.locomo import DataError
from evals.metamorphic import Pair, pairs
from tests.providers.voyage import embedding

CACHE = Path(".data/eval-decisions")
EARLIER, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)

Similarity: TypeAlias = Callable[[str, str], float]
Judge: TypeAlias = Callable[[str, str, float, Bands], str]
"""Gives the outcome of a later statement beside an earlier one (app/rules/decision.py)."""


def keyless(later: str, earlier: str, similarity: float, bands: Bands) -> str:
    """Decide as the service does without an LLM."""
    neighbour = Neighbour(UUID(int=1), earlier, similarity, EARLIER)
    return decide(later, LATER, [neighbour], bands).outcome


JUDGES: dict[str, Judge] = {"keyless": keyless}
"""Who decides. A judge that asks an LLM has its place here."""


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path), help="A .jsonl file of labelled pairs, or a folder."
)
@click.option("--judge", "name", type=click.Choice(sorted(JUDGES)), default="keyless")
@click.option("--calibrate", is_flag=True, help="Say which bands suit the embedder, by the pairs.")
def main(data: Path | None, name: str, calibrate: bool) -> None:
    """Judge labelled pairs with the built-in embedder, then every metamorphic pair with each one.

    Exits with 1 when a truth was lost: a wrong duplicate, or more than one wrong replacement in a
    thousand.
    """
    console = Console()
    judge = JUDGES[name]
    try:
        labelled = read_pairs(data) if data else []
    except DataError as error:
        console.print(f"eval-decisions: {error}", style="red", markup=False)
        sys.exit(2)
    made = [] if calibrate else list(pairs())
    texts = {text for pair in [*labelled, *made] for text in (pair.earlier, pair.later)}
    similarity = _minilm(texts)
    if calibrate:
        console.print(calibrated([(p.label, similarity(p.earlier, p.later)) for p in labelled]))
        return
    if labelled:
        show_pairs(console, _judged(labelled, judge, similarity))
    wrong = [
        _metamorphic(made, judge, embedder, similarities, bands)
        for embedder, similarities, bands in (
            ("MiniLM", similarity, MINILM_BANDS),
            ("fake Voyage", _fake, PUBLISHED),
            ("all at 0.95", lambda *_: 0.95, PUBLISHED),
            ("all at 1.0", lambda *_: 1.0, PUBLISHED),
            ("all at 1.0", lambda *_: 1.0, MINILM_BANDS),
        )
    ]
    show_wrong(console, wrong)
    sys.exit(any(each.duplicates or each.replaced * 1000 > each.pairs for each in wrong))


def _minilm(texts: Iterable[str]) -> Similarity:
    """Embed every text once; gives their cosine similarities."""
    ordered = sorted(texts)
    vectors = np.array(asyncio.run(MiniLM(CACHE).embed_documents(ordered)).vectors)
    place = {text: n for n, text in enumerate(ordered)}
    return lambda one, other: float(vectors[place[one]] @ vectors[place[other]])


def _fake(one: str, other: str) -> float:
    return float(embedding(one, 1024) @ embedding(other, 1024))


def _judged(labelled: Sequence[LabelledPair], judge: Judge, similarity: Similarity) -> list[Judged]:
    found = []
    for pair in labelled:
        near = similarity(pair.earlier, pair.later)
        outcome = judge(pair.later, pair.earlier, min(near, 0.9999), MINILM_BANDS)
        folds = outcome == "new" and near >= MINILM_BANDS.alike
        found.append(
            Judged(pair.label, outcome, folded=folds and may_repeat(pair.earlier, pair.later))
        )
    return found


def _metamorphic(
    made: Sequence[Pair], judge: Judge, embedder: str, similarity: Similarity, bands: Bands
) -> Wrong:
    counted: Counter[str] = Counter()
    for pair in made:
        outcome = judge(pair.later, pair.earlier, similarity(pair.earlier, pair.later), bands)
        counted["duplicates"] += outcome == "duplicate"
        counted["replaced"] += outcome == "replaces" and not pair.may_replace
        counted["right"] += outcome == "replaces" and pair.may_replace
    return Wrong(
        f"{embedder}, bands from {bands.contradiction:g}",
        len(made),
        counted["duplicates"],
        counted["replaced"],
        counted["right"],
    )


if __name__ == "__main__":
    main()
