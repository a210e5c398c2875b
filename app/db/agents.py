"""Agents, skills, and which agent has which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.db.pool import TenantTx
from app.rules.types import Agent, AttachedSkill, Skill

_AGENT = ", ".join(field.name for field in fields(Agent))
_SKILL = ", ".join(field.name for field in fields(Skill))


async def add(tx: TenantTx, values: Mapping[str, Any]) -> Agent:
    """A new agent of these columns."""
    async with tx.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            _insert("agents", values, _AGENT), {"tenant_id": tx.tenant_id, **values}
        )
        agent = await cursor.fetchone()
    assert agent is not None
    return agent


async def get(tx: TenantTx, agent_id: UUID) -> Agent | None:
    """One agent, or None when the tenant has none of that id."""
    async with tx.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            f"SELECT {_AGENT} FROM agents WHERE tenant_id = %s AND agent_id = %s",
            (tx.tenant_id, agent_id),
        )
        return await cursor.fetchone()


async def list_all(tx: TenantTx, owner_id: str | None) -> list[Agent]:
    """The tenant's agents, or those of one owner, newest first."""
    async with tx.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_AGENT} FROM agents
            WHERE tenant_id = %(tenant_id)s AND (%(owner)s::text IS NULL OR owner_id = %(owner)s)
            ORDER BY agent_id DESC
            """,
            {"tenant_id": tx.tenant_id, "owner": owner_id},
        )
        return await cursor.fetchall()


async def change(tx: TenantTx, agent_id: UUID, changes: Mapping[str, Any]) -> Agent | None:
    """Set the named columns; None when the tenant has no such agent."""
    async with tx.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            _update("agents", "agent_id", {**changes, "updated_at": "now"}, _AGENT),
            {"tenant_id": tx.tenant_id, "id": agent_id, **changes, "updated_at": "now"},
        )
        return await cursor.fetchone()


async def delete(tx: TenantTx, agent_id: UUID) -> bool:
    """Remove the agent; False when the tenant has none of that id."""
    cursor = await tx.execute(
        "DELETE FROM agents WHERE tenant_id = %s AND agent_id = %s RETURNING agent_id",
        (tx.tenant_id, agent_id),
    )
    return await cursor.fetchone() is not None


async def add_skill(tx: TenantTx, values: Mapping[str, Any]) -> Skill:
    """A new skill of these columns."""
    parameters = {"tenant_id": tx.tenant_id, **_adapted(values)}
    async with tx.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(_insert("skills", values, _SKILL), parameters)
        skill = await cursor.fetchone()
    assert skill is not None
    return skill


async def get_skill(tx: TenantTx, skill_id: UUID) -> Skill | None:
    """One skill, or None when the tenant has none of that id."""
    async with tx.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(
            f"SELECT {_SKILL} FROM skills WHERE tenant_id = %s AND skill_id = %s",
            (tx.tenant_id, skill_id),
        )
        return await cursor.fetchone()


async def list_skills(tx: TenantTx, category: str | None) -> list[Skill]:
    """The tenant's skills, or those of one category, oldest first."""
    async with tx.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_SKILL} FROM skills WHERE tenant_id = %(tenant_id)s
              AND (%(category)s::text IS NULL OR category = %(category)s) ORDER BY skill_id
            """,
            {"tenant_id": tx.tenant_id, "category": category},
        )
        return await cursor.fetchall()


async def change_skill(tx: TenantTx, skill_id: UUID, changes: Mapping[str, Any]) -> Skill | None:
    """Set the named columns; None when the tenant has no such skill."""
    async with tx.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(
            _update("skills", "skill_id", changes, _SKILL),
            {"tenant_id": tx.tenant_id, "id": skill_id, **_adapted(changes)},
        )
        return await cursor.fetchone()


async def delete_skill(tx: TenantTx, skill_id: UUID) -> bool:
    """Remove the skill from the tenant and from every agent; False when there is none."""
    cursor = await tx.execute(
        "DELETE FROM skills WHERE tenant_id = %s AND skill_id = %s RETURNING skill_id",
        (tx.tenant_id, skill_id),
    )
    return await cursor.fetchone() is not None


async def attach(
    tx: TenantTx,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
) -> bool:
    """Give the agent the skill; False when it has it. The transaction raises MissingReference when
    there is no such agent or skill."""
    cursor = await tx.execute(
        """
        INSERT INTO agent_skills (tenant_id, agent_id, skill_id, config) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING skill_id
        """,
        (tx.tenant_id, agent_id, skill_id, Jsonb(dict(config))),
    )
    return await cursor.fetchone() is not None


async def attached(tx: TenantTx, agent_id: UUID) -> list[AttachedSkill]:
    """The agent's skills, by name."""
    async with tx.cursor(row_factory=class_row(AttachedSkill)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_SKILL}, config FROM agent_skills JOIN skills USING (tenant_id, skill_id)
            WHERE tenant_id = %s AND agent_id = %s ORDER BY name, skill_id
            """,
            (tx.tenant_id, agent_id),
        )
        return await cursor.fetchall()


async def configure(
    tx: TenantTx,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
) -> bool:
    """Change how the agent's skill is configured; False when it has no such skill."""
    cursor = await tx.execute(
        """
        UPDATE agent_skills SET config = %s
        WHERE tenant_id = %s AND agent_id = %s AND skill_id = %s RETURNING skill_id
        """,
        (Jsonb(dict(config)), tx.tenant_id, agent_id, skill_id),
    )
    return await cursor.fetchone() is not None


async def detach(tx: TenantTx, agent_id: UUID, skill_id: UUID) -> bool:
    """Take the skill from the agent; False when it has no such skill."""
    cursor = await tx.execute(
        """
        DELETE FROM agent_skills WHERE tenant_id = %s AND agent_id = %s AND skill_id = %s
        RETURNING skill_id
        """,
        (tx.tenant_id, agent_id, skill_id),
    )
    return await cursor.fetchone() is not None


def _insert(table: str, values: Mapping[str, Any], returning: str) -> sql.Composed:
    names = ["tenant_id", *values]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(map(sql.Placeholder, names)),
        sql.SQL(returning),
    )


def _update(table: str, key: str, changes: Mapping[str, Any], returning: str) -> sql.Composed:
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes
    )
    return sql.SQL(
        "UPDATE {} SET {} WHERE tenant_id = %(tenant_id)s AND {} = %(id)s RETURNING {}"
    ).format(
        sql.Identifier(table),
        assignments,
        sql.Identifier(key),
        sql.SQL(returning),
    )


def _adapted(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()
    }


async def holding(tx: TenantTx, user_id: str, namespace: str) -> list[UUID]:
    """The agents that hold live memories of the user's namespace."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT agent_id FROM memories
        WHERE tenant_id = %s AND user_id = %s AND namespace = %s AND agent_id IS NOT NULL
          AND state = 'live'
        """,
        (tx.tenant_id, user_id, namespace),
    )
    return [row[0] for row in await cursor.fetchall()]


async def users_of(tx: TenantTx, agent_id: UUID) -> list[str]:
    """The users whose memories the agent holds, in order."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT user_id FROM memories WHERE tenant_id = %s AND agent_id = %s
        ORDER BY user_id
        """,
        (tx.tenant_id, agent_id),
    )
    return [row[0] for row in await cursor.fetchall()]


async def delete_memories(tx: TenantTx, agent_id: UUID) -> int:
    """Forget all that the agent remembers; how many of these were live."""
    cursor = await tx.execute(
        """
        WITH gone AS (
            DELETE FROM memories WHERE tenant_id = %s AND agent_id = %s RETURNING *
        ), scrubbed AS (
            UPDATE memory_events e SET before = NULL, after = NULL FROM gone
            WHERE e.tenant_id = gone.tenant_id AND e.memory_id = gone.memory_id
        ) SELECT count(*) FROM gone WHERE state = 'live'
        """,
        (tx.tenant_id, agent_id),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
