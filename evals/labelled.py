"""Read pairs of statements with the label that a person gave them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from evals.locomo import DataError

Label: TypeAlias = Literal["duplicate", "update", "compatible", "unrelated"]
"""``update``: a new value of the same thing, or a contradiction; ``compatible``: related, and both
are true."""

LABELS: tuple[Label, ...] = get_args(Label)


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two statements about one user, the earlier one first."""

    earlier: str
    later: str
    label: Label


def read_pairs(place: Path) -> list[LabelledPair]:
    """Read the pairs of a ``.jsonl`` file, or of each one of a folder: rows with ``a`` (the
    earlier), ``b`` and ``label``; what else a row has is not read.

    Raises DataError.
    """
    files = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    if not files or not all(file.is_file() for file in files):
        raise DataError(f"{place} has no pairs: a .jsonl file, or a folder of some, is needed.")
    return [
        _pair(f"{file.name}:{number}", line)
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if line.strip()
    ]


def _pair(where: str, line: str) -> LabelledPair:
    try:
        row = json.loads(line)
        found = LabelledPair(str(row["a"]), str(row["b"]), row["label"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{where} is no pair: {error!r}") from error
    if found.label not in LABELS:
        raise DataError(f"{where} has the label {found.label!r}, not one of {', '.join(LABELS)}.")
    return found
