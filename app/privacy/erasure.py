"""Use case: an agent, a conversation or a person is forgotten."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

from app.db import agents, conversations, holdings, idempotency, subjects, tenants, user_data
from app.db import quotas as counters
from app.db import undo as undoing
from app.db.pool import Connection, transaction
from app.db.tenants import Caller
from app.errors import Forbidden, NotFound
from app.ingest.undo import hold, undo
from app.privacy.tombstones import Receipt, note
from app.rules.content_hash import content_hash
from app.tenancy.access import known_agent
from app.tenancy.idempotency import whose


async def agent(caller: Caller, agent_id: UUID, *, with_memories: bool) -> None:
    """Remove an agent; its memories stay unless they are to go too. Raises NotFound."""
    async with transaction(caller.tenant_id) as conn:
        await known_agent(conn, caller, agent_id)
        if caller.reach.users or caller.reach.namespaces:
            raise Forbidden("This API key does not reach all of this agent.", code="out_of_reach")
        if with_memories:
            for user_id in await holdings.users_of_agent(conn, caller.tenant_id, agent_id):
                await subjects.lock(conn, caller.tenant_id, subjects.of_user(user_id))
            gone = await holdings.delete_of_agent(conn, caller.tenant_id, agent_id)
            await counters.add(conn, caller.tenant_id, "memories", -gone)
        if await agents.delete(conn, caller.tenant_id, agent_id):
            await counters.add(conn, caller.tenant_id, "agents", -1)


async def conversation(caller: Caller, conversation_id: UUID, *, with_memories: bool) -> None:
    """Cancel a conversation if it is unfinished and erase its text; ``with_memories`` also takes
    back what it did to the memories. Raises NotFound, Forbidden as ``app.ingest.undo.undo``."""
    tenant_id = caller.tenant_id
    async with transaction(tenant_id) as conn:
        if await conversations.get(conn, tenant_id, conversation_id, caller.reach) is None:
            raise NotFound("There is no conversation of this id.")
        if with_memories:
            await hold(conn, tenant_id, conversation_id)
            await undo(conn, caller, conversation_id, reason="conversation_erased")
        await conversations.erase(conn, tenant_id, conversation_id)


async def person(caller: Caller, user_id: str) -> Receipt:
    """Erase all that is kept about or from a user, in every namespace, agent and team: what was
    accepted, drawn, remembered and noted. What is under way comes to nothing. A second call erases
    nothing more.

    Raises Forbidden when the key is restricted to less than the whole user.
    """
    reach = caller.reach
    if not reach.allows_user(user_id) or reach.namespaces or reach.agents:
        raise Forbidden("This API key does not reach all of this user.", code="out_of_reach")
    async with transaction(caller.tenant_id) as conn:
        held = await user_data.subjects_of(conn, caller.tenant_id, user_id)
        for subject in held:
            await subjects.lock(conn, caller.tenant_id, subject)
        await _leave_to_others(conn, caller.tenant_id, user_id)
        erased = await user_data.erase(conn, caller.tenant_id, user_id, held)
        secret = await tenants.installation_secret(conn)
        await idempotency.forget_of(
            conn, caller.tenant_id, whose(secret, caller.tenant_id, user_id)
        )
        counts = {
            field.name: getattr(erased, field.name)
            for field in fields(erased)
            if field.name != "live_memories"
        }
        receipt = await note(conn, caller.tenant_id, user_id, subjects.of_user(user_id), counts)
        await counters.add(conn, caller.tenant_id, "memories", -erased.live_memories)
        await counters.add(conn, caller.tenant_id, "agents", -erased.agents)
    return receipt


async def _leave_to_others(conn: Connection, tenant_id: UUID, user_id: str) -> None:
    """What a user has told a team and others have told it too stays, in their words."""
    for memory_id in await undoing.shared_by(conn, tenant_id, user_id):
        heir = await undoing.heir_of(conn, tenant_id, memory_id, but_user=user_id)
        if heir is not None and heir.said is not None:
            words = content_hash(heir.said["fact"])
            await undoing.reword(conn, tenant_id, memory_id, heir, words)
