"""An API key's restriction as SQL: the one condition of every statement that finds rows by id."""

from __future__ import annotations

from typing import Any

from app.rules.key_reach import KeyRestriction


def within(row: str) -> str:
    """The condition that the rows ``row`` of memories or conversations are within the key's reach.
    Parameters: ``parameters``."""
    return f"""
        (%(reach_users)s::text[] IS NULL OR {row}.user_id = ANY(%(reach_users)s))
        AND (%(reach_namespaces)s::text[] IS NULL OR {row}.namespace = ANY(%(reach_namespaces)s))
        AND (%(reach_agents)s::uuid[] IS NULL OR {row}.agent_id = ANY(%(reach_agents)s))
    """


def parameters(restriction: KeyRestriction) -> dict[str, Any]:
    """What ``within`` reads."""
    return {
        "reach_users": None if restriction.users is None else list(restriction.users),
        "reach_namespaces": None
        if restriction.namespaces is None
        else list(restriction.namespaces),
        "reach_agents": None if restriction.agents is None else list(restriction.agents),
    }
