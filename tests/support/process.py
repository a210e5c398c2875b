"""The service's own processes, and the servers beside them, started and stopped by tests."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.cli.embedded.part import Part


class Server:
    """A part of the embedded kind, started and stopped by the test."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.part.command,
            env={**os.environ, **self.part.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        eventually(lambda: asyncio.run(self._ready()), seconds=30)

    async def _ready(self) -> bool:
        return await self.part.ready()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.part.stop_signal)
            self.process.wait(timeout=30)

    def kill(self) -> None:
        assert self.process is not None
        kill_group(self.process)


class Process:
    """One of the service's processes (api, worker, beat), run as production runs it.

    It is forked from a server that has imported the packages already (tests/support/preload.py),
    and then runs the same command line under settings of its own."""

    def __init__(self, name: str, env: Mapping[str, str], log: Path) -> None:
        self.name, self.env, self._log = name, env, log
        self.process: Forked | None = None

    def start(self, **env: str) -> Process:
        self.process = Forked(self.name, {**os.environ, **self.env, **env}, self._log)
        return self

    def kill(self) -> None:
        """kill -9 of the process and all of its children, as a power cut would."""
        assert self.process is not None
        kill_group(self.process)

    def ask_to_stop(self) -> None:
        """SIGTERM, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to stop, and see to it."""
        self.ask_to_stop()
        self.see_it_stopped()

    def see_it_stopped(self) -> None:
        """Wait for its end; in the end it and all of its children are gone."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=20)
            kill_group(self.process)

    def children(self) -> list[int]:
        """The pool children of a worker."""
        assert self.process is not None
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.support.preload"])


class Forked:
    """A process of the service in a group of its own, with what subprocess.Popen would offer."""

    def __init__(self, command: str, env: Mapping[str, str], log: Path) -> None:
        log.touch()
        self._process = _forks.Process(target=_run, args=(command, dict(env), log), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("smara-server", timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _run(command: str, env: Mapping[str, str], log: Path) -> None:
    """The child: all that it has of the test run are the imported packages."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    nothing, written = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644),
    )
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["smara-server", command]
    importlib.import_module("app.cli.__main__").main()


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of ``condition``, or an assertion error after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def free_port() -> int:
    """A port outside the range that the kernel gives to clients, so that none of them takes it
    meanwhile."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def kill_group(process: subprocess.Popen[bytes] | Forked) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
