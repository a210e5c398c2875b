"""Use case: list memories, and read one with its history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db import events, memories
from app.db.pool import read_only
from app.errors import NotFound
from app.rules.filters import Filters
from app.rules.types import Caller, Event, Memory, Scope


@dataclass(frozen=True, slots=True)
class Page:
    """Memories, newest first, how many there are in all, and whether more follow."""

    memories: Sequence[Memory]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class Detail:
    """A memory with what happened to it, and what it has replaced, newest first."""

    memory: Memory
    history: Sequence[Event]
    versions: Sequence[Memory]


async def list_page(
    caller: Caller,
    scopes: Sequence[Scope],
    *,
    filters: Filters,
    before: UUID | None,
    limit: int,
    offset: int,
) -> Page:
    """List the memories of ``scopes``; ``before`` is the last id of the page before."""
    if not scopes:
        return Page((), 0, more=False)
    async with read_only(caller.tenant_id) as tx:
        page = await memories.list_page(
            tx, scopes, filters=filters, before=before, limit=limit + 1, offset=offset
        )
        total = await memories.count(tx, scopes, filters=filters)
    return Page(page[:limit], total, more=len(page) > limit)


async def detail(caller: Caller, memory_id: UUID) -> Detail:
    """Read one memory, live or superseded. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        memory = await memories.get(tx, memory_id, restriction=caller.restriction)
        if memory is None:
            raise NotFound("There is no memory of this id.")
        history = await events.of_memory(tx, memory_id)
        versions = await memories.versions(tx, memory_id, caller.restriction)
    return Detail(memory, history, versions)
