"""The release before this one, as the history of this repository has it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
_REVISIONS = "app/db/migrations/versions"


@cache
def commit() -> str:
    """The last commit with the schema of the first revision alone; "" where this is no clone of the
    repository, or one without its history."""
    [second] = (ROOT / _REVISIONS).glob("0002_*.py")
    place = str(second.relative_to(ROOT))
    # Merged by several ways, it was added several times: the oldest is last.
    added = _git("log", "--diff-filter=A", "--format=%P", "--", place).strip()
    before = added.rpartition("\n")[2].partition(" ")[0]
    return before if before and _git("cat-file", "-t", before).strip() == "commit" else ""


def unpack(folder: Path) -> None:
    """Lay its code into the folder."""
    folder.mkdir()
    packed = folder.with_suffix(".tar")
    _git("archive", "--format=tar", f"--output={packed}", commit(), "app", "pyproject.toml")
    subprocess.run(["tar", "-xf", str(packed), "-C", str(folder)], check=True)
    packed.unlink()


def _git(*words: str) -> str:
    """What git says; "" when it cannot say it."""
    try:
        told = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return told.stdout if told.returncode == 0 else ""
