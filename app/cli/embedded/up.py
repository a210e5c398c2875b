"""`smara-server up`: run everything that no address was given for, migrations, API, worker and
scheduler; one Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from app.cli.embedded import early, postgres, redis
from app.cli.embedded.part import Part
from app.cli.embedded.prepare import Preparation, Prepared
from app.cli.embedded.supervisor import Supervisor
from app.errors import ServiceError
from app.logs import log
from app.settings import Settings


async def up(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM. Raises ServiceError with what to do when it cannot start."""
    data_dir = settings.data_dir.resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = settings.model_copy(update={"data_dir": data_dir})
    lock = _lock(data_dir)
    _refuse_taken_port(settings)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor()
    try:
        starting = asyncio.create_task(_start(supervisor, settings))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
        else:
            starting.cancel()
        await stopped
        log.info("stopping")
    finally:
        await supervisor.stop()
        lock.close()
    log.info("stopped")


async def _start(supervisor: Supervisor, settings: Settings) -> None:
    await supervisor.begin("api", early.command("api"))
    preparation = await Preparation.begin()
    try:
        await _prepare_and_start(supervisor, settings, preparation)
    finally:
        await preparation.end()


async def _prepare_and_start(
    supervisor: Supervisor, settings: Settings, preparation: Preparation
) -> None:
    embedded: list[str] = []
    updates: dict[str, object] = {}
    if settings.database_url is None:
        part, url = await asyncio.to_thread(postgres.prepare, settings.data_dir)
        await supervisor.start(part)
        await postgres.create_database(settings.data_dir)
        embedded.append("postgres")
        updates["database_url"] = url
    if settings.redis_url is None:
        redis_part, url, origin = redis.prepare(settings.data_dir)
        if redis_part is not None:
            await supervisor.start(redis_part)
        log.info("queue", embedded=True, served_by=origin)
        embedded.append("redis")
        updates["redis_url"] = url
    settings = settings.model_copy(update=updates)
    made = await preparation.prepared(_environment(settings, embedded))
    for part_name, key in made.missing_keys.items():
        embedded.append(part_name)
        log.warning("demo_quality", part=part_name, replace_with=key)
    settings = settings.model_copy(update={"database_url": made.serving_address})
    env = {
        **_environment(settings, embedded),
        "SMARA_OWNER_DATABASE_URL": "",
    }  # Not theirs to know.
    for part in _processes(settings, env):
        await supervisor.start(part)
    _announce(settings, embedded, made)


def _environment(settings: Settings, embedded: list[str]) -> dict[str, str]:
    """Give the settings that `up` has chosen, as variables for a process that it starts."""
    return {
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "SMARA_DATA_DIR": str(settings.data_dir),
        "SMARA_HOST": settings.host,
        "PORT": str(settings.port),
        "SMARA_EMBEDDED_PARTS": json.dumps(embedded),
    }


def _processes(settings: Settings, env: Mapping[str, str]) -> list[Part]:
    def command(name: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "app.cli", name)

    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    address = f"http://{host}:{settings.port}/health"
    return [
        Part(
            "api",
            early.command("api"),
            env,
            ready=lambda: _healthy(address),
            stop_seconds=15.0,
            told_by_stdin=True,
        ),
        Part("worker", command("worker"), env, stop_seconds=25.0),
        Part("beat", command("beat"), env, stop_seconds=5.0),
    ]


async def _healthy(address: str) -> bool:
    try:
        return await asyncio.to_thread(_status, address) == 200
    except OSError:
        return False


def _status(address: str) -> int:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(address, timeout=2.0) as answer:
        status: int = answer.status
        return status


def _lock(data_dir: Path) -> TextIO:
    """Lock the data folder. Raises ServiceError when another `up` has it."""
    lock = (data_dir / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise ServiceError(
            f"{data_dir} is in use by another smara-server (process {holder}). Stop that one, or "
            "give this one a folder "
            "of its own: --data-dir FOLDER (SMARA_DATA_DIR).",
            code="data_dir_in_use",
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            other = settings.port + 1 if settings.port < 65_535 else settings.port - 1
            raise ServiceError(
                f"Port {settings.port} cannot be used ({error.strerror}). "
                f"Choose another: --port {other} (PORT={other}).",
                code="port_in_use",
            ) from None


def _announce(settings: Settings, embedded: list[str], made: Prepared) -> None:
    base = f"http://localhost:{settings.port}"
    if made.key_file is None:
        key = "issued before; another: smara-server keys create"
    else:
        key = Path(made.key_file).read_text().strip() if made.key_is_new else f"in {made.key_file}"
    lines = [
        "",
        f"  Smara memory service is up: {base}",
        f"  API documentation:          {base}/docs",
        f"  health:                     {base}/health",
        f"  extraction model:           {made.extraction_model}",
        f"  embedding model:            {made.embedding_model}",
        f"  embedded parts:             {', '.join(embedded) or 'none'}",
        f"  data folder:                {settings.data_dir}",
        f"  API key:                    {key}",
    ]
    print("\n".join(lines) + "\n", file=sys.stderr, flush=True)
