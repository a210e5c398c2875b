"""The fakes as fixtures; tests/conftest.py takes them in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.anthropic import FakeAnthropic
from tests.providers.server import Running
from tests.providers.voyage import FakeVoyage


@pytest.fixture
def fake_anthropic() -> Iterator[tuple[FakeAnthropic, str]]:
    """A fake Claude of its own for one test, and the base URL to reach it."""
    provider = FakeAnthropic()
    with Running(provider) as running:
        yield provider, f"http://127.0.0.1:{running.port}"


@pytest.fixture
def fake_voyage() -> Iterator[tuple[FakeVoyage, str]]:
    """A fake Voyage of its own for one test, and the base URL to reach it."""
    provider = FakeVoyage()
    with Running(provider) as running:
        yield provider, f"http://127.0.0.1:{running.port}/v1"
