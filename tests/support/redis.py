"""A real Redis for tests."""

from __future__ import annotations

from pathlib import Path

from app.cli.embedded import redis as embedded_redis
from tests.support.process import Server


def start_redis(folder: Path) -> tuple[Server, str]:
    """A Redis of its own, without persistence; its address."""
    part, url, _ = embedded_redis.prepare(folder)
    assert part is not None
    server = Server(part)
    server.start()
    return server, url
