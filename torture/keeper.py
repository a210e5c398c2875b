"""Starts processes and starts them again when they die, as systemd would with Restart=always."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import Forked, kill_group

RESTART_SECONDS = 0.5
"""Between a death and the new start."""


class Unit:
    """A process in a group of its own, with all that it forks. ``stop_signal`` asks it to end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        log: Path,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.log, self.stop_signal = name, log, stop_signal
        self._command, self._env = command, dict(env)
        self.process: subprocess.Popen[bytes] | Forked | None = None

    def start(self, **env: str) -> None:
        """Start it; ``env`` holds for this start only."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                env={**os.environ, **self._env, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self.process is not None, f"{self.name} was never started"
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tell(self, number: signal.Signals) -> None:
        """To the process alone."""
        if self.alive:
            os.kill(self.pid, number)

    def tell_group(self, number: signal.Signals) -> None:
        """To the process and all of its children."""
        if self.alive:
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """kill -9 of the whole group, as a power cut would; returns when it is dead."""
        if self.process is not None:
            kill_group(self.process)

    async def stop(self, grace_seconds: float = 15.0) -> None:
        """Ask it to end, and kill what is left after the grace."""
        self.tell(self.stop_signal)
        for _ in range(round(grace_seconds / 0.05)):
            if not self.alive:
                break
            await asyncio.sleep(0.05)
        self.kill()

    def children(self) -> list[int]:
        """The processes that it has forked."""
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


class PreloadedUnit(Unit):
    """A process of the service, forked from one that has imported its packages already."""

    def start(self, **env: str) -> None:
        """Start it; ``env`` holds for this start only, and comes too late for the loader."""
        self.process = Forked(self._command[-1], {**os.environ, **self._env, **env}, self.log)


class Keeper:
    """Watches units; ``deaths`` counts how often each had to be started again."""

    def __init__(self) -> None:
        self.units: list[Unit] = []
        self.deaths: Counter[str] = Counter()
        self._held: set[Unit] = set()

    def keep(self, unit: Unit) -> Unit:
        """Start the unit and see that it stays."""
        unit.start()
        self.units.append(unit)
        return unit

    async def dismiss(self, unit: Unit) -> None:
        """End the unit for good."""
        self.units.remove(unit)
        await unit.stop()

    @contextmanager
    def holding(self, unit: Unit) -> Iterator[None]:
        """Leave the unit as it is meanwhile, dead or alive."""
        self._held.add(unit)
        try:
            yield
        finally:
            self._held.discard(unit)

    async def watch(self) -> None:
        """For ever: start again what has died."""
        died_at: dict[Unit, float] = {}
        while True:
            now = asyncio.get_running_loop().time()
            for unit in self.units:
                if unit.alive or unit in self._held:
                    died_at.pop(unit, None)
                elif now - died_at.setdefault(unit, now) >= RESTART_SECONDS:
                    unit.kill()  # Whatever it has left behind.
                    unit.start()
                    self.deaths[unit.name] += 1
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """End everything, the last started first."""
        while self.units:
            unit = self.units.pop()
            unit.tell_group(signal.SIGCONT)
            await unit.stop()
