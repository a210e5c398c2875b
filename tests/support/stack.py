"""The whole service for one test or many: API, worker and scheduler over a database and a Redis of
their own."""

from __future__ import annotations

from pathlib import Path

import httpx2

from tests.support.client import Client, new_tenant
from tests.support.postgres import for_service
from tests.support.process import Process, eventually, free_port

IMPATIENT = {
    "SMARA_EXTRACTION_TIMEOUT_SECONDS": "1",
    "SMARA_CONVERSATION_TIMEOUT_SECONDS": "1.5",
    "SMARA_CLAIM_WINDOW_SECONDS": "0.4",
    "SMARA_SOFT_TIME_LIMIT_SECONDS": "2",
    "SMARA_HARD_TIME_LIMIT_SECONDS": "3",
    "SMARA_LEASE_SECONDS": "3.5",
    "SMARA_RESCUE_SECONDS": "0.5",
    "SMARA_RETRY_BASE_SECONDS": "0.2",
}
"""The clocks in their order, but short, so that a test sees a lease run out."""

PATIENT = {
    "SMARA_EXTRACTION_TIMEOUT_SECONDS": "30",
    "SMARA_CONVERSATION_TIMEOUT_SECONDS": "40",
    "SMARA_SOFT_TIME_LIMIT_SECONDS": "50",
    "SMARA_HARD_TIME_LIMIT_SECONDS": "60",
    "SMARA_LEASE_SECONDS": "70",
}
"""Long enough for a busy machine, where every attempt counts and none is to time out."""


class Stack:
    """``crash_folder`` takes the files of app/ingest/fault_injection.py; ``database_url`` is the
    owner's."""

    def __init__(
        self, folder: Path, database_url: str, redis_url: str, models: Path, **env: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.database_url = folder, database_url
        self.crash_folder = folder / "crashes"
        self.crash_folder.mkdir()
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        (folder / "models").symlink_to(models)
        settings = {
            "DATABASE_URL": for_service(database_url),
            "REDIS_URL": redis_url,
            "PORT": str(self.port),
            "SMARA_HOST": "127.0.0.1",
            "SMARA_DATA_DIR": str(folder),
            "SMARA_CRASH_DIR": str(self.crash_folder),
            "SMARA_LOG_FORMAT": "json",
            **env,
        }
        self.api = Process("api", settings, folder / "api.log")
        self.worker = Process("worker", settings, folder / "worker.log")
        self.beat = Process("beat", settings, folder / "beat.log")

    def start(self, *, workers: bool = True) -> Stack:
        self.api.start()
        if workers:
            self.worker.start()
            self.beat.start()
        try:
            eventually(self._healthy, seconds=40)
        except AssertionError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        parts = (self.beat, self.worker, self.api)
        for part in parts:
            part.ask_to_stop()
        for part in parts:
            part.see_it_stopped()

    def client(self) -> Client:
        """A client of a fresh tenant."""
        _, api_key = new_tenant(self.database_url)
        return Client(self.base_url, api_key)

    def _healthy(self) -> bool:
        try:
            return httpx2.get(f"{self.base_url}/health", trust_env=False).status_code == 200
        except httpx2.HTTPError:
            return False
