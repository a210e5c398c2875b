"""Transcripts go when they have been kept for long enough; what was learned from them stays."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.db import queue, transcripts
from app.db.pool import system, transaction
from app.privacy.purge import purge_expired
from tests.integration.db.rows import execute, new_tenant, queue_up

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("empty_queue")]


async def finished(tenant_id: UUID, days_ago: float) -> UUID:
    conversation_id = (await queue_up(tenant_id)).conversation_id
    async with system() as tx:
        [claimed] = await queue.claim(tx, limit=1, max_in_flight=9, lease_seconds=300.0)
    async with transaction(tenant_id) as tx:
        await queue.finish(tx, claimed, {"facts": [{"fact": "x", "quote": "y"}]}, {})
    await execute(
        "UPDATE conversations SET finished_at = now() - make_interval(secs => %s)"
        " WHERE conversation_id = %s",
        days_ago * 86_400,
        conversation_id,
    )
    return conversation_id


async def with_text(tenant_id: UUID) -> set[UUID]:
    rows = await execute(
        "SELECT conversation_id FROM conversations WHERE tenant_id = %s AND messages IS NOT NULL",
        tenant_id,
    )
    return {conversation_id for (conversation_id,) in rows}


async def test_the_text_of_a_tenant_that_keeps_it_for_a_while_goes_then() -> None:
    brief, lasting = await new_tenant("brief"), await new_tenant("lasting")
    async with transaction(brief) as tx:
        assert await transcripts.keep_for(tx, 30)
    old, recent = await finished(brief, 31), await finished(brief, 29)
    elsewhere = await finished(lasting, 400)
    waiting = (await queue_up(brief, "bob")).conversation_id

    await purge_expired()

    assert await with_text(brief) == {recent, waiting}
    assert await with_text(lasting) == {elsewhere}
    assert await execute(
        "SELECT state, receipt -> 'facts' FROM conversations WHERE conversation_id = %s", old
    ) == [("done", [{"fact": "x", "quote": ""}])]


async def test_a_tenant_goes_back_to_what_the_settings_say() -> None:
    tenant = await new_tenant()
    async with transaction(tenant) as tx:
        await transcripts.keep_for(tx, 0)
        await transcripts.keep_for(tx, None)
    old = await finished(tenant, 400)

    await purge_expired()

    assert await with_text(tenant) == {old}
