"""Use case: list conversations, wait for them, replay them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db import conversations
from app.db.pool import read_only, transaction
from app.errors import Conflict, NotFound
from app.ingest.blocked import BlockedBy, blocked_by
from app.ingest.wakeups import wake_workers
from app.rules.types import Caller, Progress

FINISHED = ("done", "dead", "cancelled")


@dataclass(frozen=True, slots=True)
class Page:
    """Conversations, newest first. ``blocked_by`` is what blocks the queued ones, if anything
    does."""

    conversations: Sequence[Progress]
    blocked_by: BlockedBy | None
    more: bool


async def list_page(
    caller: Caller,
    *,
    user_id: str | None,
    state: str | None,
    since: datetime | None,
    before: UUID | None,
    limit: int,
) -> Page:
    """List the tenant's conversations within the key's reach."""
    async with read_only(caller.tenant_id) as tx:
        page = await conversations.list_page(
            tx,
            user_id=user_id,
            state=state,
            since=since,
            before=before,
            limit=limit + 1,
            restriction=caller.restriction,
        )
    shown = page[:limit]
    return Page(shown, await _blocked_by(caller.tenant_id, shown), more=len(page) > limit)


async def progress(
    caller: Caller, conversation_id: UUID, *, wait_seconds: float = 0
) -> tuple[Progress, BlockedBy | None]:
    """Read the state of a conversation and what blocks it; with ``wait_seconds`` when it is
    finished or the time is up. Raises NotFound."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        async with read_only(caller.tenant_id) as tx:
            found = await conversations.get(tx, conversation_id, caller.restriction)
        if found is None:
            raise NotFound("There is no conversation of this id.")
        waited = clock() - began
        if found.state in FINISHED or waited >= wait_seconds:
            return found, await _blocked_by(caller.tenant_id, [found])
        # The answer is late by an eighth of the wait at most, and by half a second.
        await asyncio.sleep(min(max(0.02, waited / 8), 0.5, wait_seconds - waited))


async def replay(caller: Caller, conversation_id: UUID) -> Progress:
    """Queue a dead or done conversation again. Raises NotFound, Conflict in any other state."""
    async with transaction(caller.tenant_id) as tx:
        if await conversations.get(tx, conversation_id, caller.restriction) is None:
            raise NotFound("There is no conversation of this id.")
        queued = await conversations.replay(tx, conversation_id)
        found = await conversations.get(tx, conversation_id)
    assert found is not None, "conversations are erased, never deleted"
    if not queued:
        state = "erased" if found.erased else found.state
        raise Conflict(
            f"This conversation is {state}; only a dead or done one can be replayed.",
            code="not_replayable",
        )
    wake_workers()
    return found


async def _blocked_by(tenant_id: UUID, shown: Sequence[Progress]) -> BlockedBy | None:
    if all(each.state != "queued" for each in shown):
        return None
    async with transaction(tenant_id) as tx:
        return await blocked_by(tx)
