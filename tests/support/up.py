"""One `smara-server up` for tests, and a look at the processes under it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx2

from tests.support.client import Client
from tests.support.process import eventually, free_port

NOT_GIVEN = (
    "DATABASE_URL",
    "REDIS_URL",
    "VOYAGE_API_KEY",
    "ANTHROPIC_API_KEY",
    "SMARA_DATA_DIR",
    "PORT",
)
PARTS = {
    "api": "app.cli.embedded.early api",
    "worker": "app.cli worker",
    "beat": "app.cli beat",
    "postgres": "bin/postgres -D",
    "redis": "redis-server",
}


class Up:
    """One data folder and port, and the `up` that runs on them, with no settings but ``env``."""

    def __init__(self, data_dir: Path, log: Path, **env: str) -> None:
        self.data_dir, self.log, self.port, self._env = data_dir, log, free_port(), env
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, port: int) -> subprocess.Popen[bytes]:
        env = {name: value for name, value in os.environ.items() if name not in NOT_GIVEN}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "app.cli",
                    "up",
                    f"--data-dir={self.data_dir}",
                    f"--port={port}",
                    "--host=127.0.0.1",
                ],
                env={
                    **env,
                    "SMARA_SWEEP_SECONDS": "1",
                    "SMARA_WORKER_PROCESSES": "1",
                    **self._env,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def running(self) -> Up:
        """Start it unless it runs."""
        if self.process is None or self.process.poll() is not None:
            self.process = self.start(self.port)
            self.until_healthy()
        return self

    def until_healthy(self) -> None:
        eventually(self.healthy, seconds=60)

    def stop(self) -> None:
        """Ask it to end, if it runs, and wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return (
                httpx2.get(f"{self.base_url}/health", trust_env=False, timeout=5).status_code == 200
            )
        except httpx2.HTTPError:
            return False

    def refused(self) -> tuple[int, str]:
        """The exit code and the words of a second one on the same folder."""
        began = self.log.stat().st_size
        code = self.start(free_port()).wait(timeout=30)
        return code, self.log.read_bytes()[began:].decode()

    def client(self, key_file: Path | None = None) -> Client:
        """A client with the key of this one's first start, or another's."""
        key = (key_file or self.data_dir / "api_key").read_text().strip()
        return Client(self.base_url, key)

    def pid_of(self, part: str) -> int | None:
        """The leader of the part, if it runs."""
        assert self.process is not None
        for pid in children_of(self.process.pid):
            if PARTS[part] in command_line(pid):
                return pid
        return None


def children_of(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in found.stdout.split()]


def descendants_of(pid: int) -> list[int]:
    return [each for child in children_of(pid) for each in (child, *descendants_of(child))]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
