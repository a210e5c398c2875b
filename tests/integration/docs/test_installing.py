"""Every install line that a reader meets names something that can be installed: a folder of the
checkout, with an extra that it has, or a package that the lock has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOLD = sorted(
    path
    for pattern in ("*.md", "Makefile", "docs/**/*.md", "sdk/*.md", "examples/**/*")
    for path in ROOT.glob(pattern)
    if path.suffix in (".md", ".py", ".sh", ".json", "") and path.is_file()
)
SAID = [*sorted(ROOT.glob("sdk/smara/**/*.py")), *sorted(ROOT.glob("app/**/*.py"))]
"""Programs name install lines in their messages."""

NOT_OURS = {"libfaketime"}
"""On PyPI, for the torture's clocks alone: nothing of ours depends on it."""

_LINE = re.compile(r"\bpip install ((?:'[^'\n]+'|[\w./=-][^\s`'\"#,;)]*| )+)")


def lines() -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), found.strip())
        for path in [*TOLD, *SAID]
        for found in _LINE.findall(path.read_text("utf-8"))
    ]


def locked() -> set[str]:
    return {
        name
        for lock in ROOT.glob("**/requirements*.lock")
        if ".venv" not in lock.parts
        for name in re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE)
    }


def trouble(line: str) -> str:
    """What is wrong with what is to be installed; nothing when it can be."""
    words = [word.strip("'") for word in line.split() if not word.startswith("-")]
    for word in words:
        name, _, extra = word.rstrip("]").partition("[")
        folder = ROOT / name
        if name.startswith("."):
            if not (folder / "pyproject.toml").is_file():
                return f"no package in {name}"
            project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
            if extra and extra not in project["optional-dependencies"]:
                return f"{name} has no extra {extra}"
        elif not folder.is_file() and name not in locked() | NOT_OURS:
            return f"{name} is in no lock"
    return "" if words else "nothing is named"


def test_the_install_lines_are_found() -> None:
    files = {file for file, _ in lines()}
    assert files > {"README.md", "sdk/README.md", "docs/tutorial.md", "docs/how-to/redaction.md"}


@pytest.mark.parametrize(("file", "line"), lines())
def test_what_is_to_be_installed_exists(file: str, line: str) -> None:
    assert trouble(line) == ""


def test_a_name_that_is_nowhere_is_noticed() -> None:
    assert trouble("smara") == "smara is in no lock"
    assert trouble("'./sdk[langgraph]'") == "./sdk has no extra langgraph"
    assert trouble("./client") == "no package in ./client"
