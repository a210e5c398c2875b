"""The barest installation: an API with a database and a Voyage key. Both can be taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2
import psycopg

from tests.providers.server import Running
from tests.providers.voyage import FakeVoyage
from tests.support.client import Client, new_tenant
from tests.support.postgres import for_service
from tests.support.process import Process, eventually, free_port


class Voyaging:
    """``provider`` is the Voyage that it asks."""

    def __init__(self, folder: Path, database_url: str, maintenance_url: str) -> None:
        self.provider = FakeVoyage()
        self._running = Running(self.provider)
        self._folder, self._database_url = folder, database_url
        self._maintenance_url = maintenance_url
        self.port = free_port()

    def __enter__(self) -> Self:
        self._running.__enter__()
        env = {
            "DATABASE_URL": for_service(self._database_url),
            "VOYAGE_API_KEY": "test-key",
            "VOYAGE_BASE_URL": f"http://127.0.0.1:{self._running.port}/v1",
            "PORT": str(self.port),
            "SMARA_HOST": "127.0.0.1",
            "SMARA_DATA_DIR": str(self._folder),
        }
        self._api = Process("api", env, self._folder / "log").start()
        eventually(lambda: self.health() == 200, seconds=40)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._api.kill()
        self._running.__exit__(kind, error, trace)

    def client(self) -> Client:
        """A client of a fresh tenant."""
        return Client(f"http://127.0.0.1:{self.port}", new_tenant(self._database_url)[1])

    def health(self) -> int:
        """The status of /health; 0 while nobody listens."""
        try:
            return self.answer().status_code
        except httpx2.HTTPError:
            return 0

    def answer(self) -> httpx2.Response:
        """What /health says."""
        return httpx2.get(f"http://127.0.0.1:{self.port}/health", trust_env=False, timeout=20)

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """While this lasts, nobody is let into the database."""
        name = psycopg.conninfo.conninfo_to_dict(self._database_url)["dbname"]
        with psycopg.connect(self._maintenance_url, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            try:
                yield
            finally:
                connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        eventually(lambda: self.health() == 200)
