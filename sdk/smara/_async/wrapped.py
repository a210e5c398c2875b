"""An LLM client with a memory, used like the client inside it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Self

from smara._async.keeper import AsyncKeeper, Turn
from smara._wrap.dialects import Path, Spoken
from smara._wrap.options import user


class _Proxy:
    """Passes everything on to ``target``, and appears to be of its class."""

    def __init__(self, target: Any, keeper: AsyncKeeper) -> None:
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_keeper", keeper)

    @property  # type: ignore[misc] # isinstance(wrapped, Anthropic) has to hold.
    def __class__(self) -> Any:
        return type(self._target)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._target, name, value)

    def __repr__(self) -> str:
        return f"<with memory: {self._target!r}>"

    _target: Any
    _keeper: AsyncKeeper


class _Path(_Proxy):
    """A step on the way from the client to its calls. ``path`` is the path to it."""

    def __init__(self, target: Any, keeper: AsyncKeeper, path: Path) -> None:
        super().__init__(target, keeper)
        object.__setattr__(self, "_path", path)

    _path: Path

    def __getattr__(self, name: str) -> Any:
        value, path = getattr(self._target, name), (*self._path, name)
        dialect = self._keeper.dialect
        if path in dialect.remembered:
            return AsyncCalls(value, self._keeper, path)
        if dialect.asks(path):
            self._keeper.warn(path)
            return value
        return _Path(value, self._keeper, path) if dialect.leads_on(path) else value


class AsyncWrapped(_Path):
    """The client itself."""

    def __init__(self, target: Any, keeper: AsyncKeeper) -> None:
        super().__init__(target, keeper, ())

    def with_options(self, **options: Any) -> AsyncWrapped:
        """Give the client with other options, and the same memory."""
        return AsyncWrapped(self._target.with_options(**options), self._keeper)

    copy = with_options

    def user(self, user_id: str) -> AbstractContextManager[None]:
        """Use this user in the block, for wrapped clients."""
        return user(user_id)

    async def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait up to ``timeout`` seconds until every turn has been sent; False when some were
        not."""
        return await self._keeper.flush(timeout)

    async def close(self) -> None:
        """Send what is still to be sent, and close the client."""
        await self._keeper.flush()
        await self._target.close()

    async def __aenter__(self) -> Self:
        await self._target.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._keeper.flush()
        await self._target.__aexit__(*exc_info)


class AsyncCalls(_Path):
    """``messages`` or ``chat.completions``."""

    @property
    def with_raw_response(self) -> AsyncRawCalls:
        """The calls whose answers come with their headers."""
        path = (*self._path, "with_raw_response")
        return AsyncRawCalls(self._target.with_raw_response, self._keeper, path)

    async def create(self, *args: Any, **asked: Any) -> Any:
        """Ask the model, with the context in the prompt; gives its answer, or its stream."""
        asked, turn = await self._keeper.prepare(asked)
        answer = await self._target.create(*args, **asked)
        if asked.get("stream") is True:
            return AsyncHeard(answer, self._keeper, turn)
        self._keeper.keep(turn, self._keeper.dialect.spoken(answer))
        return answer

    async def parse(self, *args: Any, **asked: Any) -> Any:
        """Ask the model, with the context in the prompt; gives the parsed answer."""
        asked, turn = await self._keeper.prepare(asked)
        answer = await self._target.parse(*args, **asked)
        self._keeper.keep(turn, self._keeper.dialect.spoken(answer))
        return answer

    def stream(self, *args: Any, **asked: Any) -> AsyncStreamManager:
        """Give the library's stream helper, to be used in a ``with`` block."""
        return AsyncStreamManager(self._target, self._keeper, args, asked)


class AsyncRawCalls(_Path):
    """The calls whose answers come with their headers; a raw stream has no memory."""

    async def create(self, *args: Any, **asked: Any) -> Any:
        """Ask the model, with the context in the prompt; gives the raw answer."""
        if asked.get("stream") is True:
            self._keeper.warn((*self._path, "create(stream=True)"))
            return await self._target.create(*args, **asked)
        asked, turn = await self._keeper.prepare(asked)
        answer = await self._target.create(*args, **asked)
        try:
            said = answer.http_response.json()
        except ValueError:
            return answer  # Who asks for it raw makes of it what they can; nothing is kept.
        self._keeper.keep(turn, self._keeper.dialect.spoken(said))
        return answer


class AsyncHeard(_Proxy):
    """A stream whose content is recorded as it is read."""

    def __init__(self, target: Any, keeper: AsyncKeeper, turn: Turn) -> None:
        super().__init__(target, keeper)
        object.__setattr__(self, "_turn", turn)
        object.__setattr__(self, "_spoken", Spoken())
        object.__setattr__(self, "_read", False)

    _read: bool
    _turn: Turn
    _spoken: Spoken | None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            event = await anext(self._target)
        except StopAsyncIteration:
            self._over()
            raise
        if self._spoken is not None:
            object.__setattr__(self, "_read", True)
            self._keeper.dialect.hear(self._spoken, event)
        return event

    def _over(self) -> None:
        """Keep the turn, once. What a reader left unread counts as not said."""
        if self._spoken is not None and self._read:
            self._keeper.keep(self._turn, self._spoken)
        object.__setattr__(self, "_spoken", None)

    async def close(self) -> None:
        """Stop reading; what was read so far is kept."""
        self._over()
        await self._target.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, failure: object, *exc_info: object) -> None:
        if failure is None:
            self._over()
        await self._target.close()


class AsyncStreamManager:
    """Starts the library's stream helper on entering, and keeps the turn on leaving."""

    def __init__(
        self, target: Any, keeper: AsyncKeeper, args: tuple[Any, ...], asked: dict[str, Any]
    ) -> None:
        self._target, self._keeper = target, keeper
        self._args, self._asked = args, asked

    async def __aenter__(self) -> Any:
        asked, self._turn = await self._keeper.prepare(self._asked)
        self._manager = self._target.stream(*self._args, **asked)
        self._stream = await self._manager.__aenter__()
        return self._stream

    async def __aexit__(self, *exc_info: Any) -> Any:
        if exc_info[0] is None:
            dialect = self._keeper.dialect
            try:
                answer = getattr(self._stream, dialect.snapshot)
            except AssertionError:
                pass  # The library's way to say that nothing was read.
            else:
                self._keeper.keep(self._turn, dialect.spoken(answer))
        return await self._manager.__aexit__(*exc_info)
