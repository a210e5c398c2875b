"""Use case: a question → ranked memories.

No queue, no LLM, no lock and no write; the one thing outside Postgres is the embedding of the question, and without
it the words of the question are searched instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import TTLCache

from app.db import memories, subjects
from app.db.pool import connection
from app.errors import ProviderError
from app.memory.types import Recalled, Scope
from app.memory.wording import query_text
from app.providers import get_providers


@dataclass(frozen=True, slots=True)
class _Profile:
    """What shapes a search before it is made: the names of those who spoke, and whether there is much to search."""

    speakers: tuple[str, ...]
    large: bool


_profiles: TTLCache[tuple[object, ...], _Profile] = TTLCache(maxsize=10_000, ttl=10.0)
"""Kept for seconds, since both change slowly and neither changes which memories may be found."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """What came back, best first. ``degraded`` says why the answer is less good than usual, if it is."""

    memories: Sequence[Recalled]
    degraded: str | None = None


async def recall(
    scopes: Sequence[Scope], subject: str, question: str, *, source: str | None = None, limit: int
) -> Recollection:
    """The memories of ``scopes`` that best answer the question, over all of them."""
    profile = await _profile(scopes, subject)
    text = query_text(question, profile.speakers)
    try:
        vector = await get_providers().query_embedder.embed_query(text)
    except ProviderError as error:
        async with connection() as conn:
            found = await memories.search_text(conn, scopes, question, source=source, limit=limit)
        return Recollection(found, degraded=error.code)
    async with connection() as conn:
        found = await memories.search(conn, scopes, vector, source=source, limit=limit, large=profile.large)
    return Recollection(found)


async def strongest(scopes: Sequence[Scope], *, source: str | None = None, limit: int) -> Recollection:
    """Without a question: the memories of the highest retention, over all of the scopes."""
    async with connection() as conn:
        return Recollection(await memories.strongest(conn, scopes, source=source, limit=limit))


async def _profile(scopes: Sequence[Scope], subject: str) -> _Profile:
    key = (subject, *scopes)
    profile = _profiles.get(key)
    if profile is None:
        async with connection() as conn:
            speakers = await subjects.speakers(conn, scopes[0].tenant_id, subject)
            profile = _profiles[key] = _Profile(speakers, await memories.is_large(conn, scopes))
    return profile
