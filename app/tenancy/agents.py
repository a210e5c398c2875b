"""Use case: create, read, change and delete agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.db import agents, memory_owners
from app.db import quotas as counters
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Forbidden, NotFound
from app.rules.types import Agent, AttachedSkill, Caller
from app.tenancy.access import known_agent, managed_agent, may_own_agents, seen_agent, sees
from app.tenancy.idempotency import IdempotentRequest, Made, make_once
from app.tenancy.quotas import count_one_more
from app.tenancy.tombstones import refuse_erased
from app.tenancy.versions import must_be_current


async def create(
    caller: Caller, values: Mapping[str, Any], request: IdempotentRequest | None = None
) -> Made[Agent]:
    """Create an agent; ``values`` are its columns. Raises Forbidden, PlanLimit."""

    async def allow(_: TenantTx) -> None:
        may_own_agents(caller, values["owner_id"])
        if caller.restriction.agents is not None:
            raise Forbidden("This API key reaches certain agents only.", code="out_of_reach")

    async def make(tx: TenantTx) -> Agent:
        await refuse_erased(tx, [values["owner_id"]])
        await count_one_more(tx, "agents")
        return await agents.add(tx, values)

    return await make_once(caller, request, Agent, make, allow=allow)


async def list_all(caller: Caller, owner_id: str | None) -> list[Agent]:
    """List the agents that the key sees, newest first; with ``owner_id`` those of one owner."""
    async with read_only(caller.tenant_id) as tx:
        return [agent for agent in await agents.list_all(tx, owner_id) if sees(caller, agent)]


async def get(caller: Caller, agent_id: UUID) -> tuple[Agent, Sequence[AttachedSkill]]:
    """Read an agent and its skills. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        return await seen_agent(tx, caller, agent_id), await agents.attached(tx, agent_id)


async def change(
    caller: Caller, agent_id: UUID, changes: Mapping[str, Any], *, if_match: str | None = None
) -> Agent:
    """Set the named columns of an agent. Raises NotFound, Forbidden, PreconditionFailed."""
    async with transaction(caller.tenant_id) as tx:
        must_be_current(if_match, await managed_agent(tx, caller, agent_id, lock=True))
        agent = await agents.change(tx, agent_id, changes)
    if agent is None:
        raise NotFound("There is no agent of this id.")
    return agent


async def delete(caller: Caller, agent_id: UUID, *, with_memories: bool) -> None:
    """Delete an agent; its memories stay unless they are deleted too. Raises NotFound,
    Forbidden."""
    async with transaction(caller.tenant_id) as tx:
        await known_agent(tx, caller, agent_id)
        if caller.restriction.users is not None or caller.restriction.namespaces is not None:
            raise Forbidden("This API key does not reach all of this agent.", code="out_of_reach")
        if with_memories:
            for user_id in await agents.users_of(tx, agent_id):
                await memory_owners.lock(tx, memory_owners.of_user(user_id))
            gone = await agents.delete_memories(tx, agent_id)
            await counters.add(tx, "memories", -gone)
        if await agents.delete(tx, agent_id):
            await counters.add(tx, "agents", -1)
