"""Run the operations of a LangGraph store as calls to the service."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph.store.base import (
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
)

from smara._async.client import AsyncSmara
from smara.errors import Conflict, NotFound, SmaraError
from smara.langchain import items
from smara.langchain.items import Layout, Path
from smara.models import Memory

_SAME_WORDS = "duplicate_memory"
_BEGINNINGS = 10
"""How often a put starts again because others removed meanwhile what it was about to fill."""


class AsyncItems:
    """Items in one layout. ``known`` are the namespaces that are registered already, as far as was
    seen."""

    def __init__(self, client: AsyncSmara, layout: Layout, known: set[Path]) -> None:
        self._client, self._layout, self._known = client, layout, known

    async def run(self, ops: Sequence[Op]) -> list[Result]:
        """Give the result of each operation. What is put shows from the next batch on, and of
        several puts of one item the last one counts, as in LangGraph's own stores."""
        results: list[Result] = []
        puts: dict[tuple[Path, str], PutOp] = {}
        for op in ops:
            if isinstance(op, GetOp):
                results.append(await self._get(op))
            elif isinstance(op, SearchOp):
                results.append(await self._search(op))
            elif isinstance(op, ListNamespacesOp):
                results.append(await self._namespaces(op))
            else:
                puts[op.namespace, op.key] = op
                results.append(None)
        for op in puts.values():
            await self._put(op) if op.value is not None else await self._remove(op)
        return results

    async def _get(self, op: GetOp) -> Item | None:
        found = await self._memories_of(op.namespace, op.key)
        return items.item_of(found[0]) if found else None

    async def _memories_of(self, path: Path, key: str) -> list[Memory]:
        page = await self._client.list_page(
            self._layout.user_of(path),
            namespace=self._layout.namespace,
            metadata=items.at(path, key),
        )
        return page.memories

    async def _search(self, op: SearchOp) -> list[SearchItem]:
        found: list[SearchItem] = []
        for user in await self._users_below(op.namespace_prefix):
            found += await self._found(user, op)
        if op.query:
            found.sort(key=lambda item: item.score or 0.0, reverse=True)
        return found[op.offset : op.offset + op.limit]

    async def _found(self, user: str, op: SearchOp) -> list[SearchItem]:
        """Find what one user has of it: as much as the requested page can need."""
        wanted, most = items.narrowed(op), op.offset + op.limit
        found: dict[tuple[Path, str], SearchItem] = {}
        if op.query:
            answer = await self._client.search(
                user, op.query, items.MOST_FOUND, self._layout.namespace, metadata=wanted
            )
            for item in map(items.item_of, answer):
                if _fits(item, op):
                    found.setdefault((item.namespace, item.key), item)
            return list(found.values())[:most]
        pages = self._client.list(user, namespace=self._layout.namespace, metadata=wanted)
        async for memory in pages:
            item = items.item_of(memory)
            if _fits(item, op):
                found.setdefault((item.namespace, item.key), item)
            if len(found) >= most:
                break
        return list(found.values())

    async def _users_below(self, prefix: Path) -> list[str]:
        if len(prefix) > self._layout.user_label:
            return [self._layout.user_of(prefix)]
        noted = await self._noted()
        users = {self._layout.user_of(path) for path in noted if path[: len(prefix)] == prefix}
        return sorted(users)

    async def _namespaces(self, op: ListNamespacesOp) -> list[Path]:
        paths = {
            path[: op.max_depth]
            for path in await self._noted()
            if all(items.in_place(condition, path) for condition in op.match_conditions or ())
        }
        return sorted(paths)[op.offset : op.offset + op.limit]

    async def _put(self, op: PutOp) -> None:
        fact, metadata = items.fact_of(op, self._layout), items.metadata_of(op)
        for left in reversed(range(_BEGINNINGS)):
            try:
                await self._write(op, fact, metadata)
            except NotFound:
                if not left:
                    raise
            else:
                return

    async def _write(self, op: PutOp, fact: str, metadata: Mapping[str, Any]) -> None:
        """Change the item, or create it. Raises NotFound when it was removed meanwhile."""
        found = await self._memories_of(op.namespace, op.key)
        if not found:
            await self._note(op.namespace)
            # Writers that begin an item at once are given the same memory, and the last one to
            # fill it wins. Who is given another one came when the item was there already.
            new = await self._placed(self._layout.user_of(op.namespace), items.name_of(op))
            found = await self._memories_of(op.namespace, op.key)
            if not found:
                await self._begin(new, fact, metadata, op)
                return
            await self._gone(new.id)
        first, *others = found
        await self._fill(first, fact, metadata, op)
        for other in others:
            await self._gone(other.id)  # Of an earlier version, whose writers could begin two.

    async def _begin(self, new: Memory, fact: str, metadata: Mapping[str, Any], op: PutOp) -> None:
        try:
            await self._fill(new, fact, metadata, op)
        except SmaraError:
            await self._gone(new.id)
            raise

    async def _fill(
        self, memory: Memory, fact: str, metadata: Mapping[str, Any], op: PutOp
    ) -> None:
        namespace, client = self._layout.namespace, self._client
        try:
            await client.update(memory.id, fact=fact, metadata=metadata, namespace=namespace)
        except Conflict as conflict:
            if conflict.code != _SAME_WORDS:
                raise
            apart = items.told_apart(fact, op)
            await client.update(memory.id, fact=apart, metadata=metadata, namespace=namespace)

    async def _placed(self, user: str, name: str) -> Memory:
        """Store a memory in a namespace of its own, to be filled and moved; the same one for all
        who ask under one name before that.

        If it were stored in its place at once, it would be compared with the other items there and
        could count as a duplicate of one, or replace it. Items must not do that to one another.
        """
        apart = f"{self._layout.namespace}.{name}"
        stored = await self._client.store(
            user, "A store item that is being written", 1.0, apart, "langgraph"
        )
        return Memory(id=stored.id)

    async def _remove(self, op: PutOp) -> None:
        for memory in await self._memories_of(op.namespace, op.key):
            await self._gone(memory.id)
        left = await self._client.list_page(
            self._layout.user_of(op.namespace),
            namespace=self._layout.namespace,
            metadata={items.PATH: items.joined(op.namespace)},
            limit=1,
        )
        if not left.memories:
            self._known.discard(op.namespace)
            for note in await self._notes(op.namespace):
                await self._gone(note.id)

    async def _gone(self, memory_id: str) -> None:
        try:
            await self._client.delete(memory_id)
        except NotFound:
            return  # Somebody else was first, which is as good.

    async def _note(self, path: Path) -> None:
        """Register the namespace. The service lists no namespaces, so we keep a register."""
        if path in self._known:
            return
        if not await self._notes(path):
            user, namespace = self._layout.registry
            note = await self._placed(user, uuid.uuid4().hex)
            try:
                await self._client.update(
                    note.id,
                    fact=items.joined(path),
                    metadata={items.PATH: items.joined(path)},
                    namespace=namespace,
                )
            except Conflict:
                await self._gone(note.id)  # It was noted meanwhile.
        self._known.add(path)

    async def _notes(self, path: Path) -> list[Memory]:
        user, namespace = self._layout.registry
        page = await self._client.list_page(
            user, namespace=namespace, metadata={items.PATH: items.joined(path)}
        )
        return page.memories

    async def _noted(self) -> list[Path]:
        user, namespace = self._layout.registry
        return [
            tuple(str(note.metadata[items.PATH]).split("."))
            async for note in self._client.list(user, namespace=namespace)
        ]


def _fits(item: SearchItem, op: SearchOp) -> bool:
    return all(
        items.matches(item.value.get(name), condition)
        for name, condition in (op.filter or {}).items()
    )
