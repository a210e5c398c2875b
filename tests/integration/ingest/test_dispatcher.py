"""A worker's turn: what is due is done, nothing is stranded, and nothing is paid for twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.db import conversations, queue
from app.db.pool import close_pool, open_pool, system, transaction
from app.embed.voyage import VoyageEmbedder
from app.errors import DatabaseUnavailable, OverBudget, ServiceError
from app.extract.claude import ClaudeExtractor
from app.ingest import dispatcher
from app.ingest.retries import give_back
from app.provider_errors import ProviderRefused
from app.providers.registry import get_providers
from app.rules.types import Message, NewConversation, Scope
from app.startup import runtime, start_runtime
from app.webhooks.slots import STOP_GRACE_SECONDS, Idle
from tests.integration.db.rows import NOBODY, new_tenant, owner
from tests.providers.anthropic import FakeAnthropic
from tests.providers.voyage import FakeVoyage
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import VOYAGE_MODEL

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("worker")]


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    return make_database(VOYAGE_MODEL)


@pytest.fixture
def settings(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    database_url: str,
    fake_anthropic: tuple[FakeAnthropic, str],
    fake_voyage: tuple[FakeVoyage, str],
) -> Iterator[None]:
    """This process is a worker with the paid clients, pointed at the fakes."""
    for name, value in {
        "DATABASE_URL": database_url,
        "SMARA_DATA_DIR": str(tmp_path),
        "ANTHROPIC_API_KEY": "test-key",
        "ANTHROPIC_BASE_URL": fake_anthropic[1],
        "VOYAGE_API_KEY": "test-key",
        "VOYAGE_BASE_URL": fake_voyage[1],
        "SMARA_RETRY_BASE_SECONDS": "0.001",
    }.items():
        monkeypatch.setenv(name, value)
    start_runtime()
    get_providers()
    yield
    start_runtime()


@pytest.fixture
async def worker(settings: None) -> AsyncIterator[None]:
    """The pool is open, and no conversation of another test is due."""
    await open_pool(runtime().settings)
    async with owner() as conn:
        await conn.execute("TRUNCATE tenants CASCADE")
        await conn.execute("TRUNCATE circuits")
    yield
    await close_pool()
    providers = get_providers()
    for client in (providers.extractor, providers.embedder):
        assert isinstance(client, (ClaudeExtractor, VoyageEmbedder))
        await client.aclose()


@pytest.fixture
async def tenant(worker: None) -> UUID:
    return await new_tenant("acme")


async def queue_up(tenant_id: UUID, user_id: str, text: str = "The canary is named Pip.") -> UUID:
    new = NewConversation(
        owner_key=f"user:{user_id}",
        scope=Scope(tenant_id, "default", user_id),
        user_id=user_id,
        visibility="private",
        messages=[Message("user", text)],
        occurred_at=None,
        instructions=None,
        source="test",
        external_id=None,
        metadata={},
        priority=0,
        idempotency_key=None,
        body_sha256=None,
    )
    async with transaction(tenant_id) as tx:
        accepted = await conversations.accept(tx, new, NOBODY)
        assert accepted is not None
        return accepted.conversation_id


async def rows(
    columns: str, table: str = "conversations", order: str = "conversation_id"
) -> list[Any]:
    async with owner() as conn:
        found = await (
            await conn.execute(f"SELECT {columns} FROM {table} ORDER BY {order}")
        ).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def configure(**changes: object) -> None:
    """Change settings of this process; what it has open stays open."""
    here = runtime()
    here.settings = here.settings.model_copy(update=changes)


async def nobody() -> None:
    """The other processes have enough to do."""


async def process_due(
    stopping: Callable[[], bool] = lambda: False,
    call_for_help: Callable[[], Awaitable[object]] = nobody,
    stop_grace_seconds: float = STOP_GRACE_SECONDS,
) -> bool:
    deadline = time.monotonic() + runtime().settings.claim_window_seconds
    return await dispatcher.process_due(
        lambda: time.monotonic() < deadline and not stopping(),
        stopping,
        call_for_help,
        Idle("conversations"),
        stop_grace_seconds=stop_grace_seconds,
    )


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def test_with_nothing_due_it_ends_at_once() -> None:
    began = time.monotonic()

    assert await process_due() is False

    assert time.monotonic() - began < 10.0, "the claim window is 30 s"


async def test_everything_that_is_due_is_done_when_it_ends(tenant: UUID) -> None:
    for n in range(12):
        await queue_up(tenant, f"user-{n % 4}", f"Canary{n:02d} sings.")

    assert await process_due() is False

    assert await rows("DISTINCT state", order="state") == ["done"]
    assert len(await rows("fact", "memories", "fact")) == 12


async def test_help_is_called_once_when_there_is_more_than_one_process_can_take(
    tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(worker_in_flight=2)
    calls: list[int] = []

    async def help_us() -> None:
        calls.append(1)

    await queue_up(tenant, "ada")
    await process_due(call_for_help=help_us)
    assert calls == []

    for n in range(6):
        await queue_up(tenant, f"user-{n}")
    await process_due(call_for_help=help_us)
    assert calls == [1]


async def test_a_process_that_is_asked_to_stop_claims_nothing_more(tenant: UUID) -> None:
    await queue_up(tenant, "ada")

    await process_due(stopping=lambda: True)

    assert await rows("state, attempts") == [("queued", 0)]


async def test_what_a_stopping_process_cannot_finish_goes_back_as_if_it_had_never_been_claimed(
    tenant: UUID, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    fake_anthropic[0].script({"delay_seconds": 5.0, "when": "slow"})
    await queue_up(tenant, "ada", "The slow canary is named Pip.")
    await queue_up(tenant, "bob")

    began = time.monotonic()
    await process_due(stopping=lambda: fake_anthropic[0].count >= 2, stop_grace_seconds=0.4)

    assert time.monotonic() - began < 4.0
    assert await rows("user_id, state, attempts, crash_attempts, lease_token, error_code") == [
        ("ada", "queued", 0, 0, None, None),
        ("bob", "done", 1, 0, None, None),
    ]


async def test_what_a_stopping_process_can_finish_in_its_grace_is_finished(
    tenant: UUID, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    fake_anthropic[0].script({"delay_seconds": 0.5})
    await queue_up(tenant, "ada")

    await process_due(stopping=lambda: fake_anthropic[0].count >= 1)

    assert await rows("state") == ["done"]


async def test_after_its_window_it_says_that_there_may_be_more(
    tenant: UUID, fake_anthropic: tuple[FakeAnthropic, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(claim_window_seconds=0.2, worker_in_flight=1)
    fake_anthropic[0].delay_seconds = 0.3
    for n in range(3):
        await queue_up(tenant, f"user-{n}")

    assert await process_due() is True

    assert await rows("state") == ["done", "queued", "queued"]


async def test_a_suspect_runs_first_and_alone(
    tenant: UUID, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    fake_anthropic[0].delay_seconds = 0.1
    for user in ("ada", "bob", "eve"):
        await queue_up(tenant, user)
    async with transaction(tenant) as tx:
        await tx.execute("UPDATE conversations SET crash_attempts = 1 WHERE user_id = 'eve'")

    assert await process_due() is False

    finished = dict(await rows("user_id, finished_at"))
    claimed = dict(await rows("user_id, claimed_at"))
    assert finished["eve"] <= min(claimed["ada"], claimed["bob"])


async def test_a_database_connection_that_breaks_strands_nothing_that_was_begun(
    tenant: UUID, fake_anthropic: tuple[FakeAnthropic, str], database_url: str
) -> None:
    fake_anthropic[0].script({"delay_seconds": 0.6})
    await queue_up(tenant, "ada")
    turn = asyncio.create_task(process_due())
    await until(lambda: fake_anthropic[0].count == 1)

    await asyncio.to_thread(
        sql,
        database_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    # Whether the turn itself ends well does not matter: the next wakeup starts another one. But no
    # work goes on in a worker after its turn.
    await asyncio.wait({turn}, timeout=20)
    state = await asyncio.to_thread(sql, database_url, "SELECT state FROM conversations")
    for task in asyncio.all_tasks():
        if "_remember" in repr(task.get_coro()):
            task.cancel()

    # It is done, or due again: never left to a lease of five minutes that ends as a crash.
    assert state in ([("done",)], [("queued",)])


def sql(database_url: str, statement: str) -> list[Any]:
    """Run a statement on a connection of its own."""
    with psycopg.connect(database_url, autocommit=True) as other:
        return other.execute(statement).fetchall()


@pytest.mark.parametrize(
    "stops", [{"status": 429, "headers": {"retry-after": "0"}}, {"status": 401}, {"status": 503}]
)
async def test_an_extraction_is_paid_for_once_whatever_becomes_of_the_embedding(
    tenant: UUID,
    fake_anthropic: tuple[FakeAnthropic, str],
    fake_voyage: tuple[FakeVoyage, str],
    stops: dict[str, object],
) -> None:
    fake_voyage[0].script(dict(stops))
    await queue_up(tenant, "ada")

    await process_due()
    async with transaction(tenant) as tx:
        await tx.execute("UPDATE conversations SET next_attempt_at = now()")
        await tx.execute("UPDATE circuits SET retry_at = now()")
    await process_due()

    assert await rows("state") == ["done"]
    assert fake_anthropic[0].count == 1
    assert await rows("outcome", "llm_calls WHERE purpose = 'extract'", "started_at") == ["ok"]
    assert len(await rows("outcome", "llm_calls WHERE purpose = 'embed'", "started_at")) == 2


async def test_an_extraction_is_paid_for_once_when_the_process_is_stopped_after_it(
    tenant: UUID,
    fake_anthropic: tuple[FakeAnthropic, str],
    fake_voyage: tuple[FakeVoyage, str],
) -> None:
    fake_voyage[0].script({"delay_seconds": 5.0})
    await queue_up(tenant, "ada")
    await process_due(stopping=lambda: fake_voyage[0].count >= 1, stop_grace_seconds=0.2)
    assert await rows("state, attempts") == [("queued", 0)]

    await process_due()

    assert await rows("state") == ["done"]
    assert fake_anthropic[0].count == 1


@pytest.mark.parametrize(
    ("step", "state", "code", "attempts"),
    [
        ({"status": 529}, "queued", "provider_unavailable", 1),
        ({"status": 401}, "queued", "provider_refused", 0),
        ({"status": 429, "headers": {"retry-after": "30"}}, "queued", "provider_unavailable", 0),
        ({"status": 400}, "dead", "provider_rejected", 1),
    ],
    ids=["overloaded", "key refused", "rate limited", "never"],
)
async def test_a_providers_refusal_decides_what_follows(
    tenant: UUID,
    fake_anthropic: tuple[FakeAnthropic, str],
    step: dict[str, object],
    state: str,
    code: str,
    attempts: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(retry_base_seconds=600)
    fake_anthropic[0].script({**step, "times": 0})
    await queue_up(tenant, "ada", "My secret is xyzzy.")

    await process_due()

    [(found_state, found_code, found_attempts, detail)] = await rows(
        "state, error_code, attempts, error_detail"
    )
    assert (found_state, found_attempts) == (state, attempts)
    assert found_code.startswith(code.rsplit("_", 1)[0])
    assert "xyzzy" not in detail
    [outcome] = await rows("outcome", "llm_calls", "started_at")
    assert outcome == found_code
    if found_state == "queued":
        [wait] = await rows("extract(epoch FROM next_attempt_at - now())::float8")
        assert wait <= {"provider_refused": 660.0, "provider_unavailable": 630.0}[code] + 1


@pytest.mark.parametrize(
    ("failure", "states", "attempts"),
    [
        (DatabaseUnavailable("", sqlstate="55P03"), ["queued", "queued", "dead"], 0),
        (DatabaseUnavailable("", sqlstate=None), ["queued", "queued", "dead"], 0),
        (DatabaseUnavailable("", sqlstate="57014"), ["queued", "queued", "dead"], 3),
        (OverBudget("", plan="free", limit=1, used=1), ["queued", "queued", "queued"], 0),
        (ProviderRefused(""), ["queued", "queued", "queued"], 0),
    ],
    ids=["a lock", "a lost connection", "too slow", "no money", "no account"],
)
async def test_nothing_is_tried_for_ever_whatever_it_fails_of(
    tenant: UUID, failure: ServiceError, states: list[str], attempts: int
) -> None:
    configure(max_claims=3)
    await queue_up(tenant, "ada")

    for state in states:
        async with system() as tx:
            [claim] = await queue.claim(tx, limit=1, max_in_flight=8, lease_seconds=60)
        await give_back(claim, failure)
        assert await rows("state") == [state]
        async with transaction(tenant) as tx:
            await tx.execute("UPDATE conversations SET next_attempt_at = now()")

    assert await rows("claims, attempts") == [(3, attempts)]
