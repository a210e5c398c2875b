"""Circuits in the database: one probe for all, and nobody closes what opened after they began."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from app.db import circuit_breaker
from app.db.pool import system, transaction
from app.rules.circuit_breaker import Circuit
from tests.integration.db.rows import execute

pytestmark = pytest.mark.anyio

KEY = ("anthropic", "claude")


@pytest.fixture(autouse=True)
async def no_circuits(pool: None) -> AsyncIterator[None]:
    await execute("TRUNCATE circuits")
    yield
    await execute("TRUNCATE circuits")


async def opened(tenant: UUID, *, retry_in_seconds: float) -> None:
    async with transaction(tenant) as tx:
        assert (await circuit_breaker.lock(tx, KEY)).state == "closed"
        await circuit_breaker.write(
            tx, KEY, Circuit("open", reason="down", retry_in_seconds=retry_in_seconds)
        )


async def probe() -> tuple[UUID, list[tuple[str, str]]]:
    token = uuid4()
    async with system() as tx:
        return token, await circuit_breaker.take_probe(tx, [KEY], token, lost_after_seconds=30.0)


async def succeeded(tenant: UUID, *, seconds: float) -> bool:
    async with transaction(tenant) as tx:
        return await circuit_breaker.succeeded(tx, KEY, seconds=seconds)


async def resting() -> list[tuple[str, str | None]]:
    async with system() as tx:
        return [
            (circuit.state, circuit.reason) for circuit in await circuit_breaker.open_circuits(tx)
        ]


async def test_ten_callers_at_once_get_one_probe(tenant: UUID) -> None:
    await opened(tenant, retry_in_seconds=-1.0)

    answers = await asyncio.gather(*(probe() for _ in range(10)))

    assert sorted(len(taken) for _, taken in answers) == [0] * 9 + [1]
    assert await resting() == [("half_open", "down")]


async def test_before_the_pause_is_over_nobody_gets_one(tenant: UUID) -> None:
    await opened(tenant, retry_in_seconds=30.0)

    assert (await probe())[1] == []


async def test_a_probe_that_is_lost_is_given_to_another(tenant: UUID) -> None:
    await opened(tenant, retry_in_seconds=-1.0)
    await probe()
    await execute("UPDATE circuits SET retry_at = now() - interval '1 second'")

    assert (await probe())[1] == [KEY]


async def test_a_probe_that_tried_nothing_goes_back(tenant: UUID) -> None:
    await opened(tenant, retry_in_seconds=-1.0)
    token, _ = await probe()

    async with system() as tx:
        await circuit_breaker.return_probe(tx, token)

    assert await resting() == [("open", "down")]
    assert (await probe())[1] == [KEY]


async def test_a_success_closes_it_unless_the_call_began_before_it_opened(tenant: UUID) -> None:
    await opened(tenant, retry_in_seconds=-1.0)

    assert await succeeded(tenant, seconds=60.0) is False
    assert await resting() == [("open", "down")]
    assert await succeeded(tenant, seconds=0.0) is True
    assert await resting() == []


async def test_a_success_while_it_is_closed_forgets_the_failures(tenant: UUID) -> None:
    async with transaction(tenant) as tx:
        await circuit_breaker.lock(tx, KEY)
        await circuit_breaker.write(tx, KEY, Circuit(failures=4, window_age_seconds=1.0))

    assert await succeeded(tenant, seconds=60.0) is True

    async with transaction(tenant) as tx:
        assert (await circuit_breaker.lock(tx, KEY)).failures == 0
