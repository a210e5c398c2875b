"""Runs an example as its reader would, against the running service and a fresh tenant."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.providers.server import Running
from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.examples.assistant import Assistant

ROOT = Path(__file__).parents[3]
OURS = ("SMARA_API_KEY", "SMARA_API_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "MODEL")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_anywhere() -> Run:
    """Runs `python -m examples.NAME ARGUMENTS` with the given variables and none of the
    developer's own."""

    def run(name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        bare = {key: value for key, value in os.environ.items() if key not in OURS}
        return subprocess.run(
            [sys.executable, "-m", f"examples.{name}", *arguments],
            cwd=ROOT,
            env={**bare, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **env},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def here(stack: Stack, client: Client) -> dict[str, str]:
    """The variables that lead to the running service, as the tenant of ``client``."""
    key = client.http.headers["authorization"].removeprefix("Bearer ")
    return {"SMARA_API_KEY": key, "SMARA_API_URL": stack.base_url}


@pytest.fixture
def run(run_anywhere: Run, here: dict[str, str]) -> Callable[..., list[str]]:
    """Runs an example against the service and gives the lines that it prints."""

    def lines(name: str, *arguments: str, **env: str) -> list[str]:
        done = run_anywhere(name, *arguments, **here, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return lines


@pytest.fixture
def assistant() -> Iterator[tuple[Assistant, dict[str, str]]]:
    """A fake Claude, and the variables that lead the anthropic library to it."""
    provider = Assistant()
    with Running(provider) as running:
        yield (
            provider,
            {
                "ANTHROPIC_API_KEY": "test",
                "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{running.port}",
            },
        )
