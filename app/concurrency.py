"""Work that would hold the event loop, done in threads; and slots that tenants share in turn."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from app.startup import runtime

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

LONG_CHARS = 20_000
"""Text of this length takes the event loop more than a few milliseconds to read. What is shorter is
read at once: a thread costs a tenth of a millisecond, and waits for its turn."""

SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter while others wait for it."""


class Turns:
    """A fixed number of slots. Of those who wait for one, whoever has the fewest is next; of
    equals, whoever has waited longest."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._taken: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    @property
    def free(self) -> int:
        """How many slots nobody has. While somebody waits for one, there is none."""
        return self._free

    def waiting_of(self, tenant: Hashable) -> int:
        """How many slots the tenant waits for."""
        return len(self._waiting.get(tenant, ()))

    @asynccontextmanager
    async def of(self, tenant: Hashable) -> AsyncIterator[None]:
        """Hold one slot for the block."""
        await self.take(tenant)
        try:
            yield
        finally:
            self.give_back(tenant)

    async def take(self, tenant: Hashable, *, within_seconds: float | None = None) -> None:
        """Take a slot, which the caller gives back. Raises TimeoutError when none is free in
        time."""
        if self._free:
            self._free -= 1
            self._taken[tenant] += 1
            return
        async with asyncio.timeout(within_seconds):
            await self._wait(tenant)

    async def _wait(self, tenant: Hashable) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(tenant)  # It came while its caller gave up.
            else:
                self._forget(tenant, turn)
            raise

    def _forget(self, tenant: Hashable, turn: asyncio.Future[None]) -> None:
        turns = self._waiting.get(tenant, deque())
        if turn in turns:  # A slot that became free meanwhile has passed it over otherwise.
            turns.remove(turn)
        if not turns:
            self._waiting.pop(tenant, None)

    def give_back(self, tenant: Hashable) -> None:
        """Give back a slot that was taken; whoever is next gets it."""
        self._taken[tenant] -= 1
        if not self._taken[tenant]:
            del self._taken[tenant]
        following = self._next()
        if following is None:
            self._free += 1
            return
        tenant, turn = following
        self._taken[tenant] += 1
        turn.set_result(None)

    def _next(self) -> tuple[Hashable, asyncio.Future[None]] | None:
        """Who is next of those who still wait, no longer among them. Whoever has given up is passed
        over: they may not have heard of it yet, and would never give the slot back."""
        while self._waiting:
            # A dictionary keeps its order, so `min` finds the first of equals; the served go last.
            tenant = min(self._waiting, key=lambda waiting: self._taken[waiting])
            turns = self._waiting[tenant]
            turn = turns.popleft()
            if not turns or not turn.cancelled():
                del self._waiting[tenant]
            if turn.cancelled():
                continue
            if turns:
                self._waiting[tenant] = turns
            return tenant, turn
        return None


_tenant: ContextVar[Hashable] = ContextVar("tenant", default=None)


def working_for(tenant: Hashable) -> None:
    """Note whose work the current task does, for whatever is shared out by tenant."""
    _tenant.set(tenant)


class _Place:
    """A slot among those who compute, which its holder leaves while it waits for others."""

    def __init__(self, slots: Turns, tenant: Hashable) -> None:
        self._slots, self._tenant = slots, tenant
        self._taken = False

    async def take(self) -> None:
        await self._slots.take(self._tenant)
        self._taken = True

    def leave(self) -> None:
        if self._taken:
            self._taken = False
            self._slots.give_back(self._tenant)


_place: ContextVar[_Place | None] = ContextVar("place", default=None)


@asynccontextmanager
async def computing(slots: Turns) -> AsyncIterator[None]:
    """Compute for the block, in one of the slots, which the tenant of `working_for` takes."""
    place = _Place(slots, _tenant.get())
    _place.set(place)
    try:
        await place.take()
        yield
    finally:
        place.leave()
        _place.set(None)


@asynccontextmanager
async def waiting_for_others() -> AsyncIterator[None]:
    """Leave the slot of `computing`, if there is one, to others for the block, which only waits for
    somebody else's answer. When the block raises, little is left to do: there is no waiting for a
    slot then."""
    place = _place.get()
    if place is not None:
        place.leave()
    yield
    if place is not None:
        await place.take()


class Threads:
    """A bounded number of threads, which tenants get in turn."""

    def __init__(self, number: int, name: str) -> None:
        # The loop waits so long for the interpreter each time that it has waited for anything else.
        # With Python's 5 ms a short chat took three times as long beside long ones.
        sys.setswitchinterval(SWITCH_SECONDS)
        self._turns = Turns(number)
        self._executor = ThreadPoolExecutor(number, thread_name_prefix=name)

    async def run(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Run ``work`` in a thread. A caller that is cancelled does not stop it, so its work has to
        be bounded."""
        async with self._turns.of(_tenant.get()):
            in_context = partial(copy_context().run, work, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self._executor, in_context)


def _one_thread() -> Threads:
    """More would only take turns on the interpreter, and leave less of it to the loop."""
    return Threads(1, "off-loop")


async def off_loop(
    work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Run ``work``, which is Python's, in this process's thread for it. Its work has to be
    bounded: nobody stops it."""
    return await runtime().one(_one_thread).run(work, *args, **kwargs)


async def off_loop_if_long(
    chars: int,
    work: Callable[Arguments, Result],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result:
    """Run ``work`` at once when it reads few characters, and off the loop otherwise."""
    if chars <= LONG_CHARS:
        return work(*args, **kwargs)
    return await off_loop(work, *args, **kwargs)
