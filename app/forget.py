"""Use case: an agent or a person is forgotten."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

from app.access import known_agent
from app.db import agents, memories, people, subjects
from app.db import quotas as counters
from app.db.pool import transaction
from app.db.tenants import Caller
from app.erased import Receipt, note
from app.errors import Forbidden


async def agent(caller: Caller, agent_id: UUID, *, with_memories: bool) -> None:
    """Remove an agent; its memories stay unless they are to go too. Raises NotFound."""
    async with transaction(caller.tenant_id) as conn:
        await known_agent(conn, caller, agent_id)
        if caller.reach.users or caller.reach.namespaces:
            raise Forbidden("This API key does not reach all of this agent.", code="out_of_reach")
        if with_memories:
            for user_id in await memories.users_of_agent(conn, caller.tenant_id, agent_id):
                await subjects.lock(conn, caller.tenant_id, subjects.of_user(user_id))
            gone = await memories.delete_of_agent(conn, caller.tenant_id, agent_id)
            await counters.add(conn, caller.tenant_id, "memories", -gone)
        if await agents.delete(conn, caller.tenant_id, agent_id):
            await counters.add(conn, caller.tenant_id, "agents", -1)


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
        for subject in await people.subjects_of(conn, caller.tenant_id, user_id):
            await subjects.lock(conn, caller.tenant_id, subject)
        erased = await people.erase(conn, caller.tenant_id, user_id)
        counts = {
            field.name: getattr(erased, field.name)
            for field in fields(erased)
            if field.name != "live_memories"
        }
        receipt = await note(conn, caller.tenant_id, user_id, subjects.of_user(user_id), counts)
        await counters.add(conn, caller.tenant_id, "memories", -erased.live_memories)
    return receipt
