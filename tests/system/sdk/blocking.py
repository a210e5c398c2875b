"""The asynchronous client behind a face that waits, so that one test serves both."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from smara._async.conversations import AsyncConversationHandle
from smara._async.group import AsyncGroup
from smara._async.pages import AsyncPager


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Blocking:
    """``target`` with every coroutine run to its end and every async iterator an iterator."""

    def __init__(self, target: Any, loop: Loop) -> None:
        self._target, self._loop = target, loop

    def __getattr__(self, name: str) -> Any:
        return self._faced(getattr(self._target, name))

    def __iter__(self) -> Iterator[Any]:
        return self._iterated(aiter(self._target))

    def __enter__(self) -> Blocking:
        self._loop.run(self._target.__aenter__())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.run(self._target.__aexit__(*exc_info))

    def _faced(self, value: Any) -> Any:
        if inspect.iscoroutine(value):
            return self._faced(self._loop.run(value))
        if isinstance(value, AsyncGroup | AsyncPager | AsyncConversationHandle):
            return Blocking(value, self._loop)
        if inspect.isasyncgen(value):
            return self._iterated(value)
        if inspect.ismethod(value):
            return self._called(value)
        return value

    def _called(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return self._faced(method(*args, **kwargs))

        return call

    def _iterated(self, iterator: Any) -> Iterator[Any]:
        async def following() -> Any:
            return await anext(iterator, self)  # No item is this face itself.

        while (item := self._loop.run(following())) is not self:
            yield item
