"""Agents, skills, and which agent has which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from app.db.pool import Connection


@dataclass(frozen=True, slots=True)
class Agent:
    """A scope of its own with a name: what an application calls one of its assistants."""

    agent_id: UUID
    owner_id: str
    name: str
    description: str | None
    model: str | None
    system_prompt: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Skill:
    """Something an agent can be given; ``schema`` describes its configuration."""

    skill_id: UUID
    name: str
    description: str | None
    category: str | None
    schema: dict[str, Any]
    created_at: datetime


_AGENT = ", ".join(field.name for field in fields(Agent))
_SKILL = ", ".join(field.name for field in fields(Skill))


async def add(connection: Connection, tenant_id: UUID, values: Mapping[str, Any]) -> Agent:
    """A new agent of these columns."""
    async with connection.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(_insert("agents", values, _AGENT), {"tenant_id": tenant_id, **values})
        agent = await cursor.fetchone()
    assert agent is not None
    return agent


async def get(connection: Connection, tenant_id: UUID, agent_id: UUID) -> Agent | None:
    """One agent, or None when the tenant has none of that id."""
    async with connection.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            f"SELECT {_AGENT} FROM agents WHERE tenant_id = %s AND agent_id = %s",
            (tenant_id, agent_id),
        )
        return await cursor.fetchone()


async def list_all(connection: Connection, tenant_id: UUID, owner_id: str | None) -> list[Agent]:
    """The tenant's agents, or those of one owner, newest first."""
    async with connection.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_AGENT} FROM agents
            WHERE tenant_id = %(tenant_id)s AND (%(owner)s::text IS NULL OR owner_id = %(owner)s)
            ORDER BY agent_id DESC
            """,
            {"tenant_id": tenant_id, "owner": owner_id},
        )
        return await cursor.fetchall()


async def change(
    connection: Connection, tenant_id: UUID, agent_id: UUID, changes: Mapping[str, Any]
) -> Agent | None:
    """Set the named columns; None when the tenant has no such agent."""
    async with connection.cursor(row_factory=class_row(Agent)) as cursor:
        await cursor.execute(
            _update("agents", "agent_id", {**changes, "updated_at": "now"}, _AGENT),
            {"tenant_id": tenant_id, "id": agent_id, **changes, "updated_at": "now"},
        )
        return await cursor.fetchone()


async def delete(connection: Connection, tenant_id: UUID, agent_id: UUID) -> bool:
    """Remove the agent; False when the tenant has none of that id."""
    cursor = await connection.execute(
        "DELETE FROM agents WHERE tenant_id = %s AND agent_id = %s RETURNING agent_id",
        (tenant_id, agent_id),
    )
    return await cursor.fetchone() is not None


async def add_skill(connection: Connection, tenant_id: UUID, values: Mapping[str, Any]) -> Skill:
    """A new skill of these columns."""
    parameters = {"tenant_id": tenant_id, **_adapted(values)}
    async with connection.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(_insert("skills", values, _SKILL), parameters)
        skill = await cursor.fetchone()
    assert skill is not None
    return skill


async def get_skill(connection: Connection, tenant_id: UUID, skill_id: UUID) -> Skill | None:
    """One skill, or None when the tenant has none of that id."""
    async with connection.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(
            f"SELECT {_SKILL} FROM skills WHERE tenant_id = %s AND skill_id = %s",
            (tenant_id, skill_id),
        )
        return await cursor.fetchone()


async def list_skills(connection: Connection, tenant_id: UUID, category: str | None) -> list[Skill]:
    """The tenant's skills, or those of one category, oldest first."""
    async with connection.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_SKILL} FROM skills WHERE tenant_id = %(tenant_id)s
              AND (%(category)s::text IS NULL OR category = %(category)s) ORDER BY skill_id
            """,
            {"tenant_id": tenant_id, "category": category},
        )
        return await cursor.fetchall()


async def change_skill(
    connection: Connection, tenant_id: UUID, skill_id: UUID, changes: Mapping[str, Any]
) -> Skill | None:
    """Set the named columns; None when the tenant has no such skill."""
    async with connection.cursor(row_factory=class_row(Skill)) as cursor:
        await cursor.execute(
            _update("skills", "skill_id", changes, _SKILL),
            {"tenant_id": tenant_id, "id": skill_id, **_adapted(changes)},
        )
        return await cursor.fetchone()


async def delete_skill(connection: Connection, tenant_id: UUID, skill_id: UUID) -> bool:
    """Remove the skill from the tenant and from every agent; False when there is none."""
    cursor = await connection.execute(
        "DELETE FROM skills WHERE tenant_id = %s AND skill_id = %s RETURNING skill_id",
        (tenant_id, skill_id),
    )
    return await cursor.fetchone() is not None


async def attach(
    connection: Connection,
    tenant_id: UUID,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
) -> bool:
    """Give the agent the skill; False when it has it. Raises psycopg.errors.ForeignKeyViolation
    when there is no such agent or skill."""
    cursor = await connection.execute(
        """
        INSERT INTO agent_skills (tenant_id, agent_id, skill_id, config) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING skill_id
        """,
        (tenant_id, agent_id, skill_id, Jsonb(dict(config))),
    )
    return await cursor.fetchone() is not None


async def attached(connection: Connection, tenant_id: UUID, agent_id: UUID) -> list[dict[str, Any]]:
    """The agent's skills by name, each as the columns of Skill and its ``config``."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"""
            SELECT {_SKILL}, config FROM agent_skills JOIN skills USING (tenant_id, skill_id)
            WHERE tenant_id = %s AND agent_id = %s ORDER BY name, skill_id
            """,
            (tenant_id, agent_id),
        )
        return await cursor.fetchall()


async def configure(
    connection: Connection,
    tenant_id: UUID,
    agent_id: UUID,
    skill_id: UUID,
    config: Mapping[str, Any],
) -> bool:
    """Change how the agent's skill is configured; False when it has no such skill."""
    cursor = await connection.execute(
        """
        UPDATE agent_skills SET config = %s
        WHERE tenant_id = %s AND agent_id = %s AND skill_id = %s RETURNING skill_id
        """,
        (Jsonb(dict(config)), tenant_id, agent_id, skill_id),
    )
    return await cursor.fetchone() is not None


async def detach(connection: Connection, tenant_id: UUID, agent_id: UUID, skill_id: UUID) -> bool:
    """Take the skill from the agent; False when it has no such skill."""
    cursor = await connection.execute(
        """
        DELETE FROM agent_skills WHERE tenant_id = %s AND agent_id = %s AND skill_id = %s
        RETURNING skill_id
        """,
        (tenant_id, agent_id, skill_id),
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


async def holding(
    connection: Connection, tenant_id: UUID, user_id: str, namespace: str
) -> list[UUID]:
    """The agents that hold live memories of the user's namespace."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT agent_id FROM memories
        WHERE tenant_id = %s AND user_id = %s AND namespace = %s AND agent_id IS NOT NULL
          AND state = 'live'
        """,
        (tenant_id, user_id, namespace),
    )
    return [row[0] for row in await cursor.fetchall()]


async def users_of(connection: Connection, tenant_id: UUID, agent_id: UUID) -> list[str]:
    """The users whose memories the agent holds, in order."""
    cursor = await connection.execute(
        """
        SELECT DISTINCT user_id FROM memories WHERE tenant_id = %s AND agent_id = %s
        ORDER BY user_id
        """,
        (tenant_id, agent_id),
    )
    return [row[0] for row in await cursor.fetchall()]


async def delete_memories(connection: Connection, tenant_id: UUID, agent_id: UUID) -> int:
    """Forget all that the agent remembers; how many of these were live."""
    cursor = await connection.execute(
        """
        WITH gone AS (
            DELETE FROM memories WHERE tenant_id = %s AND agent_id = %s RETURNING *
        ), scrubbed AS (
            UPDATE memory_events e SET before = NULL, after = NULL FROM gone
            WHERE e.tenant_id = gone.tenant_id AND e.memory_id = gone.memory_id
        ) SELECT count(*) FROM gone WHERE state = 'live'
        """,
        (tenant_id, agent_id),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
