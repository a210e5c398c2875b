"""What the pages show below an example is what the example prints."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.system.examples.conftest import ROOT

_SHOWN = re.compile(
    r"^``` \{ \.python \}\n--8<-- \"examples/(\w+)\.py\"\n```\n"
    r"(?:\n[^`\n]+\n)?"
    r"\n```text\n(.*?)^```",
    re.DOTALL | re.MULTILINE,
)
SHOWN = {
    f"{page.stem}-{example}": (example, printed)
    for page in sorted((ROOT / "docs/how-to").glob("*.md"))
    for example, printed in _SHOWN.findall(page.read_text())
}


def test_nine_examples_are_shown_with_what_they_print() -> None:
    assert {example for example, _ in SHOWN.values()} == {
        "agents",
        "context",
        "contradictions",
        "graph",
        "ingest",
        "langgraph_store",
        "namespaces",
        "quick_start",
        "teams",
    }


@pytest.mark.parametrize("place", SHOWN)
def test_a_page_shows_what_its_example_prints(run: Callable[..., list[str]], place: str) -> None:
    example, printed = SHOWN[place]
    assert run(example) == printed.splitlines()
