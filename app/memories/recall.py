"""Use case: find the memories that answer a question, ranked.

It uses no queue, no LLM and no lock, and writes nothing. The only thing outside Postgres is the
embedding of the question; without it the words of the question are searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cachetools import TTLCache

from app.db import alike, memory_owners, search
from app.db.pool import read_only
from app.db.search import is_large
from app.privacy.sanitize import clean_question
from app.provider_errors import ProviderError
from app.providers.query_embedder import asking
from app.providers.registry import get_providers
from app.rules import repetition, served_context
from app.rules.embedding_text import query_text
from app.rules.filters import NO_FILTERS, Filters
from app.rules.types import Recalled, Scope
from app.startup import runtime
from app.tenancy import installation


class _Speakers(TTLCache[tuple[UUID, str], tuple[str, ...]]):
    """Names of speakers by owner, kept for seconds: they only sharpen the question's vector."""

    def __init__(self) -> None:
        super().__init__(maxsize=50_000, ttl=10.0)


@dataclass(frozen=True, slots=True)
class Recollection:
    """The memories found, the best first. ``degraded`` says why the answer is less good than usual,
    if it is."""

    memories: Sequence[Recalled]
    degraded: str | None = None


async def recall(
    scopes: Sequence[Scope],
    user_id: str,
    question: str,
    *,
    filters: Filters = NO_FILTERS,
    limit: int,
) -> Recollection:
    """Find the memories of ``scopes`` that best answer the user's question, ranked over all of
    them."""
    if not scopes:
        return Recollection(())
    tenant_id = scopes[0].tenant_id
    question = await clean_question(tenant_id, question)
    text = query_text(question, await _names(tenant_id, memory_owners.of_user(user_id)))
    try:
        with asking(tenant_id):
            vector = await get_providers().query_embedder.embed_query(text)
    except ProviderError as error:
        async with read_only(tenant_id) as tx:
            found = await search.search_text(tx, scopes, question, filters=filters, limit=limit)
        return Recollection(found, degraded=error.code)
    async with read_only(tenant_id) as tx:
        large = await is_large(tx, scopes)
        found = await search.search(tx, scopes, vector, filters=filters, limit=limit, large=large)
    return Recollection(found)


async def warm_up() -> None:
    """Load the built-in model, so that the first question does not wait for it. A paid embedder is
    not called for this."""
    providers = get_providers()
    if not providers.paid_embedder:
        await providers.query_embedder.embed_query("warm-up")


async def fenced(block: str) -> str:
    """Put a context block behind a fence with the installation's own mark."""
    mark = served_context.fingerprint(block.splitlines(), await installation.secret())
    return served_context.fenced(block, mark)


async def strongest(
    scopes: Sequence[Scope], *, filters: Filters = NO_FILTERS, limit: int
) -> Recollection:
    """Find the memories of the highest retention over all of the scopes, for a context without a
    question."""
    if not scopes:
        return Recollection(())
    async with read_only(scopes[0].tenant_id) as tx:
        return Recollection(await search.strongest(tx, scopes, filters=filters, limit=limit))


async def repetitions(tenant_id: UUID, memories: Sequence[Recalled]) -> frozenset[UUID]:
    """Find the memories that another one of these repeats, so that a block needs no line for them.
    The database is only asked when the words of two of them allow it."""
    pairs = repetition.candidates(memories)
    if not pairs:
        return frozenset()
    async with read_only(tenant_id) as tx:
        similarities = await alike.similarities(tx, pairs)
    return repetition.without_a_line(memories, similarities, get_providers().bands.alike)


async def newest(
    scopes: Sequence[Scope], *, filters: Filters = NO_FILTERS, limit: int
) -> Recollection:
    """Find the memories that were stored last, for a list without a question."""
    if not scopes:
        return Recollection(())
    async with read_only(scopes[0].tenant_id) as tx:
        return Recollection(await search.newest(tx, scopes, filters=filters, limit=limit))


async def _names(tenant_id: UUID, owner_key: str) -> tuple[str, ...]:
    kept = runtime().one(_Speakers)
    names = kept.get((tenant_id, owner_key))
    if names is None:
        async with read_only(tenant_id) as tx:
            names = kept[tenant_id, owner_key] = await memory_owners.speakers(tx, owner_key)
    return names
