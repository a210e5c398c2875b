"""Agents, skills and teams."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from smara.models._base import Model
from smara.models.memories import FoundMemory


class Skill(Model):
    """Something an agent can do. Its ``schema`` is read as ``skill["schema"]``, and ``config`` is
    there when it is attached to an agent."""

    id: str
    name: str = ""
    description: str | None = None
    category: str | None = None
    config: dict[str, Any] | None = None
    created_at: datetime | None = None


class SkillList(Model):
    """Skills, in order."""

    skills: list[Skill] = []


class AttachedSkill(Model):
    """A skill as one agent has it."""

    agent_id: str
    skill_id: str
    config: dict[str, Any] | None = None


class Agent(Model):
    """An agent with a memory scope of its own."""

    id: str
    name: str = ""
    owner_id: str | None = None
    description: str | None = None
    model: str | None = None
    system_prompt: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    skills: list[Skill] = []


class AgentList(Model):
    """Agents, newest first."""

    agents: list[Agent] = []


class AgentMemories(Model):
    """An agent's memories: the search results when there was a question, else newest first."""

    memories: list[FoundMemory] = []
    degraded: bool = False
    degraded_reason: str | None = None


class Member(Model):
    """A user in a team, as ``admin``, ``member`` or ``read_only``."""

    user_id: str
    role: str = "member"
    id: str | None = None
    email: str | None = None
    invited_by: str | None = None
    joined_at: datetime | None = None


class Team(Model):
    """A team, whose members share what is stored with its ``team_id``."""

    id: str
    name: str = ""
    slug: str = ""
    tenant_id: str | None = None
    created_at: datetime | None = None
    member_count: int | None = None
    members: list[Member] = []


class TeamList(Model):
    """Teams, oldest first."""

    teams: list[Team] = []


class Invitation(Model):
    """An invitation to a team; whoever has the ``token`` can accept it until ``expires_at``."""

    id: str
    token: str
    email: str | None = None
    role: str = "member"
    expires_at: datetime | None = None
    created_at: datetime | None = None


class Membership(Model):
    """The team that an invitation opened."""

    team_id: str
    role: str = "member"
    message: str | None = None
