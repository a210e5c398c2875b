"""Keep the vectors of questions, so that a repeated question is not embedded again."""

from __future__ import annotations

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Sequence

from app.embed.embedder import Embedder
from app.rules.types import Embeddings, Estimate, Vector

Key = tuple[str, str]


class QueryCache:
    """An embedder that remembers the vectors of its last ``capacity`` queries, keyed by model and
    text.

    Equal queries at the same time share one call: when it fails all of them fail and nothing is
    kept; a caller that goes away leaves the call to the others. Vectors are kept as 32-bit floats
    (4 kB each at 1,024 dimensions) and given out like that from the first time on, so a hit equals
    the miss before it. Belongs to one event loop.
    """

    def __init__(self, embedder: Embedder, capacity: int) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._kept: OrderedDict[Key, array[float]] = OrderedDict()
        self._under_way: dict[Key, asyncio.Task[array[float]]] = {}
        self.hits = 0
        self.misses = 0

    @property
    def model(self) -> str:
        return self._embedder.model

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def estimate(self, texts: Sequence[str]) -> Estimate | None:
        """Estimate as the embedder behind it does."""
        return self._embedder.estimate(texts)

    async def embed_documents(self, texts: Sequence[str]) -> Embeddings:
        """Embed as the embedder behind it does: documents are embedded once anyway."""
        return await self._embedder.embed_documents(texts)

    async def embed_query(self, text: str) -> Vector:
        """Give the vector of one query. A caller that joins a call under way counts as a hit."""
        key = (self._embedder.model, text)
        kept = self._kept.get(key)
        if kept is not None:
            self.hits += 1
            self._kept.move_to_end(key)
            return kept.tolist()
        task = self._under_way.get(key)
        if task is None:
            self.misses += 1
            task = self._under_way[key] = asyncio.create_task(self._embed(text))
            task.add_done_callback(lambda done: self._finish(key, done))
        else:
            self.hits += 1
        # Shielded, so a caller that is cancelled does not take the call away from the others.
        return (await asyncio.shield(task)).tolist()

    async def _embed(self, text: str) -> array[float]:
        return array("f", await self._embedder.embed_query(text))

    def _finish(self, key: Key, done: asyncio.Task[array[float]]) -> None:
        del self._under_way[key]
        # Asking for the exception also tells asyncio that it was seen, should every caller be gone.
        if done.cancelled() or done.exception() is not None:
            return
        self._kept[key] = done.result()
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
