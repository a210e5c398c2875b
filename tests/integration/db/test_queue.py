"""The queue: fair, in order, fenced, and nothing gets stuck."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.db import conversations, memory_owners, queue
from app.db.pool import system, transaction
from app.rules.types import Claim, Message, Scope
from tests.integration.db.rows import execute, new_tenant, owner, queue_up

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("empty_queue")]


async def claim(
    limit: int = 10, max_in_flight: int = 64, crashed_only: bool = False
) -> list[Claim]:
    async with system() as tx:
        return await queue.claim(
            tx,
            limit=limit,
            max_in_flight=max_in_flight,
            lease_seconds=300.0,
            crashed_only=crashed_only,
        )


async def claim_one() -> Claim:
    [claimed] = await claim(limit=1)
    return claimed


async def finish(claimed: Claim) -> None:
    async with transaction(claimed.tenant_id) as tx:
        await queue.finish(tx, claimed, {"facts": []}, {"total_ms": 1.0})


async def fail(claimed: Claim, retry_in: float | None, burns_attempt: bool = True) -> None:
    async with transaction(claimed.tenant_id) as tx:
        await queue.fail(
            tx,
            claimed,
            code="timed_out",
            detail="Slow.",
            retry_in_seconds=retry_in,
            burns_attempt=burns_attempt,
        )


async def rescue() -> int:
    async with system() as tx:
        return await queue.rescue(tx, max_crashes=3)


async def let_lease_run_out(claimed: Claim) -> None:
    await execute(
        "UPDATE conversations SET lease_until = now() - interval '1 second'"
        " WHERE conversation_id = %s",
        claimed.conversation_id,
    )


async def row(conversation_id: UUID, columns: str = "state") -> Any:
    [found] = await execute(
        f"SELECT {columns} FROM conversations WHERE conversation_id = %s", conversation_id
    )
    return found if "," in columns else found[0]


async def test_what_was_accepted_comes_out_as_it_went_in() -> None:
    tenant_id = await new_tenant("acme")
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    messages = [Message("user", "Zażółć \U0001f600", "Ada", at), Message("assistant", "Oh?")]
    accepted = await queue_up(
        tenant_id,
        messages=messages,
        occurred_at=at,
        instructions="Leave out weather.",
        metadata={"channel": "web"},
    )

    claimed = await claim_one()

    assert claimed.conversation_id == accepted.conversation_id
    assert (claimed.attempts, claimed.run) == (1, 0)
    async with transaction(tenant_id) as tx:
        conversation = await queue.load(tx, claimed)
    assert conversation is not None
    assert conversation.scope == Scope(tenant_id, "default", "ada")
    assert list(conversation.transcript.messages) == messages
    assert conversation.transcript.occurred_at == at
    assert conversation.transcript.instructions == "Leave out weather."
    assert conversation.metadata == {"channel": "web"}


async def test_one_conversation_of_a_subject_is_claimed_at_a_time_and_in_the_order_of_arrival() -> (
    None
):
    tenant_id = await new_tenant("acme")
    ada = [(await queue_up(tenant_id, "ada")).conversation_id for _ in range(3)]
    bob = (await queue_up(tenant_id, "bob")).conversation_id

    first = await claim()

    assert {claimed.conversation_id for claimed in first} == {ada[0], bob}
    assert await claim() == []
    for expected in ada[1:]:
        [before] = [claimed for claimed in first if claimed.owner_key == "user:ada"]
        await finish(before)
        first = await claim()
        assert [claimed.conversation_id for claimed in first] == [expected]


async def test_a_retry_that_waits_holds_back_the_same_subjects_later_conversations() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id, "ada")
    await queue_up(tenant_id, "ada")

    await fail(await claim_one(), retry_in=60.0)

    assert await claim() == []
    assert await rescue() == 0


async def test_a_tenant_with_one_conversation_is_in_the_first_batch_beside_one_with_500() -> None:
    busy, quiet = await new_tenant("busy"), await new_tenant("quiet")
    async with owner() as conn:
        await conn.execute(
            """
            INSERT INTO conversations (tenant_id, owner_key, user_id, namespace, messages,
                                       message_count, source)
            SELECT %s, 'user:' || n, n::text, 'default', '[]', 0, 'test'
            FROM generate_series(1, 500) n
            """,
            (busy,),
        )
    await queue_up(quiet)

    first = await claim(limit=2)

    assert Counter(claimed.tenant_id for claimed in first) == {busy: 1, quiet: 1}


async def test_tenants_are_served_in_turn() -> None:
    acme, globex = await new_tenant("acme"), await new_tenant("globex")
    for tenant_id in (acme, globex):
        for user in range(4):
            await queue_up(tenant_id, f"user-{user}")

    served = [(await claim_one()).tenant_id for _ in range(8)]

    assert [{one, other} for one, other in zip(served[::2], served[1::2], strict=True)] == [
        {acme, globex}
    ] * 4


async def test_a_tenant_with_a_single_conversation_goes_before_those_with_a_backlog() -> None:
    busy = [await new_tenant(f"busy-{n}") for n in range(6)]
    for tenant_id in busy:
        for user in range(4):
            await queue_up(tenant_id, f"user-{user}")
    single = await new_tenant("single")
    await queue_up(single)
    served = await claim(limit=7)
    assert {claimed.tenant_id for claimed in served} == {*busy, single}
    await finish(next(claimed for claimed in served if claimed.tenant_id == single))
    await execute("UPDATE tenant_turns SET last_served_at = now() WHERE tenant_id = %s", single)
    await queue_up(single)

    assert [claimed.tenant_id for claimed in await claim(limit=1)] == [single]


async def test_a_backlog_is_not_passed_over_for_long() -> None:
    busy, single = await new_tenant("busy"), await new_tenant("single")
    for user in range(2):
        await queue_up(busy, f"user-{user}")
    await queue_up(single)
    await execute(
        "UPDATE tenant_turns SET last_served_at = now() - interval '6 seconds'"
        " WHERE tenant_id = %s",
        busy,
    )
    await execute("UPDATE tenant_turns SET last_served_at = now() WHERE tenant_id = %s", single)

    assert [claimed.tenant_id for claimed in await claim(limit=1)] == [busy]


async def test_a_tenant_has_no_more_than_its_share_in_flight() -> None:
    acme, globex = await new_tenant("acme"), await new_tenant("globex")
    for user in range(5):
        await queue_up(acme, f"user-{user}")
    await queue_up(globex)

    first = await claim(limit=10, max_in_flight=2)

    assert Counter(claimed.tenant_id for claimed in first) == {acme: 2, globex: 1}
    assert await claim(limit=10, max_in_flight=2) == []
    await finish(next(claimed for claimed in first if claimed.tenant_id == acme))
    assert [claimed.tenant_id for claimed in await claim(limit=10, max_in_flight=2)] == [acme]


async def test_a_conversation_is_not_claimed_before_its_time() -> None:
    tenant_id = await new_tenant("acme")
    waiting = await queue_up(tenant_id)
    await execute("UPDATE conversations SET next_attempt_at = now() + interval '1 minute'")
    assert await claim() == []

    await execute("UPDATE conversations SET next_attempt_at = now() - interval '1 second'")

    assert [claimed.conversation_id for claimed in await claim()] == [waiting.conversation_id]


async def test_live_conversations_go_before_backfill() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id, "ada", priority=1)
    live = await queue_up(tenant_id, "bob", priority=0)

    assert (await claim_one()).conversation_id == live.conversation_id


async def test_claimers_at_the_same_time_never_get_the_same_conversation() -> None:
    for name in ("acme", "globex"):
        tenant_id = await new_tenant(name)
        for user in range(20):
            await queue_up(tenant_id, f"user-{user}")
            await queue_up(tenant_id, f"user-{user}")
    claimed: list[Claim] = []
    for _ in range(10):
        for batch in await asyncio.gather(*(claim(limit=3) for _ in range(6))):
            claimed += batch

    assert len({each.conversation_id for each in claimed}) == len(claimed) == 40
    assert set(Counter((each.tenant_id, each.owner_key) for each in claimed).values()) == {1}


async def test_only_who_asks_for_suspects_gets_those_whose_process_died() -> None:
    tenant_id = await new_tenant("acme")
    suspect, other = await queue_up(tenant_id, "eve"), await queue_up(tenant_id, "ada")
    claimed = {each.conversation_id: each for each in await claim()}
    await finish(claimed[other.conversation_id])
    await let_lease_run_out(claimed[suspect.conversation_id])
    assert await rescue() == 1
    fresh = await queue_up(tenant_id, "bob")

    assert [each.conversation_id for each in await claim()] == [fresh.conversation_id]
    assert [each.conversation_id for each in await claim(crashed_only=True)] == [
        suspect.conversation_id
    ]


async def test_whoever_lost_its_lease_changes_nothing() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    late = await claim_one()
    await let_lease_run_out(late)
    await rescue()
    [current] = await claim(crashed_only=True)

    await finish(late)
    await fail(late, retry_in=None)
    await fail(late, retry_in=1.0)
    async with transaction(tenant_id) as tx:
        await queue.release(tx, late)
        assert not await queue.still_ours(tx, late)
        assert await queue.still_ours(tx, current)

    assert await row(current.conversation_id, "state, lease_token, attempts") == (
        "processing",
        current.lease_token,
        2,
    )
    await finish(current)
    assert await row(current.conversation_id, "state, error_code, lease_token") == (
        "done",
        None,
        None,
    )


async def test_a_lease_that_ran_out_three_times_ends_in_dead_with_a_reason() -> None:
    tenant_id = await new_tenant("acme")
    conversation_id = (await queue_up(tenant_id)).conversation_id
    seen = []
    for crash in range(3):
        [claimed] = await claim(crashed_only=crash > 0)
        await let_lease_run_out(claimed)
        await rescue()
        seen.append(await row(conversation_id, "state, crash_attempts, attempts, error_code"))

    assert seen == [
        ("queued", 1, 1, "crashed"),
        ("queued", 2, 2, "crashed"),
        ("dead", 3, 3, "crashed"),
    ]
    assert await row(conversation_id, "finished_at") is not None
    assert await claim() == await claim(crashed_only=True) == []


async def test_a_lease_that_still_runs_is_left_alone() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    claimed = await claim_one()

    assert await rescue() == 0

    assert await row(claimed.conversation_id, "state, crash_attempts") == ("processing", 0)


async def test_a_conversation_given_up_is_dead_and_visible_with_its_reason() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    claimed = await claim_one()

    await fail(claimed, retry_in=None)

    async with transaction(tenant_id) as tx:
        listed = await conversations.list_page(
            tx, user_id=None, state="dead", since=None, before=None, limit=10
        )
    [dead] = listed
    assert (
        dead.conversation_id,
        dead.state,
        dead.error_code,
        dead.error_detail,
        dead.attempts,
    ) == (
        claimed.conversation_id,
        "dead",
        "timed_out",
        "Slow.",
        1,
    )
    assert dead.finished_at is not None


@pytest.mark.parametrize(("burns_attempt", "attempts"), [(True, 1), (False, 0)])
async def test_a_retry_waits_as_long_as_it_was_told(burns_attempt: bool, attempts: int) -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    claimed = await claim_one()

    await fail(claimed, retry_in=30.0, burns_attempt=burns_attempt)

    assert await row(
        claimed.conversation_id,
        "state, attempts, error_code, lease_token, next_attempt_at BETWEEN now() + interval '28 s' "
        "AND now() + interval '30 s'",
    ) == ("queued", attempts, "timed_out", None, True)


async def test_a_released_conversation_is_due_at_once_as_if_nobody_had_claimed_it() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    claimed = await claim_one()

    async with transaction(tenant_id) as tx:
        await queue.release(tx, claimed)

    assert await row(
        claimed.conversation_id, "state, attempts, crash_attempts, lease_token, lease_until"
    ) == (
        "queued",
        0,
        0,
        None,
        None,
    )
    assert (await claim_one()).attempts == 1


@pytest.mark.parametrize("end", ["done", "dead", "crashed", "cancelled"])
async def test_the_next_conversation_of_a_subject_comes_forward_however_the_one_before_it_ends(
    end: str,
) -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    follower = await queue_up(tenant_id)
    claimed = await claim_one()
    assert await claim() == []

    if end == "done":
        await finish(claimed)
    elif end == "dead":
        await fail(claimed, retry_in=None)
    elif end == "crashed":
        await execute("UPDATE conversations SET crash_attempts = 2 WHERE state = 'processing'")
        await let_lease_run_out(claimed)
        assert await rescue() == 1
    else:
        async with transaction(tenant_id) as tx:
            assert await conversations.erase(tx, claimed.conversation_id)
        assert await rescue() == 1

    assert [each.conversation_id for each in await claim()] == [follower.conversation_id]


async def test_sweeps_at_the_same_time_count_a_crash_once() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    claimed = await claim_one()
    await let_lease_run_out(claimed)

    await asyncio.gather(*(rescue() for _ in range(6)))

    assert await row(claimed.conversation_id, "state, crash_attempts") == ("queued", 1)


async def test_a_replayed_conversation_starts_from_zero_as_a_new_run() -> None:
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    claimed = await claim_one()
    async with transaction(tenant_id) as tx:
        assert not await conversations.replay(tx, claimed.conversation_id)
    await fail(claimed, retry_in=None)

    async with transaction(tenant_id) as tx:
        assert await conversations.replay(tx, claimed.conversation_id)

    again = await claim_one()
    assert (again.conversation_id, again.attempts, again.run) == (claimed.conversation_id, 1, 1)


async def test_a_replayed_conversation_waits_for_the_one_of_its_subject_that_is_worked_on() -> None:
    tenant_id = await new_tenant("acme")
    first, _ = await queue_up(tenant_id), await queue_up(tenant_id)
    await finish(await claim_one())
    second = await claim_one()

    async with transaction(tenant_id) as tx:
        assert await conversations.replay(tx, first.conversation_id)

    assert await claim() == []
    await finish(second)
    assert (await claim_one()).conversation_id == first.conversation_id


async def test_a_subjects_lock_is_held_until_its_transaction_ends() -> None:
    tenant_id = await new_tenant("acme")
    order: list[str] = []

    async def work(name: str, started: asyncio.Event, seconds: float) -> None:
        async with transaction(tenant_id) as tx:
            await memory_owners.lock(tx, "user:ada", {name})
            await (await tx.execute("SELECT 1")).fetchone()
            started.set()
            await asyncio.sleep(seconds)
            order.append(name)

    begun = asyncio.Event()
    slow = asyncio.create_task(work("slow", begun, 0.2))
    await begun.wait()
    await work("quick", asyncio.Event(), 0.0)
    await slow

    assert order == ["slow", "quick"]
    async with transaction(tenant_id) as tx:
        assert sorted(await memory_owners.speakers(tx, "user:ada")) == ["quick", "slow"]
        assert await memory_owners.speakers(tx, "user:nobody") == ()
