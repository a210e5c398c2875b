"""Store, find and manage memories."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Unpack

from smara import _memory_calls as calls
from smara import _request, models
from smara._async.group import AsyncGroup
from smara._async.pages import AsyncPager
from smara._memory_calls import UNCHANGED, Filters, ListFilters, Time, Unchanged
from smara._request import segment


class AsyncMemories(AsyncGroup):
    """Memories of users.

    Where a call takes filters: ``namespace`` is ``default`` if not given. ``agent_id`` reads one
    agent's scope, ``include_agents`` adds those of all agents. ``team_id`` or ``include_team`` adds
    what the user's teams share. ``metadata`` filters by equal fields (``{"topic": "food"}``) or by
    a range (``{"year": {"gte": 2020}}``; also gt, lte, lt, ne, in). ``valid_at`` asks what was true
    at a time, ``created_after`` and the like bound when it was learned, ``valid_after`` when it
    became true.
    """

    async def store(
        self,
        user_id: str,
        fact: str,
        importance: float | None = None,
        namespace: str | None = None,
        source: str | None = None,
        *,
        agent_id: str | None = None,
        team_id: str | None = None,
        visibility: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        valid_from: Time | None = None,
        idempotency_key: str | None = None,
    ) -> models.StoreResult:
        """Store a fact; the result says whether it is stored, a duplicate, or has replaced what it
        contradicts.

        ``importance`` in [0, 1] sets the half-life, ten days times it (0.5 if not given).
        ``valid_from`` is when it became true, if not now. With ``team_id`` the team shares it,
        unless ``visibility`` is ``private``. Retries never store it twice.
        """
        body = {
            "user_id": user_id,
            "fact": fact,
            "importance": importance,
            "source": source,
            "namespace": namespace,
            "agent_id": agent_id,
            "team_id": team_id,
            "visibility": visibility,
            "metadata": metadata,
            "valid_from": valid_from,
        }
        return await self._ask(
            _request.create("/v1/memories", body, idempotency_key), models.StoreResult
        )

    async def store_many(
        self,
        memories: Iterable[str | Mapping[str, Any]],
        *,
        user_id: str | None = None,
        importance: float | None = None,
        namespace: str | None = None,
        source: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.BatchResult:
        """Store many facts; gives what became of each, in their order.

        A memory is a text, or a mapping of what ``store`` takes; the other arguments fill in what
        it leaves out. They are sent in portions of up to 1,000.
        """
        key = idempotency_key or str(uuid.uuid4())
        defaults = {
            "user_id": user_id,
            "importance": importance,
            "namespace": namespace,
            "source": source,
            "metadata": metadata,
        }
        done = []
        for number, portion in enumerate(calls.batches(memories, defaults)):
            request = _request.create(
                "/v1/memories:batch", {"memories": portion}, f"{key}.{number}"
            )
            done.append(await self._ask(request, models.BatchResult))
        return models.BatchResult.joined(done)

    async def search(
        self,
        user_id: str,
        q: str,
        limit: int | None = None,
        namespace: str | None = None,
        *,
        explain: bool = False,
        **filters: Unpack[Filters],
    ) -> models.SearchResults:
        """Find the memories that best answer a question, the best first: 10, or ``limit`` (at most
        50).

        With ``explain`` each has the parts of its score.
        """
        request = calls.search(user_id, q, limit, namespace, explain, filters)
        return calls.found(await self._transport.send(request))

    async def context(
        self,
        user_id: str,
        q: str | None = None,
        top_n: int | None = None,
        namespace: str | None = None,
        *,
        explain: bool = False,
        fenced: bool = False,
        **filters: Unpack[Filters],
    ) -> models.Context:
        """Get a block of text for a prompt: the memories that best fit ``q``, the current message.

        Without ``q``: the memories with the highest retention. 5 of them, or ``top_n`` (at most
        20). The text also has ``.memories``; when there are none it is a one-line notice.
        ``fenced`` puts it between tags that no memory can close.
        """
        request = calls.context(user_id, q, top_n, namespace, explain, fenced, filters)
        return calls.block(await self._transport.send(request))

    async def get(self, memory_id: str) -> models.MemoryDetail:
        """Get one memory, with its origin and its history."""
        return await self._ask(
            _request.get(f"/v1/memories/{segment(memory_id)}"), models.MemoryDetail
        )

    async def update(
        self,
        memory_id: str,
        *,
        fact: str | None = None,
        importance: float | None = None,
        metadata: Mapping[str, Any] | None = None,
        visibility: str | None = None,
        namespace: str | None = None,
        team_id: str | Unchanged | None = UNCHANGED,
        user_id: str | None = None,
        stated_by: Literal["application", "model"] | None = None,
        if_match: str | models.Memory | None = None,
    ) -> models.Memory:
        """Change a memory; what is not given stays, and its history is kept.

        ``user_id`` is who makes the change, where a team's roles matter. ``stated_by`` is ``model``
        when a model chose the words: they are trusted less, and an order to an agent is
        quarantined. ``if_match`` is the memory as ``get`` or ``update`` has answered it, or its
        ``etag``: PreconditionFailed is raised if it was changed since.
        """
        body: dict[str, Any] = _request.given(
            {
                "fact": fact,
                "importance": importance,
                "metadata": metadata,
                "visibility": visibility,
                "namespace": namespace,
                "user_id": user_id,
            }
        )
        if not isinstance(team_id, Unchanged):
            body["team_id"] = team_id
        return await self._ask(
            calls.change(memory_id, body, stated_by=stated_by, if_match=if_match), models.Memory
        )

    async def delete(self, memory_id: str, *, user_id: str | None = None) -> models.Deleted:
        """Delete a memory. ``user_id`` is who deletes it, where a team's roles matter."""
        await self._do(_request.remove(f"/v1/memories/{segment(memory_id)}", {"user_id": user_id}))
        return models.Deleted(id=memory_id, deleted=True)

    async def restore(self, memory_id: str, *, user_id: str | None = None) -> models.Memory:
        """Make a superseded memory live again; what replaced it stays live too. To release one from
        quarantine, the key needs the key scope ``review`` as well."""
        path = f"/v1/memories/{segment(memory_id)}/restore"
        return await self._ask(
            _request.act(path + _request.query({"user_id": user_id})), models.Memory
        )

    def list(
        self,
        user_id: str,
        *,
        namespace: str | None = None,
        page_size: int = 100,
        **filters: Unpack[ListFilters],
    ) -> AsyncPager[models.Memory]:
        """List all of a user's memories, newest first; pages are fetched as you read."""

        async def fetch(cursor: str | None) -> tuple[Sequence[models.Memory], str | None]:
            request = calls.listing(user_id, page_size, None, cursor, namespace, filters)
            page = await self._ask(request, models.MemoryPage)
            return page.memories, page.next_cursor

        return AsyncPager(fetch)

    async def list_page(
        self,
        user_id: str,
        *,
        limit: int = 20,
        offset: int | None = None,
        cursor: str | None = None,
        namespace: str | None = None,
        **filters: Unpack[ListFilters],
    ) -> models.MemoryPage:
        """Get one page of a user's memories, with their ``total`` and the ``next_cursor``."""
        request = calls.listing(user_id, limit, offset, cursor, namespace, filters)
        return await self._ask(request, models.MemoryPage)
