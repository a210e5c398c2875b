"""The memories as they lie in the database, read past every policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from torture.model.deeds import Place

Ask = Callable[[str], Awaitable[list[tuple[Any, ...]]]]

_ROWS = """
SELECT m.memory_id::text, t.name, m.user_id, m.namespace, m.agent_id::text, m.team_id::text,
    m.visibility, m.fact, m.quote, m.content_hash, m.state, m.conversation_id::text,
    m.superseded_by::text, m.scope_key::text
FROM memories m JOIN tenants t USING (tenant_id)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One memory. ``source`` is the conversation that it was learned from; ``scope`` the set that
    searches look in."""

    memory: str
    place: Place
    fact: str
    quote: str
    content_hash: bytes
    state: str
    source: str | None
    superseded_by: str | None
    scope: str


async def read_rows(ask: Ask) -> list[Row]:
    """Every memory of every tenant."""
    return [_row(*columns) for columns in await ask(_ROWS)]


def _row(
    memory: str,
    tenant: str,
    user: str,
    namespace: str,
    agent: str | None,
    team: str | None,
    visibility: str,
    fact: str,
    quote: str,
    content_hash: bytes,
    state: str,
    source: str | None,
    superseded_by: str | None,
    scope: str,
) -> Row:
    shared_with = team if visibility == "team" else None
    place = Place(tenant, user, namespace, agent, shared_with)
    return Row(memory, place, fact, quote, bytes(content_hash), state, source, superseded_by, scope)
