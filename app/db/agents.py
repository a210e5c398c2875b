"""Agents, skills, and which agent has which."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import ARRAY, Uuid, any_, bindparam, func, null, select, update
from sqlalchemy.dialects.postgresql import insert

from app.db.pool import TenantTx
from app.db.schema import agent_skills, agents, memories, memory_events, skills
from app.db.statements import OWN_ID, Statement, columns_of, own, parameters, shapes
from app.rules.types import Agent, AttachedSkill, Attachment, Skill

_AGENT = columns_of(Agent, agents)
_SKILL = columns_of(Skill, skills)

_THE_AGENT = own(agents) & (agents.c.agent_id == bindparam("agent_id"))
_THE_SKILL = own(skills) & (skills.c.skill_id == bindparam("skill_id"))
_ATTACHED = own(agent_skills) & (agent_skills.c.agent_id == bindparam("agent_id"))
_THE_ATTACHED = _ATTACHED & (agent_skills.c.skill_id == bindparam("skill_id"))
_REMEMBERED = own(memories) & (memories.c.agent_id == bindparam("agent_id"))


@shapes((frozenset({"owner_id", "name"}),))
def _add(names: frozenset[str]) -> Statement:
    values = {"tenant_id": OWN_ID, **parameters(names)}
    return Statement(insert(agents).values(values).returning(*_AGENT))


@shapes((frozenset({"name"}),), (frozenset(),))
def _change(names: frozenset[str]) -> Statement:
    values = {**parameters(names), "updated_at": func.now()}
    return Statement(update(agents).where(_THE_AGENT).values(values).returning(*_AGENT))


@shapes((True,), (False,))
def _list(of_owner: bool) -> Statement:
    every = select(*_AGENT).where(own(agents)).order_by(agents.c.agent_id.desc())
    return Statement(every.where(agents.c.owner_id == bindparam("owner_id")) if of_owner else every)


@shapes((frozenset({"name", "schema"}),))
def _add_skill(names: frozenset[str]) -> Statement:
    values = {"tenant_id": OWN_ID, **parameters(names)}
    return Statement(insert(skills).values(values).returning(*_SKILL))


@shapes((frozenset({"name", "schema"}),))
def _change_skill(names: frozenset[str]) -> Statement:
    values = parameters(names)
    return Statement(update(skills).where(_THE_SKILL).values(values).returning(*_SKILL))


@shapes((True,), (False,))
def _list_skills(of_category: bool) -> Statement:
    every = select(*_SKILL).where(own(skills)).order_by(skills.c.skill_id)
    return Statement(
        every.where(skills.c.category == bindparam("category")) if of_category else every
    )


_GET = Statement(select(*_AGENT).where(_THE_AGENT))
_LOCK = Statement(select(*_AGENT).where(_THE_AGENT).with_for_update(key_share=True))
_DELETE = Statement(sa.delete(agents).where(_THE_AGENT).returning(agents.c.agent_id))
_GET_SKILL = Statement(select(*_SKILL).where(_THE_SKILL))
_LOCK_SKILL = Statement(select(*_SKILL).where(_THE_SKILL).with_for_update(key_share=True))
_DELETE_SKILL = Statement(sa.delete(skills).where(_THE_SKILL).returning(skills.c.skill_id))

_ATTACH = Statement(
    insert(agent_skills)
    .values(tenant_id=OWN_ID, **parameters(("agent_id", "skill_id", "config")))
    .on_conflict_do_nothing()
    .returning(agent_skills.c.skill_id)
)
_LIST_ATTACHED = Statement(
    select(*_SKILL, agent_skills.c.config)
    .join(
        agent_skills,
        (agent_skills.c.tenant_id == skills.c.tenant_id)
        & (agent_skills.c.skill_id == skills.c.skill_id),
    )
    .where(_ATTACHED)
    .order_by(skills.c.name, skills.c.skill_id)
)
_ATTACHED_TO_ANY = Statement(
    select(agent_skills.c.skill_id)
    .distinct()
    .where(
        own(agent_skills),
        agent_skills.c.agent_id == any_(bindparam("agent_ids", type_=ARRAY(Uuid))),
    )
)
_LOCK_ATTACHED = Statement(
    select(agent_skills.c.agent_id, agent_skills.c.skill_id, agent_skills.c.config)
    .where(_THE_ATTACHED)
    .with_for_update(key_share=True)
)
_CONFIGURE = Statement(
    update(agent_skills)
    .where(_THE_ATTACHED)
    .values(config=bindparam("config"))
    .returning(agent_skills.c.skill_id)
)
_DETACH = Statement(sa.delete(agent_skills).where(_THE_ATTACHED).returning(agent_skills.c.skill_id))

_HOLDING = Statement(
    select(memories.c.agent_id)
    .distinct()
    .where(
        own(memories),
        memories.c.user_id == bindparam("user_id"),
        memories.c.namespace == bindparam("namespace"),
        memories.c.agent_id.is_not(None),
        memories.c.state == "live",
    )
)
_USERS = Statement(
    select(memories.c.user_id).distinct().where(_REMEMBERED).order_by(memories.c.user_id)
)
_gone = (
    sa.delete(memories)
    .where(_REMEMBERED)
    .returning(memories.c.tenant_id, memories.c.memory_id, memories.c.state)
    .cte("gone")
)
_DELETE_MEMORIES = Statement(
    select(func.count())
    .select_from(_gone)
    .where(_gone.c.state == "live")
    .add_cte(
        update(memory_events)
        .where(
            memory_events.c.tenant_id == _gone.c.tenant_id,
            memory_events.c.memory_id == _gone.c.memory_id,
        )
        .values(before=null(), after=null())
        .cte("scrubbed")
    )
)


async def add(tx: TenantTx, values: Mapping[str, Any]) -> Agent:
    """Add an agent of these columns."""
    agent = await _add(frozenset(values)).one(tx, Agent, **values)
    assert agent is not None
    return agent


async def get(tx: TenantTx, agent_id: UUID, *, lock: bool = False) -> Agent | None:
    """Find one agent; None when the tenant has none of that id. With ``lock`` it does not change
    until the transaction ends."""
    return await (_LOCK if lock else _GET).one(tx, Agent, agent_id=agent_id)


async def list_all(tx: TenantTx, owner_id: str | None) -> list[Agent]:
    """List the tenant's agents, or those of one owner, newest first."""
    if owner_id is None:
        return await _list(False).all(tx, Agent)
    return await _list(True).all(tx, Agent, owner_id=owner_id)


async def change(tx: TenantTx, agent_id: UUID, changes: Mapping[str, Any]) -> Agent | None:
    """Set the named columns; None when the tenant has no such agent."""
    return await _change(frozenset(changes)).one(tx, Agent, agent_id=agent_id, **changes)


async def delete(tx: TenantTx, agent_id: UUID) -> bool:
    """Remove the agent; False when the tenant has none of that id."""
    return await _DELETE.rowcount(tx, agent_id=agent_id) == 1


async def add_skill(tx: TenantTx, values: Mapping[str, Any]) -> Skill:
    """Add a skill of these columns."""
    skill = await _add_skill(frozenset(values)).one(tx, Skill, **values)
    assert skill is not None
    return skill


async def get_skill(tx: TenantTx, skill_id: UUID, *, lock: bool = False) -> Skill | None:
    """Find one skill; None when the tenant has none of that id. With ``lock`` it does not change
    until the transaction ends."""
    return await (_LOCK_SKILL if lock else _GET_SKILL).one(tx, Skill, skill_id=skill_id)


async def list_skills(tx: TenantTx, category: str | None) -> list[Skill]:
    """List the tenant's skills, or those of one category, oldest first."""
    if category is None:
        return await _list_skills(False).all(tx, Skill)
    return await _list_skills(True).all(tx, Skill, category=category)


async def change_skill(tx: TenantTx, skill_id: UUID, changes: Mapping[str, Any]) -> Skill | None:
    """Set the named columns; None when the tenant has no such skill."""
    return await _change_skill(frozenset(changes)).one(tx, Skill, skill_id=skill_id, **changes)


async def delete_skill(tx: TenantTx, skill_id: UUID) -> bool:
    """Remove the skill from the tenant and from every agent; False when there is none."""
    return await _DELETE_SKILL.rowcount(tx, skill_id=skill_id) == 1


async def attach(
    tx: TenantTx,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
) -> bool:
    """Give the agent the skill; False when it has it. The transaction raises MissingReference when
    there is no such agent or skill."""
    return (
        await _ATTACH.rowcount(tx, agent_id=agent_id, skill_id=skill_id, config=dict(config)) == 1
    )


async def attached(tx: TenantTx, agent_id: UUID) -> list[AttachedSkill]:
    """List the agent's skills, by name."""
    return await _LIST_ATTACHED.all(tx, AttachedSkill, agent_id=agent_id)


async def skills_of(tx: TenantTx, agent_ids: Collection[UUID]) -> set[UUID]:
    """Find the skills that any of these agents has."""
    return {row[0] for row in await _ATTACHED_TO_ANY.rows(tx, agent_ids=list(agent_ids))}


async def hold_attachment(tx: TenantTx, agent_id: UUID, skill_id: UUID) -> Attachment | None:
    """Find how the agent's skill is configured, which does not change until the transaction ends;
    None when it has no such skill."""
    return await _LOCK_ATTACHED.one(tx, Attachment, agent_id=agent_id, skill_id=skill_id)


async def configure(
    tx: TenantTx,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
) -> bool:
    """Change how the agent's skill is configured; False when it has no such skill."""
    changed = await _CONFIGURE.rowcount(
        tx, agent_id=agent_id, skill_id=skill_id, config=dict(config)
    )
    return changed == 1


async def detach(tx: TenantTx, agent_id: UUID, skill_id: UUID) -> bool:
    """Take the skill from the agent; False when it has no such skill."""
    return await _DETACH.rowcount(tx, agent_id=agent_id, skill_id=skill_id) == 1


async def holding(tx: TenantTx, user_id: str, namespace: str) -> list[UUID]:
    """List the agents that hold live memories of the user's namespace."""
    return [row[0] for row in await _HOLDING.rows(tx, user_id=user_id, namespace=namespace)]


async def users_of(tx: TenantTx, agent_id: UUID) -> list[str]:
    """List the users whose memories the agent holds, in order."""
    return [row[0] for row in await _USERS.rows(tx, agent_id=agent_id)]


async def delete_memories(tx: TenantTx, agent_id: UUID) -> int:
    """Forget all that the agent remembers; how many of these were live."""
    return int(await _DELETE_MEMORIES.scalar(tx, agent_id=agent_id))
