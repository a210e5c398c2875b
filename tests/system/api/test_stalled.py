"""An API process whose event loop stands still ends, so that it is started anew."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.support.postgres import for_service
from tests.support.process import eventually, free_port
from tests.support.stack import Stack

SERVE = """
import os, re
import uvicorn
from app.api.app import create_app

def held():
    app = create_app()

    @app.get("/hold")
    async def hold() -> None:
        re.fullmatch("(a+)+b", "a" * 40)  # Pure C that keeps the GIL, for hours.

    return app

uvicorn.run(held, factory=True, port=int(os.environ["PORT"]), log_config=None)
"""


@pytest.fixture
def served(stack: Stack) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The API with a route that holds its loop, and its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env={
            **os.environ,
            "DATABASE_URL": for_service(stack.database_url),
            "SMARA_DATA_DIR": str(stack.folder),
            "SMARA_API_STALLED_SECONDS": "2",
            "PORT": str(port),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()


def test_a_process_whose_loop_is_held_ends_and_says_where(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = served
    eventually(lambda: answers(address), seconds=40)
    time.sleep(3)
    assert process.poll() is None, "a loop that ticks is left alone"

    began = time.monotonic()
    with pytest.raises(httpx2.HTTPError):
        httpx2.get(f"{address}/hold", trust_env=False, timeout=20)
    _, said = process.communicate(timeout=10)

    assert time.monotonic() - began < 6
    assert process.returncode == 1
    assert "in hold" in said
    assert "aaaa" not in said


def answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/health", trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False
