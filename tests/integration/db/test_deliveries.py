"""Deliveries are claimed in turns: by tenant first, then by endpoint."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import pytest

from app.db import deliveries, webhooks
from app.db.pool import system, transaction
from app.rules.types import Attempt
from app.webhooks.message import TEST_EVENT
from tests.integration.db.rows import new_tenant

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("empty_queue")]


async def endpoint(tenant: UUID, due: int) -> UUID:
    """An endpoint of the tenant to which so many deliveries are due."""
    async with transaction(tenant) as tx:
        made = await webhooks.add(
            tx, url="https://h.invalid/", description="", events=[], secret=b"s", at_most=99
        )
        assert made is not None
        for _ in range(due):
            await deliveries.add(tx, made.endpoint_id, TEST_EVENT)
    return made.endpoint_id


async def claimed(
    limit: int = 16, per_tenant: int = 4, held: dict[UUID, int] | None = None
) -> list[Attempt]:
    async with system() as tx:
        return await deliveries.claim(
            tx, limit=limit, lease_seconds=60, per_tenant=per_tenant, held=held or {}
        )


def by_tenant(attempts: list[Attempt]) -> dict[UUID, int]:
    return dict(Counter(attempt.tenant_id for attempt in attempts))


async def test_a_tenant_with_many_endpoints_gets_its_share_and_no_more() -> None:
    crowd, few = await new_tenant(), await new_tenant()
    for _ in range(20):
        await endpoint(crowd, due=2)
    await endpoint(few, due=2)

    assert by_tenant(await claimed()) == {crowd: 4, few: 2}


async def test_what_the_process_is_at_counts_and_whoever_has_least_goes_first() -> None:
    crowd, few = await new_tenant(), await new_tenant()
    for _ in range(5):
        await endpoint(crowd, due=2)
    await endpoint(few, due=3)

    assert by_tenant(await claimed(limit=2, held={crowd: 2})) == {few: 2}
    assert by_tenant(await claimed(held={crowd: 4, few: 2})) == {few: 1}


async def test_one_tenants_turns_go_round_its_endpoints() -> None:
    tenant = await new_tenant()
    busy, quiet = await endpoint(tenant, due=4), await endpoint(tenant, due=1)

    first = await claimed(limit=2)

    async with transaction(tenant) as tx:
        going = [await deliveries.load(tx, attempt) for attempt in first]
    assert {each.endpoint_id for each in going if each} == {busy, quiet}


async def test_an_endpoint_that_timed_out_has_one_slot_until_it_answers() -> None:
    tenant = await new_tenant()
    await endpoint(tenant, due=6)
    [first, *others] = await claimed()
    assert len(others) == 3

    async with transaction(tenant) as tx:
        await deliveries.missed(tx, first, status=None, error="timeout", retry_in_seconds=0)
        for attempt in others[:2]:
            # Neither is an answer.
            await deliveries.missed(tx, attempt, status=None, error="tls", retry_in_seconds=0)
    assert await claimed() == []  # The fourth is under way.
    async with transaction(tenant) as tx:
        await deliveries.missed(tx, others[2], status=None, error="timeout", retry_in_seconds=0)
    [alone] = await claimed()
    async with transaction(tenant) as tx:
        outgoing = await deliveries.load(tx, alone)
        assert outgoing is not None
        assert outgoing.timed_out
        await deliveries.missed(tx, alone, status=500, error="status_500", retry_in_seconds=0)

    assert len(await claimed()) == 4
    async with transaction(tenant) as tx:
        again = await deliveries.load(tx, alone)
    assert again is None or not again.timed_out


async def test_what_arrives_ends_it_too() -> None:
    tenant = await new_tenant()
    await endpoint(tenant, due=5)
    first, *others = await claimed()
    async with transaction(tenant) as tx:
        await deliveries.missed(tx, first, status=None, error="timeout", retry_in_seconds=0)
        for attempt in others:
            await deliveries.delivered(tx, attempt, 204)

    assert len(await claimed()) == 2
