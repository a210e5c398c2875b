"""Real Postgres and Redis for tests, and the service's own processes beside them."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psycopg

from app.db import tenants
from app.db.migrate import bind_embedding_model, migrate
from app.db.pool import close_pool, open_pool, transaction
from app.db.service_login import make_given
from app.embedded import postgres, redis
from app.embedded.part import Part
from app.settings import Settings
from app.tenancy import api_keys
from tests import pooler

SERVICE_LOGIN = "service"
"""May take on the service's roles and nothing else, as production's login."""

LOCAL_MODEL = ("all-MiniLM-L6-v2-int8", 384)
VOYAGE_MODEL = ("voyage-4", 1024)


class Server:
    """A part of the embedded kind, started and stopped by the test."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.part.command,
            env={**os.environ, **self.part.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        eventually(lambda: asyncio.run(self._ready()), seconds=30)

    async def _ready(self) -> bool:
        return await self.part.ready()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.part.stop_signal)
            self.process.wait(timeout=30)

    def kill(self) -> None:
        assert self.process is not None
        kill_group(self.process)


def start_postgres(folder: Path) -> tuple[Server, str]:
    """A cluster of its own; the address of its maintenance database."""
    part, url = postgres.prepare(folder)
    server = Server(part)
    server.start()
    return server, url.replace(f"@/{postgres.DATABASE}?", "@/postgres?")


def start_redis(folder: Path) -> tuple[Server, str]:
    """A Redis of its own, without persistence; its address."""
    part, url, _ = redis.prepare(folder)
    assert part is not None
    server = Server(part)
    server.start()
    return server, url


def create_database(maintenance_url: str, name: str, model: tuple[str, int]) -> str:
    """A migrated database sized for ``model``; its address."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = maintenance_url.replace("@/postgres?", f"@/{name}?")
    migrate(url)
    bind_embedding_model(url, *model)
    make_given(url, f"user={SERVICE_LOGIN}")
    return url


def copy_database(maintenance_url: str, template: str, name: str) -> str:
    """A copy of a database that nobody is connected to; its address."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return maintenance_url.replace("@/postgres?", f"@/{name}?")


def for_service(database_url: str) -> str:
    """The address by which the service's processes reach the database: with a login of their own,
    and through PgBouncer where the run has one."""
    return reached(database_url.replace(f"//{postgres.SUPERUSER}@", f"//{SERVICE_LOGIN}@", 1))


def reached(database_url: str) -> str:
    """The same address, through PgBouncer where the run has one."""
    return database_url if pooler.of_the_run is None else pooler.of_the_run.to(database_url)


def new_tenant(database_url: str, name: str = "test") -> tuple[UUID, str]:
    """A fresh tenant and an API key of it."""

    async def make() -> tuple[UUID, str]:
        await open_pool(Settings(database_url=reached(database_url)), size=1)
        try:
            tenant_id = tenants.new_id()
            async with transaction(tenant_id) as tx:
                await tenants.create_tenant(tx, name)
                return tenant_id, (await api_keys.issue(tx, label=name)).api_key
        finally:
            await close_pool()

    return asyncio.run(make())


class Process:
    """One of the service's processes (api, worker, beat), run as production runs it.

    It is forked from a server that has imported the packages already (tests/preload.py), and then
    runs the same command line under settings of its own.
    """

    def __init__(self, name: str, env: Mapping[str, str], log: Path) -> None:
        self.name, self._env, self._log = name, env, log
        self.process: Forked | None = None

    def start(self, **env: str) -> Process:
        self.process = Forked(self.name, {**os.environ, **self._env, **env}, self._log)
        return self

    def kill(self) -> None:
        """kill -9 of the process and all of its children, as a power cut would."""
        assert self.process is not None
        kill_group(self.process)

    def ask_to_stop(self) -> None:
        """SIGTERM, if it runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to stop, and see to it."""
        self.ask_to_stop()
        self.see_it_stopped()

    def see_it_stopped(self) -> None:
        """Wait for its end; in the end it and all of its children are gone."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=20)
            kill_group(self.process)

    def children(self) -> list[int]:
        """The pool children of a worker."""
        assert self.process is not None
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(pid) for pid in found.stdout.split()]


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.preload"])


class Forked:
    """A process of the service in a group of its own, with what subprocess.Popen would offer."""

    def __init__(self, command: str, env: Mapping[str, str], log: Path) -> None:
        log.touch()
        self._process = _forks.Process(target=_run, args=(command, dict(env), log), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("smara-server", timeout or 0.0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _run(command: str, env: Mapping[str, str], log: Path) -> None:
    """The child: all that it has of the test run are the imported packages."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    nothing, written = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644),
    )
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["smara-server", command]
    importlib.import_module("app.cli").main()


class Client:
    """Calls the API as a developer would, with one key."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.http = httpx2.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=35.0,
            trust_env=False,
        )

    def post_conversation(
        self, user_id: str, *texts: str, key: str | None = None, **fields: Any
    ) -> str:
        """POST a conversation of user messages; its id."""
        messages = [{"role": "user", "content": text} for text in texts]
        headers = {"Idempotency-Key": key} if key else {}
        body = {"user_id": user_id, "messages": messages, **fields}
        answer = self.http.post("/v1/conversations", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        identifier: str = answer.json()["id"]
        return identifier

    def finished(self, conversation_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """The conversation once it is done, dead or cancelled."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.http.get(f"/v1/conversations/{conversation_id}", params={"wait": 5})
            assert answer.status_code == 200, answer.text
            conversation: dict[str, Any] = answer.json()
            if conversation["state"] in ("done", "dead", "cancelled"):
                return conversation
            assert time.monotonic() < deadline, conversation

    def facts(self, user_id: str, q: str = "what is known") -> list[str]:
        """The facts of the user's live memories, in no particular order."""
        answer = self.http.get(
            "/v1/memories/search", params={"user_id": user_id, "q": q, "limit": 50}
        )
        assert answer.status_code == 200, answer.text
        return sorted(memory["fact"] for memory in answer.json()["results"])


def eventually(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """The first true value of ``condition``, or an assertion error after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def free_port() -> int:
    """A port outside the range that the kernel gives to clients, so that none of them takes it
    meanwhile."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def kill_group(process: subprocess.Popen[bytes] | Forked) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
