"""Read the judge's word lists, which are package data in app/rules/judge/data."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

_FOLDER = files("app.rules.judge.data")


@lru_cache(maxsize=8)
def table(name: str) -> dict[str, Any]:
    """Give the contents of ``<name>.toml``."""
    return tomllib.loads(_text(f"{name}.toml"))


@lru_cache(maxsize=2)
def lines(name: str) -> tuple[str, ...]:
    """Give the lines of a text file that are no comment."""
    return tuple(line for line in _text(name).splitlines() if line and not line.startswith("#"))


def names(name: str) -> frozenset[str]:
    """Give the names of a text file, split at commas."""
    return frozenset(each.strip() for each in " ".join(lines(name)).split(",") if each.strip())


def spaced(text: str) -> frozenset[str]:
    """Split running text into words; "|" stands for a space inside one entry."""
    return frozenset(word.replace("|", " ") for word in text.split())


def mapped(text: str) -> dict[str, str]:
    """Parse "tyre:tire can't:can_not" into {"tyre": "tire", "can't": "can not"}."""
    pairs = (entry.split(":", 1) for entry in text.split())
    return {key: value.replace("_", " ") for key, value in pairs}


def _text(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")
