"""Use case: agents are removed."""

from __future__ import annotations

from uuid import UUID

from app.db import agents, memory_owners
from app.db import quotas as counters
from app.db.pool import transaction
from app.errors import Forbidden
from app.rules.types import Caller
from app.tenancy.access import known_agent


async def delete(caller: Caller, agent_id: UUID, *, with_memories: bool) -> None:
    """Remove an agent; its memories stay unless they are to go too. Raises NotFound."""
    async with transaction(caller.tenant_id) as tx:
        await known_agent(tx, caller, agent_id)
        if caller.restriction.users or caller.restriction.namespaces:
            raise Forbidden("This API key does not reach all of this agent.", code="out_of_reach")
        if with_memories:
            for user_id in await agents.users_of(tx, agent_id):
                await memory_owners.lock(tx, memory_owners.of_user(user_id))
            gone = await agents.delete_memories(tx, agent_id)
            await counters.add(tx, "memories", -gone)
        if await agents.delete(tx, agent_id):
            await counters.add(tx, "agents", -1)
