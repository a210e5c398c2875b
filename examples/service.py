"""Run a service for a program: `smara-server up` as a child process, and an HTTP client for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import httpx2

START_SECONDS = 120.0
"""The first start creates a database and the built-in model: 8 s on two cores, and slow disks need
more time."""

STOP_SECONDS = 60.0

ELSEWHERE = ("DATABASE_URL", "REDIS_URL", "VOYAGE_API_KEY", "ANTHROPIC_API_KEY", "PORT")
"""Variables that the child does not get: what we start neither writes to anybody's database nor
spends anybody's money."""


class StartError(Exception):
    """The service did not start; the message ends with its last lines of output."""


@dataclass(frozen=True, slots=True)
class Service:
    """The address of a running service, and a key for it."""

    url: str
    api_key: str

    def client(self) -> httpx2.Client:
        """Give a client that sends the key; an answer may take 30 s with ``?wait=``."""
        return httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.api_key}"},
            timeout=45.0,
            trust_env=False,
        )


@contextmanager
def running(data_dir: Path) -> Iterator[Service]:
    """Run a service without keys with its data in ``data_dir``, on a free port of this machine; it
    is stopped at the end.

    Its log goes to ``up.log`` in the folder. Raises StartError when it does not start.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = data_dir / "up.log"
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = (
        sys.executable,
        "-m",
        "app.cli",
        "up",
        "--data-dir",
        str(data_dir),
        "--host",
        "127.0.0.1",
    )
    before = signal.signal(signal.SIGTERM, _leave)  # Else a `kill` would leave the child running.
    with log.open("wb") as out:
        process = subprocess.Popen(
            (*command, "--port", str(port)),
            env={name: value for name, value in os.environ.items() if name not in ELSEWHERE},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # A Ctrl-C is ours to pass on, once.
        )
    try:
        _wait_until_healthy(process, url, log)
        yield Service(url, (data_dir / "api_key").read_text().strip())
    finally:
        _stop(process)
        signal.signal(signal.SIGTERM, before)


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _healthy(url):
        if process.poll() is not None or time.monotonic() > deadline:
            said = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise StartError(f"The service did not come up. The end of {log}:\n{said}")
        time.sleep(0.1)


def _healthy(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", timeout=2.0, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)
