"""Conversations as their owners see them: accepted once, erased for good."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from app.db import conversations, extractions, memory_owners, queue
from app.db.pool import clock, system, transaction
from app.errors import NotFound
from app.ingest import undo
from app.rules.types import Caller, Extraction, Fact, Scope, Usage
from tests.integration.db.rows import (
    NOBODY,
    at_angle,
    execute,
    new_conversation,
    new_tenant,
    queue_up,
    remember,
)

pytestmark = pytest.mark.anyio

DRAWN = Extraction(
    (Fact("User lives in Oslo.", 0.7, (0,), "I live in Oslo."),), Usage("anthropic", "m", 3, 2)
)


async def erase(tenant_id: UUID, conversation_id: UUID, *, with_memories: bool = False) -> bool:
    caller = Caller(tenant_id, uuid4(), frozenset({"write"}))
    try:
        await undo.erase(caller, conversation_id, with_memories=with_memories)
    except NotFound:
        return False
    return True


async def test_the_same_key_again_gives_the_first_row_back_whatever_the_body(tenant: UUID) -> None:
    first = await queue_up(tenant, key="k", body_sha256=b"one")
    again = await queue_up(tenant, key="k", body_sha256=b"two")

    assert (first.replayed, again.replayed) == (False, True)
    assert again.conversation_id == first.conversation_id
    assert (again.state, again.created_at, again.body_sha256) == (
        "queued",
        first.created_at,
        b"one",
    )


async def test_without_a_key_and_in_another_tenant_nothing_is_the_same(tenant: UUID) -> None:
    other = await new_tenant("other")

    accepted = [
        await queue_up(tenant),
        await queue_up(tenant),
        await queue_up(tenant, key="k"),
        await queue_up(other, key="k"),
    ]

    assert len({each.conversation_id for each in accepted}) == 4
    assert not any(each.replayed for each in accepted)


async def test_one_of_twenty_accepts_with_one_key_at_the_same_time_is_the_first(
    tenant: UUID,
) -> None:
    accepted = await asyncio.gather(*(queue_up(tenant, key="k") for _ in range(20)))

    assert len({each.conversation_id for each in accepted}) == 1
    assert sorted(each.replayed for each in accepted) == [False] + [True] * 19


async def test_erasing_removes_every_word_and_leaves_what_was_learned(tenant: UUID) -> None:
    conversation_id = (
        await queue_up(tenant, instructions="Be kind.", metadata={"name": "Ada"})
    ).conversation_id
    await remember(
        Scope(tenant, "default", "ada"),
        "User lives in Oslo.",
        at_angle(1.0),
        conversation_id=conversation_id,
    )
    async with transaction(tenant) as tx:
        await extractions.save(tx, conversation_id, 0, "v1", DRAWN)
    await execute(
        "UPDATE conversations SET state = 'done', receipt = %s WHERE conversation_id = %s",
        '{"facts": [{"quote": "I live in Oslo."}]}',
        conversation_id,
    )

    assert await erase(tenant, conversation_id)

    [row] = await execute(
        "SELECT c::text FROM conversations c WHERE conversation_id = %s", conversation_id
    )
    assert "Oslo" not in row[0]
    assert "Ada" not in row[0]
    assert "kind" not in row[0]
    assert (
        await execute("SELECT 1 FROM extractions WHERE conversation_id = %s", conversation_id) == []
    )
    assert await execute("SELECT fact, quote FROM memories WHERE tenant_id = %s", tenant) == [
        ("User lives in Oslo.", "")
    ]
    async with transaction(tenant) as tx:
        progress = await conversations.get(tx, conversation_id)
        assert progress is not None
        assert (progress.state, progress.erased, progress.receipt) == ("done", True, None)
        assert not await conversations.replay(tx, conversation_id)


async def test_erasing_with_memories_removes_what_was_learned_and_nothing_else(
    tenant: UUID,
) -> None:
    conversation_id = (await queue_up(tenant)).conversation_id
    scope = Scope(tenant, "default", "ada")
    await remember(scope, "User lives in Oslo.", at_angle(1.0), conversation_id=conversation_id)
    await remember(scope, "User has a cat.", at_angle(0.5), conversation_id=uuid4())

    assert await erase(tenant, conversation_id, with_memories=True)

    assert await execute("SELECT fact FROM memories WHERE tenant_id = %s", tenant) == [
        ("User has a cat.",)
    ]


async def test_nobody_can_erase_or_replay_what_is_not_theirs(tenant: UUID) -> None:
    conversation_id = (await queue_up(tenant)).conversation_id
    other = await new_tenant("other")

    assert not await erase(other, conversation_id, with_memories=True)
    assert not await erase(tenant, uuid4())
    async with transaction(other) as tx:
        assert await conversations.get(tx, conversation_id) is None

    assert await execute(
        "SELECT state, messages IS NULL FROM conversations WHERE conversation_id = %s",
        conversation_id,
    ) == [("queued", False)]


@pytest.mark.usefixtures("empty_queue")
async def test_a_claim_in_flight_can_no_longer_settle_what_was_erased() -> None:
    tenant_id = await new_tenant("acme")
    conversation_id = (await queue_up(tenant_id)).conversation_id
    async with system() as tx:
        [claimed] = await queue.claim(tx, limit=1, max_in_flight=9, lease_seconds=300.0)

    assert await erase(tenant_id, conversation_id)

    async with transaction(tenant_id) as tx:
        await memory_owners.lock(tx, claimed.owner_key)
        assert not await queue.still_ours(tx, claimed)
        await queue.finish(tx, claimed, {"facts": []}, {})
        await queue.release(tx, claimed)
        await extractions.save(tx, conversation_id, 0, "v1", DRAWN)
    assert await execute(
        "SELECT state, receipt FROM conversations WHERE conversation_id = %s", conversation_id
    ) == [("cancelled", None)]
    assert (
        await execute("SELECT 1 FROM extractions WHERE conversation_id = %s", conversation_id) == []
    )


@pytest.mark.usefixtures("empty_queue")
async def test_an_erase_during_a_settle_waits_and_undoes_it() -> None:
    tenant_id = await new_tenant("acme")
    conversation_id = (await queue_up(tenant_id)).conversation_id
    async with system() as tx:
        [claimed] = await queue.claim(tx, limit=1, max_in_flight=9, lease_seconds=300.0)
    settling, erasing = asyncio.Event(), asyncio.Event()

    async def settle() -> None:
        async with transaction(tenant_id) as tx:
            await memory_owners.lock(tx, claimed.owner_key)
            assert await queue.still_ours(tx, claimed)
            settling.set()
            await erasing.wait()
            await asyncio.sleep(0.2)  # The erase is at its lock by now.
            await tx.execute(
                """
                INSERT INTO memories (tenant_id, scope_key, user_id, namespace, fact, about,
                                      importance, source,
                                      conversation_id, content_hash, embedding_model, embedding)
                VALUES (%s, %s, 'ada', 'default', 'User lives in Oslo.', 'User', 0.5, 'test',
                        %s, 'x', 'test', %s)
                """,
                (
                    tenant_id,
                    Scope(tenant_id, "default", "ada").key,
                    conversation_id,
                    str(at_angle(1.0)),
                ),
            )
            await queue.finish(tx, claimed, {"facts": ["User lives in Oslo."]}, {})

    task = asyncio.create_task(settle())
    await settling.wait()
    erasing.set()
    assert await erase(tenant_id, conversation_id, with_memories=True)
    await task

    assert await execute("SELECT fact FROM memories WHERE tenant_id = %s", tenant_id) == []
    assert await execute(
        "SELECT state, messages, receipt FROM conversations WHERE conversation_id = %s",
        conversation_id,
    ) == [("done", None, None)]


async def test_the_first_stored_extraction_stays_and_comes_back_as_it_was(tenant: UUID) -> None:
    conversation_id = (await queue_up(tenant)).conversation_id
    other = Extraction((), Usage("anthropic", "m"))

    async with transaction(tenant) as tx:
        await extractions.save(tx, conversation_id, 0, "v1", DRAWN)
        await extractions.save(tx, conversation_id, 0, "v1", other)
        await extractions.save(tx, conversation_id, 1, "v1", other)
        await extractions.save(tx, conversation_id, 0, "v2", other)

        assert await extractions.stored(tx, conversation_id, "v1") == {0: DRAWN, 1: other}
        assert await extractions.stored(tx, conversation_id, "v3") == {}


async def test_of_two_accepted_at_once_the_later_one_is_later_in_every_order(
    tenant: UUID,
) -> None:
    """Which transaction began first says nothing: ids order the queue, and times the facts."""
    async with transaction(tenant) as early:
        await clock(early)
        first = await queue_up(tenant)
        second = await conversations.accept(early, new_conversation(tenant), NOBODY)
        assert second is not None

    assert first.conversation_id < second.conversation_id
    rows = await execute(
        "SELECT conversation_id, occurred_at, created_at FROM conversations WHERE tenant_id = %s"
        " ORDER BY occurred_at",
        tenant,
    )
    assert [row[0] for row in rows] == [first.conversation_id, second.conversation_id]
    assert rows[0][1] <= rows[0][2] < rows[1][1] <= rows[1][2]
