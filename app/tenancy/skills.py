"""Use case: create skills, and give them to agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.db import agents
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Conflict, MissingReference, NotFound
from app.rules.types import AttachedSkill, Attachment, Caller, Skill
from app.tenancy.access import managed_agent, must_reach_the_tenant, seen_agent, sees
from app.tenancy.idempotency import IdempotentRequest, Made, make_once
from app.tenancy.versions import must_be_current


async def create(
    caller: Caller, values: Mapping[str, Any], request: IdempotentRequest | None = None
) -> Made[Skill]:
    """Create a skill; ``values`` are its columns. Raises Forbidden."""

    async def allow(_: TenantTx) -> None:
        must_reach_the_tenant(caller)

    async def make(tx: TenantTx) -> Skill:
        return await agents.add_skill(tx, values)

    return await make_once(caller, request, Skill, make, allow=allow)


async def list_all(caller: Caller, category: str | None) -> list[Skill]:
    """List the skills that the key sees, oldest first; with ``category`` those of one category."""
    async with read_only(caller.tenant_id) as tx:
        found = await agents.list_skills(tx, category)
        is_seen = await _sees(tx, caller)
    return [skill for skill in found if is_seen(skill.skill_id)]


async def get(caller: Caller, skill_id: UUID) -> Skill:
    """Read a skill. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        if not (await _sees(tx, caller))(skill_id):
            raise _no_skill()
        return _there(await agents.get_skill(tx, skill_id))


async def change(
    caller: Caller, skill_id: UUID, changes: Mapping[str, Any], *, if_match: str | None = None
) -> Skill:
    """Set the named columns of a skill. Raises NotFound, Forbidden, PreconditionFailed."""
    must_reach_the_tenant(caller)
    async with transaction(caller.tenant_id) as tx:
        must_be_current(if_match, _there(await agents.get_skill(tx, skill_id, lock=True)))
        return _there(await agents.change_skill(tx, skill_id, changes))


async def delete(caller: Caller, skill_id: UUID) -> None:
    """Delete a skill, and take it from every agent. Raises NotFound, Forbidden."""
    must_reach_the_tenant(caller)
    async with transaction(caller.tenant_id) as tx:
        if not await agents.delete_skill(tx, skill_id):
            raise _no_skill()


async def attach(
    caller: Caller,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
    request: IdempotentRequest | None = None,
) -> Made[Attachment]:
    """Give an agent a skill. Raises NotFound, Forbidden, Conflict when the agent has it."""

    async def allow(tx: TenantTx) -> None:
        await managed_agent(tx, caller, agent_id)
        if not (await _sees(tx, caller))(skill_id):
            raise _no_skill()

    async def make(tx: TenantTx) -> Attachment:
        if not await agents.attach(tx, agent_id, skill_id, config):
            raise Conflict("The agent has this skill already; PATCH changes its config.")
        return Attachment(agent_id, skill_id, dict(config))

    try:
        return await make_once(caller, request, Attachment, make, allow=allow)
    except MissingReference:
        raise _no_skill() from None


async def attached(caller: Caller, agent_id: UUID) -> Sequence[AttachedSkill]:
    """List an agent's skills, by name. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        await seen_agent(tx, caller, agent_id)
        return await agents.attached(tx, agent_id)


async def configure(
    caller: Caller,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
    *,
    if_match: str | None = None,
) -> Attachment:
    """Change the configuration of an agent's skill. Raises NotFound, Forbidden,
    PreconditionFailed."""
    async with transaction(caller.tenant_id) as tx:
        await managed_agent(tx, caller, agent_id)
        held = await agents.hold_attachment(tx, agent_id, skill_id)
        if held is None:
            raise NotFound("The agent has no skill of this id.")
        must_be_current(if_match, held)
        await agents.configure(tx, agent_id, skill_id, config)
    return Attachment(agent_id, skill_id, dict(config))


async def detach(caller: Caller, agent_id: UUID, skill_id: UUID) -> None:
    """Take a skill from an agent. Raises NotFound, Forbidden."""
    async with transaction(caller.tenant_id) as tx:
        await managed_agent(tx, caller, agent_id)
        if not await agents.detach(tx, agent_id, skill_id):
            raise NotFound("The agent has no skill of this id.")


async def _sees(tx: TenantTx, caller: Caller) -> Callable[[UUID], bool]:
    """Give the test whether the key sees a skill: an unrestricted one sees all, a restricted one
    those of the agents that it sees."""
    if caller.restriction.unrestricted:
        return lambda _: True
    seen = [agent.agent_id for agent in await agents.list_all(tx, None) if sees(caller, agent)]
    return (await agents.skills_of(tx, seen)).__contains__


def _there(skill: Skill | None) -> Skill:
    if skill is None:
        raise _no_skill()
    return skill


def _no_skill() -> NotFound:
    return NotFound("There is no skill of this id.")
