"""Use case: revert what a conversation did to the memories, or erase the conversation."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.db import conversations, edges, events, memories, memory_owners, quotas, undo
from app.db.pool import TenantTx, transaction
from app.errors import Conflict, Forbidden, NotFound
from app.rules.types import Born, Caller


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was undone: memories deleted and restored, edges removed, reinforcements withdrawn."""

    deleted: int
    restored: int
    edges: int
    weakened: int


async def revert(caller: Caller, conversation_id: UUID) -> Reverted:
    """Undo everything that a finished conversation did, in all of its runs. A second call undoes
    nothing more; a replay learns it again.

    Raises NotFound, Conflict while it is unfinished, Forbidden as ``take_back``.
    """
    tenant_id = caller.tenant_id
    async with transaction(tenant_id) as tx:
        if await conversations.get(tx, conversation_id, caller.restriction) is None:
            raise NotFound("There is no conversation of this id.")
        await hold(tx, conversation_id)
        progress = await conversations.get(tx, conversation_id, caller.restriction)
        if progress is None or progress.state in ("queued", "processing"):
            raise Conflict(
                "This conversation is unfinished; cancel it with DELETE, or revert it when it is"
                " done.",
                code="not_finished",
            )
        undone = await take_back(tx, caller, conversation_id, reason="conversation_reverted")
        await undo.mark_reverted(tx, conversation_id)
    return undone


async def erase(caller: Caller, conversation_id: UUID, *, with_memories: bool) -> None:
    """Cancel a conversation if it is unfinished and erase its text; ``with_memories`` also undoes
    what it did to the memories. Raises NotFound, Forbidden as ``take_back``."""
    tenant_id = caller.tenant_id
    async with transaction(tenant_id) as tx:
        if await conversations.get(tx, conversation_id, caller.restriction) is None:
            raise NotFound("There is no conversation of this id.")
        if with_memories:
            await hold(tx, conversation_id)
            await take_back(tx, caller, conversation_id, reason="conversation_erased")
        await conversations.erase(tx, conversation_id)


async def hold(tx: TenantTx, conversation_id: UUID) -> None:
    """Lock everything that ``take_back`` may change, until the transaction ends."""
    for owner_key in await undo.owner_keys_of(tx, conversation_id):
        await memory_owners.lock(tx, owner_key)


async def take_back(
    tx: TenantTx, caller: Caller, conversation_id: UUID, *, reason: str
) -> Reverted:
    """Undo what the conversation did, in the caller's transaction, which has the locks.

    What it stored is deleted, even if it was edited since, unless somebody else has said it too:
    then it stays, as theirs. What it replaced is live again, unless something else has replaced it
    since or its scope now says the same. Raises Forbidden when the key does not reach one of the
    memories, which may have been moved since.
    """
    born = await undo.born_of(tx, conversation_id)
    if not all(
        caller.restriction.allows(each.user_id, each.namespace, each.agent_id) for each in born
    ):
        raise Forbidden(
            "What was learned has moved to where this API key does not reach.", code="out_of_reach"
        )
    weakened = await undo.forget_repetitions(tx, conversation_id)
    await undo.lower_again(tx, conversation_id)
    cut = await undo.delete_edges_of(tx, conversation_id)
    going = [each for each in born if not await _handed_over(tx, conversation_id, each)]
    restored = 0
    for memory in going:
        back = await undo.bring_back(tx, conversation_id, memory)
        if back:  # The edges that it got from what it replaced go back there.
            await edges.carry(tx, {memory.memory_id: back[0]})
        for memory_id in back:
            await events.note(tx, memory_id, action="restored", reason=reason)
        restored += len(back)
    for memory in going:
        await events.note(tx, memory.memory_id, action="deleted", reason=reason)
        await memories.delete(tx, memory.memory_id)
    alive = sum(memory.state == "live" for memory in going)
    await quotas.add(tx, "memories", restored - alive)
    return Reverted(len(going), restored, cut, weakened)


async def _handed_over(tx: TenantTx, conversation_id: UUID, memory: Born) -> bool:
    """Whether somebody else has said the same: then the memory is theirs now."""
    if memory.state != "live":
        return False
    heir = await undo.heir_of(tx, memory.memory_id, but=conversation_id)
    if heir is not None:
        await undo.hand_over(tx, memory.memory_id, heir)
    return heir is not None
