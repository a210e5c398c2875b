"""Use case: what a conversation did to the memories is undone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.db import conversations, edges, events, memories, quotas, subjects, undoing
from app.db.pool import transaction
from app.db.tenants import Caller
from app.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was undone: memories deleted and brought back, edges cut, repetitions that no longer
    count."""

    deleted: int
    restored: int
    edges: int
    weakened: int


async def revert(caller: Caller, conversation_id: UUID) -> Reverted:
    """Undo everything that a finished conversation did, in all of its runs. A second call undoes
    nothing more; a replay learns it again.

    What it stored is deleted, edited since or not. What it had replaced is alive again, unless
    something else has replaced it since or its scope says the same meanwhile. Raises NotFound,
    Conflict while it is unfinished.
    """
    tenant_id = caller.tenant_id
    async with transaction(tenant_id) as conn:
        progress = await conversations.get(conn, tenant_id, conversation_id, caller.reach)
        if progress is None:
            raise NotFound("There is no conversation of this id.")
        for subject in await undoing.subjects_of(conn, tenant_id, conversation_id):
            await subjects.lock(conn, tenant_id, subject)
        progress = await conversations.get(conn, tenant_id, conversation_id, caller.reach)
        if progress is None or progress.state in ("queued", "processing"):
            raise Conflict(
                "This conversation is unfinished; cancel it with DELETE, or revert it when it is"
                " done.",
                code="not_finished",
            )
        born = await undoing.born_of(conn, tenant_id, conversation_id)
        weakened = await undoing.forget_repetitions(conn, tenant_id, conversation_id)
        cut = await undoing.delete_edges_of(conn, tenant_id, conversation_id)
        restored = 0
        for memory in born:
            back = await undoing.bring_back(conn, tenant_id, conversation_id, memory)
            if back:  # The edges that it had from what it replaced return there.
                await edges.carry(conn, tenant_id, {memory.memory_id: back[0]})
            for memory_id in back:
                await events.note(
                    conn, tenant_id, memory_id, action="restored", reason="conversation_reverted"
                )
            restored += len(back)
        for memory in born:
            await events.note(
                conn,
                tenant_id,
                memory.memory_id,
                action="deleted",
                reason="conversation_reverted",
            )
            await memories.delete(conn, tenant_id, memory.memory_id)
        await undoing.mark_reverted(conn, tenant_id, conversation_id)
        alive = sum(memory.state == "live" for memory in born)
        await quotas.add(conn, tenant_id, "memories", restored - alive)
    return Reverted(len(born), restored, cut, weakened)
