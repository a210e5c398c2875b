"""queue_heads follows the conversations, whatever changes them and in whatever order; and a claim
costs the same for any backlog, with statistics of an empty table."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import pytest

from app.db import conversations, queue
from app.db.pool import Connection, TenantTx, clock, system, transaction
from app.rules.types import Claim
from tests.integration.db.rows import NOBODY, execute, new_conversation, new_tenant, owner, queue_up

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("empty_queue")]

OWNERS = ("ada", "bob", "cleo")

SHOULD_BE = """
SELECT DISTINCT ON (tenant_id, owner_key)
    tenant_id, owner_key, conversation_id, priority, next_attempt_at, crash_attempts > 0,
    state = 'processing'
FROM conversations WHERE state IN ('queued', 'processing')
ORDER BY tenant_id, owner_key, state = 'queued', conversation_id
"""
IS = """
SELECT tenant_id, owner_key, work_id, priority, next_attempt_at, crashed, claimed
FROM queue_heads ORDER BY tenant_id, owner_key
"""


async def assert_heads_are_right(after: str = "") -> None:
    heads, expected = await execute(IS), await execute(SHOULD_BE)
    if any(head[-1] for head in heads):
        # While a head is claimed, what it says of the attempt before is nobody's business.
        heads = [(*head[:3], head[-1]) for head in heads]
        expected = [(*head[:3], head[-1]) for head in expected]
    assert heads == expected, after


async def claim(limit: int = 10, *, crashed_only: bool = False) -> list[Claim]:
    async with system() as tx:
        return await queue.claim(
            tx, limit=limit, max_in_flight=64, lease_seconds=300.0, crashed_only=crashed_only
        )


async def finish(claimed: Claim) -> None:
    async with transaction(claimed.tenant_id) as tx:
        await queue.finish(tx, claimed, {"facts": []}, {"total_ms": 1.0})


class Life:
    """Anything that may happen to the conversations of a few owners, drawn at random."""

    def __init__(self, tenant_id: UUID, seed: int) -> None:
        self._tenant_id = tenant_id
        self._random = random.Random(seed)
        self._claims: list[Claim] = []

    async def go_on(self) -> str:
        """Let one thing happen; its name."""
        happening = self._random.choice(
            [
                self._accept,
                self._accept,
                self._claim,
                self._claim,
                self._finish,
                self._retry,
                self._give_up,
                self._release,
                self._rescue,
                self._erase,
                self._replay,
                self._delete,
            ]
        )
        await happening()
        return happening.__name__

    async def _accept(self) -> None:
        priority = self._random.randrange(2)
        await queue_up(self._tenant_id, self._random.choice(OWNERS), priority=priority)

    async def _claim(self) -> None:
        crashed_only = self._random.random() < 0.3
        self._claims += await claim(self._random.randrange(1, 3), crashed_only=crashed_only)

    async def _finish(self) -> None:
        if claimed := self._take():
            await finish(claimed)

    async def _retry(self) -> None:
        await self._fail(self._random.choice([0.0, 300.0]))

    async def _give_up(self) -> None:
        await self._fail(None)

    async def _fail(self, retry_in: float | None) -> None:
        if claimed := self._take():
            async with transaction(claimed.tenant_id) as tx:
                await queue.fail(
                    tx,
                    claimed,
                    code="timed_out",
                    detail="Slow.",
                    retry_in_seconds=retry_in,
                    burns_attempt=True,
                )

    async def _release(self) -> None:
        if claimed := self._take():
            async with transaction(claimed.tenant_id) as tx:
                await queue.release(tx, claimed)

    async def _rescue(self) -> None:
        await execute(
            "UPDATE conversations SET lease_until = now() - interval '1 second'"
            " WHERE state = 'processing' AND random() < 0.5"
        )
        async with system() as tx:
            await queue.rescue(tx, max_crashes=3)

    async def _erase(self) -> None:
        if one := await self._any():
            async with transaction(self._tenant_id) as tx:
                await conversations.erase(tx, one)

    async def _replay(self) -> None:
        if one := await self._any():
            async with transaction(self._tenant_id) as tx:
                await conversations.replay(tx, one)

    async def _delete(self) -> None:
        if one := await self._any():
            await execute("DELETE FROM conversations WHERE conversation_id = %s", one)

    async def _any(self) -> UUID | None:
        ids = await execute("SELECT conversation_id FROM conversations ORDER BY 1")
        return self._random.choice(ids)[0] if ids else None

    def _take(self) -> Claim | None:
        self._random.shuffle(self._claims)
        return self._claims.pop() if self._claims else None


@pytest.mark.parametrize("seed", range(12))
async def test_each_owner_has_one_row_with_what_comes_next_whatever_happens(seed: int) -> None:
    life = Life(await new_tenant("acme"), seed)

    for _ in range(60):
        what = await life.go_on()
        await assert_heads_are_right(what)


async def test_heads_are_right_after_everything_has_happened_at_once() -> None:
    tenant_id = await new_tenant("acme")
    lives = [Life(tenant_id, seed) for seed in range(8)]

    async def live(life: Life) -> None:
        for _ in range(40):
            await life.go_on()

    await asyncio.gather(*(live(life) for life in lives))

    await assert_heads_are_right()


async def accept(tx: TenantTx) -> UUID:
    accepted = await conversations.accept(tx, new_conversation(tx.tenant_id), NOBODY)
    assert accepted is not None
    return accepted.conversation_id


async def test_what_is_accepted_while_its_forerunner_finishes_comes_forward() -> None:
    """The accept has written its row, and not committed it, when the finish looks for it."""
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    [forerunner] = await claim()

    async with transaction(tenant_id) as tx:
        accepted = await accept(tx)
        finishing = asyncio.create_task(finish(forerunner))
        await asyncio.sleep(0.2)
        assert not finishing.done()
    await finishing

    assert [each.conversation_id for each in await claim()] == [accepted]


async def test_what_is_accepted_after_its_forerunner_has_looked_comes_forward() -> None:
    """The finish has found nobody waiting, and is not committed, when the accept comes."""
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    [forerunner] = await claim()

    async with transaction(tenant_id) as tx:
        await queue.finish(tx, forerunner, {"facts": []}, {})
        await clock(tx)  # Statements are pipelined: now it has been executed.
        async with transaction(tenant_id) as other:
            accepting = asyncio.create_task(accept(other))
            await asyncio.sleep(0.2)
            assert not accepting.done()
            await tx.execute("COMMIT")
            accepted = await accepting

    assert [each.conversation_id for each in await claim()] == [accepted]


FILL = """
INSERT INTO conversations
    (tenant_id, owner_key, user_id, namespace, messages, message_count, source, state, created_at)
SELECT %s, 'user:' || user_id, user_id, 'default', '[]', 1, 'test', %s, now()
FROM (SELECT (n %% %s)::text AS user_id FROM generate_series(1, %s) n) made
"""

SHAPES = {
    "10,000 users of one chat": (1, 10_000, 10_000),
    "one user of 10,000 chats": (1, 1, 10_000),
    "50 tenants of 200 users": (50, 200, 200),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_claim_reads_little_of_any_backlog_with_statistics_of_an_empty_table(
    shape: str,
) -> None:
    tenants, users, chats = SHAPES[shape]
    # All in one transaction, so that nobody analyses the tables meanwhile.
    async with owner() as connection:
        await connection.execute("ANALYZE conversations, queue_heads, tenant_turns")
        for n in range(tenants):
            tenant_id = UUID(int=n + 1)
            await connection.execute(
                "INSERT INTO tenants (tenant_id, name) VALUES (%s, 't')", [tenant_id]
            )
            await connection.execute(
                "INSERT INTO tenant_turns (tenant_id) VALUES (%s)", [tenant_id]
            )
            await connection.execute(FILL, [tenant_id, "done", users, 2 * chats])
            await connection.execute(FILL, [tenant_id, "queued", users, chats])
        await connection.execute("SET LOCAL ROLE smara_system")
        before = await _read_of_conversations(connection)
        cursor = await connection.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + queue.CLAIM,
            {"limit": 8, "max_in_flight": 64, "lease_seconds": 300.0, "claimed_by": ""},
        )
        [(plan,)] = await cursor.fetchall()
        read = await _read_of_conversations(connection) - before
    root = plan[0]["Plan"]

    assert root["Actual Rows"] == min(8, users * tenants)
    # Each tenant that waits costs three more, up to 256 of them.
    most = 300 if tenants == 1 else 150 + 10 * tenants
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] <= most
    assert read <= 100


async def test_what_comes_next_is_found_without_reading_the_backlog() -> None:
    tenant_id = await new_tenant("acme")
    async with owner() as connection:
        await connection.execute("ANALYZE conversations, queue_heads")
        await connection.execute(FILL, [tenant_id, "done", 1, 20_000])
        await connection.execute(FILL, [tenant_id, "queued", 1, 10_000])
        before = await _read_of_conversations(connection)
        for state in ("processing", "done"):
            await connection.execute(
                "UPDATE conversations SET state = %s FROM queue_heads h"
                " WHERE conversations.tenant_id = h.tenant_id AND conversation_id = work_id",
                [state],
            )
        read = await _read_of_conversations(connection) - before
        cursor = await connection.execute("SELECT count(*) FROM conversations WHERE state = 'done'")
        assert await cursor.fetchone() == (20_001,)

    assert read <= 50
    await assert_heads_are_right()


async def _read_of_conversations(connection: Connection) -> int:
    cursor = await connection.execute(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables"
        " WHERE relname = 'conversations'"
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def test_what_is_cancelled_while_its_forerunner_finishes_does_not_come_forward() -> None:
    """The cancelling has written its row, and not committed it, when the finish looks for the
    next."""
    tenant_id = await new_tenant("acme")
    await queue_up(tenant_id)
    next_one = await queue_up(tenant_id)
    last = await queue_up(tenant_id)
    [forerunner] = await claim()

    async with transaction(tenant_id) as tx:
        await tx.execute(
            "UPDATE conversations SET state = 'cancelled'"
            " WHERE tenant_id = %s AND conversation_id = %s",
            (tenant_id, next_one.conversation_id),
        )
        await clock(tx)
        finishing = asyncio.create_task(finish(forerunner))
        await asyncio.sleep(0.2)
    await finishing

    await assert_heads_are_right()
    assert [each.conversation_id for each in await claim()] == [last.conversation_id]
