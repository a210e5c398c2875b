"""Generate the pages and pictures that show the code (plots, HTTP and settings reference) before
each build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import http_reference
import plots
import settings_reference
from mkdocs.config.defaults import MkDocsConfig


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the generated pages and pictures, and add them to the navigation."""
    plots.draw()
    settings_reference.write()
    found: dict[str, Any] = {
        "HTTP API": [{title: f"reference/http/{name}"} for title, name in http_reference.write()],
        "Decisions": decisions(Path(config.docs_dir)),
    }
    config.nav = filled(config.nav, found)
    return config


def decisions(docs: Path) -> list[dict[str, str]]:
    """List a page for each decision, under its heading."""
    pages = sorted((docs / "decisions").glob("*.md"))
    return [{_heading(page): page.relative_to(docs).as_posix()} for page in pages]


def filled(entry: Any, found: dict[str, Any]) -> Any:
    """Fill the pages that were found into the navigation, under their titles."""
    if isinstance(entry, list):
        return [filled(each, found) for each in entry]
    if isinstance(entry, dict):
        return {title: found.get(title, filled(below, found)) for title, below in entry.items()}
    return entry


def _heading(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
