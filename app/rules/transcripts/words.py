"""Read words.toml, once."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

WORDS: dict[str, Any] = tomllib.loads(
    files("app.rules.transcripts").joinpath("words.toml").read_text("utf-8")
)
