"""The synchronous and the asynchronous client of one adapter."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from smara._async.client import AsyncSmara
from smara._config import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_SECONDS
from smara._sync.client import Smara


class Clients:
    """Makes the client that was not given from the one that was, or from the environment.

    An asynchronous client belongs to its event loop, so one is made for each loop that asks.
    """

    def __init__(self, client: Smara | None, async_client: AsyncSmara | None) -> None:
        self._sync = client
        self._given_async = async_client
        self._own: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncSmara] = WeakKeyDictionary()

    @property
    def sync(self) -> Smara:
        """Give the synchronous client."""
        if self._sync is None:
            self._sync = Smara(*_told(self._given_async))
        return self._sync

    def here(self) -> AsyncSmara:
        """Give the client of the running event loop."""
        if self._given_async is not None:
            return self._given_async
        loop = asyncio.get_running_loop()
        if loop not in self._own:
            self._own[loop] = AsyncSmara(*_told(self._sync))
        return self._own[loop]

    async def aclose(self) -> None:
        """Close what was made for the running loop."""
        own = self._own.pop(asyncio.get_running_loop(), None)
        if own is not None:
            await own.aclose()


def _told(client: Smara | AsyncSmara | None) -> tuple[str | None, str | None, float, int]:
    if client is None:
        return None, None, DEFAULT_TIMEOUT_SECONDS, DEFAULT_MAX_RETRIES
    config = client.config
    return config.api_key, config.base_url, config.timeout, config.max_retries
