"""PgBouncer in transaction mode before a test's Postgres: many clients, three connections."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.cli.embedded import postgres

SERVER_CONNECTIONS = 3
INSTALL = "PgBouncer is not installed here: apt-get install pgbouncer"

of_the_run: PgBouncer | None = None
"""Through which the whole run goes, with `pytest --pgbouncer`."""


class PgBouncer:
    """Before every database of a cluster on a socket, for whoever the cluster knows.

    With ``ignores_options`` it drops start-up options unread, as people set it up whose clients
    send some; otherwise it refuses them, as it does by default. Without ``asks_for_users`` it knows
    the superuser alone. Its files go into a folder of their own within ``folder``.
    """

    def __init__(
        self,
        folder: Path,
        maintenance_url: str,
        port: int,
        *,
        ignores_options: bool = False,
        asks_for_users: bool = True,
    ) -> None:
        folder = folder / f"pgbouncer-{port}"
        folder.mkdir(parents=True)
        folder.chmod(0o755)  # It refuses to be root, and runs as nobody then.
        self.port = port
        self._log = folder / "pgbouncer.log"
        self._ini = folder / "pgbouncer.ini"
        users = folder / "users.txt"
        users.write_text(f'"{postgres.SUPERUSER}" ""\n')
        lines = [
            "[databases]",
            f"* = host={_socket(maintenance_url)}"
            + (f" auth_user={postgres.SUPERUSER}" if asks_for_users else ""),
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {self.port}",
            "unix_socket_dir =",
            "pool_mode = transaction",
            f"default_pool_size = {SERVER_CONNECTIONS}",
            "max_client_conn = 200",
            "auth_type = trust",
            f"auth_file = {users}",
            "query_wait_timeout = 30",
        ]
        if ignores_options:
            lines.append("ignore_startup_parameters = options")
        self._ini.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> PgBouncer:
        binary = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
        if binary is None:
            pytest.fail(INSTALL)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                (*postgres.unprivileged(), binary, str(self._ini)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 10
        while not self._listens():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)
        return self

    def to(self, database_url: str) -> str:
        """The address of a database of the cluster, through this."""
        url = urlsplit(database_url)
        return f"{url.scheme}://{url.username}@127.0.0.1:{self.port}{url.path}"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _socket(url: str) -> str:
    return url.partition("host=")[2]
