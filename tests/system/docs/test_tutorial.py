"""The tutorial, followed step by step against a running service, prints what it says."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack

TUTORIAL = Path(__file__).parents[3] / "docs/tutorial.md"
_STEP = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_tutorial_prints_what_it_says(
    stack: Stack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = client.http.headers["authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("SMARA_API_KEY", key)
    monkeypatch.setenv("SMARA_API_URL", stack.base_url)

    names: dict[str, Any] = {}  # One session, as its reader has one.
    steps = _STEP.findall(TUTORIAL.read_text())
    assert len(steps) == 5
    for code, said in steps:
        printed = StringIO()
        with redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() == said
    names["client"].close()
