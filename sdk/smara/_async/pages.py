"""A listing that fetches its pages as it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

ItemT = TypeVar("ItemT")

Page: TypeAlias = tuple[Sequence[ItemT], str | None]
"""The items of a page, and the cursor of the page after it."""


class AsyncPager(Generic[ItemT]):
    """Every item of a listing, newest first; iterate over it as often as you like.

    Each iteration starts again. Pages follow one another by cursor, so an item that is added
    meanwhile neither repeats nor hides another.
    """

    def __init__(self, fetch: Callable[[str | None], Awaitable[Page[ItemT]]]) -> None:
        self._fetch = fetch

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        async for page in self.pages():
            for item in page:
                yield item

    async def pages(self) -> AsyncIterator[Sequence[ItemT]]:
        """Give the items, one page at a time."""
        cursor: str | None = None
        while True:
            items, cursor = await self._fetch(cursor)
            if items:
                yield items
            if cursor is None:
                return
