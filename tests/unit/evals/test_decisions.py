"""Pairs that differ in one thing lose no truth, and labelled pairs are counted right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.providers.registry import MINILM_BANDS
from app.rules.bands import PUBLISHED, Bands
from evals.calibration import calibrated
from evals.decision_report import Judged, costs
from evals.decisions import keyless
from evals.labelled import LabelledPair, read_pairs
from evals.locomo import DataError
from evals.metamorphic import pairs
from tests.providers.voyage import embedding

MADE = list(pairs())
SHORT = MADE[::10]
"""Every tenth pair; `make eval-decisions` has them all, and the built-in embedder."""


def test_the_pairs_are_many_the_same_each_time_and_of_many_languages() -> None:
    languages = Counter(pair.language for pair in MADE if "/" not in pair.language)

    assert len(MADE) > 20_000
    assert list(pairs()) == MADE
    assert len(languages) == 17
    assert min(languages.values()) > 100
    assert all(pair.earlier != pair.later for pair in MADE)
    assert 1_000 < sum(pair.may_replace for pair in MADE) < len(MADE) / 5


@pytest.mark.parametrize(
    ("similarity", "bands"), [(0.95, PUBLISHED), (1.0, PUBLISHED), (1.0, MINILM_BANDS)]
)
def test_no_pair_is_a_duplicate_and_none_is_replaced_wrongly_however_close(
    similarity: float, bands: Bands
) -> None:
    outcomes = [(pair, keyless(pair.later, pair.earlier, similarity, bands)) for pair in SHORT]

    assert [pair for pair, outcome in outcomes if outcome == "duplicate"] == []
    assert [p for p, outcome in outcomes if outcome == "replaces" and not p.may_replace] == []
    assert sum(outcome == "replaces" for _, outcome in outcomes) > 50


def test_no_pair_is_lost_with_the_faked_embedder() -> None:
    for pair in SHORT[::3]:
        near = float(embedding(pair.earlier, 1024) @ embedding(pair.later, 1024))
        outcome = keyless(pair.later, pair.earlier, near, PUBLISHED)
        assert outcome == "new" or (outcome == "replaces" and pair.may_replace), pair


def test_the_cost_of_each_error_is_counted() -> None:
    judged = [
        Judged("duplicate", "duplicate", folded=False),
        Judged("duplicate", "new", folded=True),
        Judged("update", "duplicate", folded=False),
        Judged("update", "replaces", folded=False),
        Judged("compatible", "replaces", folded=False),
        Judged("unrelated", "new", folded=True),
    ]

    assert costs(judged) == [
        "a truth swallowed as a duplicate: 1",
        "a truth retired: 1 of 2",
        "a truth that shares a line of a block with another one: 1 of 2",
        "precision: duplicates 1/2 = 0.50, updates 1/2 = 0.50",
        "updates found: 1/2 = 0.50 (otherwise a stale memory stays)",
        "duplicates found: 1/2 = 0.50; found or folded: 2/2 = 1.00 (the rest costs a line)",
    ]


def test_pairs_are_read_from_a_file_or_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"a": "x", "b": "y", "label": "update", "kind": "z"}\n', encoding="utf-8")

    assert read_pairs(file) == read_pairs(tmp_path) == [LabelledPair("x", "y", "update")]


@pytest.mark.parametrize("line", ['{"a": "x"}', "[]", "no json", '{"a":"x","b":"y","label":"z"}'])
def test_what_is_no_pair_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(f"{line}\n", encoding="utf-8")

    with pytest.raises(DataError, match=r"pairs\.jsonl:1"):
        read_pairs(file)
    with pytest.raises(DataError, match="has no pairs"):
        read_pairs(tmp_path / "other")


def test_bands_are_calibrated_above_every_pair_of_truths() -> None:
    seen = [("duplicate", 0.97), ("update", 0.9), ("compatible", 0.8), ("unrelated", 0.2)]

    assert calibrated(seen).split("\n")[1:] == [  # type: ignore[arg-type]
        "  duplicate      0.905",
        "  contradiction  0.805",
        "  remote         0.800",
    ]
