"""Start parts, restart one that dies, write their output to one log, stop them in order."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from app.cli.embedded.part import Part
from app.errors import ServiceError
from app.logs import log

START_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0
"""A part that has run for this long before it dies is restarted after the first, short pause
again."""

_PR_SET_PDEATHSIG = 1
_NAME_WIDTH = 8


class PartFailed(ServiceError):
    """A part did not start."""

    code = "part_failed"


class Supervisor:
    """Keeps parts running until it is stopped. Each part leads its own process group."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._begun: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._parts: list[Part] = []
        self._stopping = False

    async def begin(self, name: str, command: Sequence[str]) -> None:
        """Start the process of a part whose settings are not known yet, and which is told them by
        `start`."""
        self._begun[name] = await self._process(name, command, os.environ, signal.SIGTERM)

    async def start(self, part: Part) -> None:
        """Start the part and wait until it is ready; from then on it is restarted whenever it dies.

        Raises PartFailed when it ends, or is not ready within START_SECONDS.
        """
        self._parts.append(part)
        process = await self._spawn(part)
        deadline = time.monotonic() + START_SECONDS
        while not await part.ready():
            if process.returncode is not None:
                raise PartFailed(f"{part.name} ended at once, with exit code {process.returncode}.")
            if time.monotonic() > deadline:
                raise PartFailed(f"{part.name} was not ready within {START_SECONDS:g} s.")
            await asyncio.sleep(0.05)
        self._keepers[part.name] = asyncio.create_task(self._keep(part, process))

    async def stop(self) -> None:
        """Stop every part, the last one started first, and kill what does not end in its time."""
        self._stopping = True
        for begun in self._begun.values():
            _kill_group(begun.pid)
        for part in reversed(self._parts):
            process = self._running.get(part.name)
            if process is None:
                continue
            if process.returncode is None:
                process.send_signal(part.stop_signal)
                try:
                    await asyncio.wait_for(process.wait(), part.stop_seconds)
                except TimeoutError:
                    log.warning("part_killed", part=part.name, after_seconds=part.stop_seconds)
            _kill_group(process.pid)
            if part.name in self._keepers:
                await self._keepers[part.name]

    async def _keep(self, part: Part, process: asyncio.subprocess.Process) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            code = await process.wait()
            _kill_group(process.pid)
            if self._stopping:
                return
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("part_died", part=part.name, exit_code=code, restart_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            if self._stopping:
                return
            process = await self._spawn(part)

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        process = self._begun.pop(part.name, None)
        if process is None or process.returncode is not None:
            env = {**os.environ, **part.env}
            process = await self._process(part.name, part.command, env, part.stop_signal)
        self._running[part.name] = process
        assert process.stdin is not None
        if part.told_by_stdin:
            process.stdin.write(json.dumps(dict(part.env)).encode())
        process.stdin.close()
        return process

    async def _process(
        self, name: str, command: Sequence[str], env: Mapping[str, str], stop_signal: signal.Signals
    ) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(stop_signal),
        )
        assert process.stdout is not None
        asyncio.get_running_loop().create_task(_copy(name, process.stdout))
        return process


async def _copy(name: str, stream: asyncio.StreamReader) -> None:
    """Copy each line of a part's output, with its name in front."""
    while True:
        try:
            line = await stream.readline()
        except (
            ValueError
        ):  # A line longer than the reader's limit: its rest follows as lines of its own.
            continue
        if not line:
            return
        sys.stderr.write(f"{name:<{_NAME_WIDTH}} | {line.decode(errors='replace').rstrip()}\n")
        sys.stderr.flush()


def _kill_group(pid: int) -> None:
    """Kill what a dead part left behind: pool children, backends."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """On Linux: have the kernel send the signal when the supervisor is killed, so that no part
    outlives it."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)

    return in_child
