"""`smara-server up`: run everything that no address was given for, migrations, API, worker and
scheduler; one Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TextIO

import httpx2

from app.db.logins import refuse_at_start
from app.db.migrate import bind_embedding_model, migrate
from app.db.service_login import make_given, serving_address
from app.embed.embedder import Embedder
from app.embedded import postgres, redis
from app.embedded.part import Part
from app.embedded.supervisor import Supervisor
from app.errors import ServiceError
from app.logs import log
from app.providers.registry import build
from app.settings import Settings
from app.tenancy import bootstrap


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
    providers = build(settings)
    for part_name, model, paid, key in (
        ("embedder", providers.embedder.model, providers.paid_embedder, "VOYAGE_API_KEY"),
        ("extractor", providers.extraction_model, providers.paid_extractor, "ANTHROPIC_API_KEY"),
    ):
        if not paid:
            embedded.append(part_name)
            log.warning("demo_quality", part=part_name, model=model, replace_with=key)
    settings = settings.model_copy(update={**updates, "embedded_parts": embedded})
    serving = await asyncio.to_thread(_prepare_database, settings, providers.embedder)
    settings = settings.model_copy(update={"database_url": serving})
    if not providers.paid_embedder:
        await providers.embedder.embed_query(
            "Build the model once, before several processes want it."
        )
    key_file, is_new = await bootstrap.first_key(settings)
    for part in _processes(settings):
        await supervisor.start(part)
    _announce(settings, providers.extraction_model, providers.embedder.model, key_file, is_new)


def _prepare_database(settings: Settings, embedder: Embedder) -> str:
    """Bring the database up to date; gives the address to serve by."""
    given, owner = settings.database_url, settings.owner_database_url
    assert given is not None
    migrate(owner or given)
    bind_embedding_model(owner or given, embedder.model, embedder.dimension)
    if owner is None:
        return serving_address(given)
    make_given(owner, given)
    refuse_at_start(given)
    return given


def _processes(settings: Settings) -> list[Part]:
    env = {
        "DATABASE_URL": settings.database_url or "",
        "SMARA_OWNER_DATABASE_URL": "",  # Not theirs to know.
        "REDIS_URL": settings.redis_url or "",
        "SMARA_DATA_DIR": str(settings.data_dir),
        "SMARA_HOST": settings.host,
        "PORT": str(settings.port),
        "SMARA_EMBEDDED_PARTS": "["
        + ",".join(f'"{name}"' for name in settings.embedded_parts)
        + "]",
    }

    def command(name: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "app.cli", name)

    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
    address = f"http://{host}:{settings.port}/health"
    return [
        Part("api", command("api"), env, ready=lambda: _healthy(address), stop_seconds=15.0),
        Part("worker", command("worker"), env, stop_seconds=25.0),
        Part("beat", command("beat"), env, stop_seconds=5.0),
    ]


async def _healthy(address: str) -> bool:
    async with httpx2.AsyncClient(timeout=2.0, trust_env=False) as client:
        try:
            return (await client.get(address)).status_code == 200
        except httpx2.HTTPError:
            return False


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


def _announce(
    settings: Settings, extractor: str, embedder: str, key_file: Path | None, is_new: bool
) -> None:
    base = f"http://localhost:{settings.port}"
    lines = [
        "",
        f"  Smara memory service is up: {base}",
        f"  API documentation:          {base}/docs",
        f"  health:                     {base}/health",
        f"  extraction model:           {extractor}",
        f"  embedding model:            {embedder}",
        f"  embedded parts:             {', '.join(settings.embedded_parts) or 'none'}",
        f"  data folder:                {settings.data_dir}",
    ]
    if key_file is not None:
        lines.append(
            f"  API key:                    {key_file.read_text().strip()}"
            if is_new
            else f"  API key:                    in {key_file}"
        )
    else:
        lines.append(
            "  API key:                    issued before; another: smara-server keys create"
        )
    print("\n".join(lines) + "\n", file=sys.stderr, flush=True)
