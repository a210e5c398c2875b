"""An API key's restriction as a condition: the one of every statement that finds rows by id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, ColumnElement, FromClause, Text, Uuid, and_, any_, bindparam, or_

from app.rules.key_reach import KeyRestriction


def within(rows: FromClause) -> ColumnElement[bool]:
    """The condition that the rows of memories or conversations are within the key's reach.
    Values: ``parameters``."""
    lists = {
        rows.c.user_id: bindparam("reach_users", type_=ARRAY(Text)),
        rows.c.namespace: bindparam("reach_namespaces", type_=ARRAY(Text)),
        rows.c.agent_id: bindparam("reach_agents", type_=ARRAY(Uuid)),
    }
    return and_(*(or_(reach.is_(None), column == any_(reach)) for column, reach in lists.items()))


def parameters(restriction: KeyRestriction) -> dict[str, Any]:
    """The values that ``within`` reads."""
    return {
        "reach_users": None if restriction.users is None else list(restriction.users),
        "reach_namespaces": None
        if restriction.namespaces is None
        else list(restriction.namespaces),
        "reach_agents": None if restriction.agents is None else list(restriction.agents),
    }
