"""Budgets in the database: what is reserved and spent together never passes the hard limit."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
import uuid_utils.compat as uuid_utils

from app.db import llm_calls, queue, spend
from app.db.pool import system, transaction
from app.rules.types import Caps, Usage
from tests.integration.db.rows import execute, new_tenant, queue_up

pytestmark = pytest.mark.anyio

NO_CAPS = Caps(soft=None, hard=None, daily=None)
USED = Usage("anthropic", "claude", input_tokens=7)


async def begin(tenant: UUID, microusd: int, caps: Caps = NO_CAPS) -> UUID | None:
    """Reserve and begin a call; None without room."""
    call_id: UUID = uuid_utils.uuid7()
    async with transaction(tenant) as tx:
        if not await spend.reserve(tx, microusd, caps):
            return None
        await llm_calls.begin(
            tx,
            call_id,
            conversation_id=None,
            purpose="extract",
            provider="anthropic",
            model="claude",
            reserved_microusd=microusd,
        )
    return call_id


async def end(tenant: UUID, call_id: UUID, cost: int | None, soft: int | None = None) -> bool:
    async with transaction(tenant) as tx:
        return await llm_calls.end(
            tx,
            call_id,
            outcome="ok",
            usage=USED,
            cost_microusd=cost,
            soft_microusd=soft,
            capped=False,
        )


async def budget(tenant: UUID, caps: Caps = NO_CAPS) -> tuple[int, int]:
    """Spent and reserved."""
    async with transaction(tenant) as tx:
        found = await spend.budget(tx, caps)
    return found.spent_microusd, found.reserved_microusd


async def test_fifty_calls_at_once_reserve_no_more_than_the_limit(tenant: UUID) -> None:
    caps = Caps(soft=None, hard=1_000, daily=None)

    calls = await asyncio.gather(*(begin(tenant, 90, caps) for _ in range(50)))

    assert sum(call is not None for call in calls) == 11
    assert await budget(tenant) == (0, 990)


async def test_a_call_that_is_over_frees_what_it_did_not_cost(tenant: UUID) -> None:
    call = await begin(tenant, 90)
    assert call is not None

    await end(tenant, call, cost=40)

    assert await budget(tenant) == (40, 0)
    await end(tenant, call, cost=0)
    assert await budget(tenant) == (40, 0), "a second settling changes nothing"


async def test_a_call_without_an_answer_costs_what_was_reserved(tenant: UUID) -> None:
    call = await begin(tenant, 90)
    assert call is not None

    await end(tenant, call, cost=None)

    assert await budget(tenant) == (90, 0)


async def test_a_first_call_that_is_dearer_than_the_limit_is_refused(tenant: UUID) -> None:
    assert await begin(tenant, 90, Caps(soft=None, hard=89, daily=None)) is None


async def test_a_tenants_own_limit_goes_before_the_installations(tenant: UUID) -> None:
    async with transaction(tenant) as tx:
        assert await spend.set_limits(tx, soft=None, hard=100)

    assert await begin(tenant, 101, Caps(soft=None, hard=10_000, daily=None)) is None
    assert await begin(tenant, 100, Caps(soft=None, hard=10, daily=None)) is not None


async def test_the_soft_limit_is_noted_once(tenant: UUID) -> None:
    noted = []
    for _ in range(4):
        call = await begin(tenant, 90)
        assert call is not None
        noted.append(await end(tenant, call, cost=40, soft=100))

    assert noted == [False, False, True, False]


async def test_what_a_dead_process_held_comes_back(tenant: UUID) -> None:
    lost, alive = await begin(tenant, 90), await begin(tenant, 7)
    assert lost is not None
    assert alive is not None
    await execute(
        "UPDATE llm_calls SET started_at = now() - interval '5 minutes' WHERE call_id = %s", lost
    )

    async with system() as tx:
        assert await spend.give_back_lost(tx, older_than_seconds=270) == 1

    assert await budget(tenant) == (0, 7)
    [(outcome,)] = await execute("SELECT outcome FROM llm_calls WHERE call_id = %s", lost)
    assert outcome == "lost"


async def blocked_for(tenant: UUID) -> float:
    [(seconds,)] = await execute(
        "SELECT date_part('epoch', blocked_until - now()) FROM tenant_turns WHERE tenant_id = %s",
        tenant,
    )
    return float(seconds)


async def test_one_tenant_over_its_budget_has_no_turn_and_the_other_goes_on(
    empty_queue: None,
) -> None:
    poor, rich = await new_tenant("poor"), await new_tenant("rich")
    for tenant in (poor, rich):
        await queue_up(tenant)
    caps = Caps(soft=None, hard=50, daily=None)
    async with transaction(poor) as tx:
        await spend.block(tx, 90, caps)
    assert 2 < await blocked_for(poor) <= 3600

    async def claimed() -> list[UUID]:
        async with system() as tx:
            claims = await queue.claim(tx, limit=9, max_in_flight=9, lease_seconds=300.0)
        return [claim.tenant_id for claim in claims]

    assert await claimed() == [rich]
    async with transaction(poor) as tx:
        await spend.set_limits(tx, soft=None, hard=1_000)
    assert await claimed() == [poor]


async def test_a_budget_that_calls_under_way_hold_blocks_for_a_moment(tenant: UUID) -> None:
    caps = Caps(soft=None, hard=100, daily=None)
    await begin(tenant, 90, caps)

    async with transaction(tenant) as tx:
        await spend.block(tx, 90, caps)

    assert 0 < await blocked_for(tenant) <= 2


async def test_the_daily_cap_stops_everyone_until_it_is_larger(tenant: UUID) -> None:
    await execute("TRUNCATE spend_days")
    async with transaction(tenant) as tx:
        assert await spend.reserve_of_the_day(tx, 60, cap=100)
        assert not await spend.reserve_of_the_day(tx, 60, cap=100)
        await spend.trip_daily_cap(tx, 60, cap=100)
    async with system() as tx:
        assert not await spend.daily_cap_reached(tx, 100), "it is calls under way that hold it"

    await execute("UPDATE spend_days SET spent_microusd = 60, reserved_microusd = 0")
    async with transaction(tenant) as tx:
        await spend.trip_daily_cap(tx, 60, cap=100)
    async with system() as tx:
        assert await spend.daily_cap_reached(tx, 100)
        assert not await spend.daily_cap_reached(tx, 200)
