"""An answer is read once a second, however many ask."""

from __future__ import annotations

import asyncio

import pytest

from app.api.kept import Kept
from app.errors import DatabaseUnavailable


class Source:
    """Something slow to read, that counts how often it was read."""

    def __init__(self, *, fails: bool = False) -> None:
        self.reads, self._fails = 0, fails

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        await asyncio.sleep(0.05)
        if self._fails:
            raise DatabaseUnavailable("away")
        return number


def test_many_at_once_and_soon_after_get_one_answer() -> None:
    async def ask() -> list[int]:
        kept = Kept(Source().read)
        at_once = await asyncio.gather(*(kept.get() for _ in range(50)))
        return [*at_once, await kept.get()]

    assert asyncio.run(ask()) == [1] * 51


def test_a_second_later_it_is_read_anew() -> None:
    async def ask() -> list[int]:
        kept = Kept(Source().read)
        first = await kept.get()
        await asyncio.sleep(1.1)
        return [first, await kept.get()]

    assert asyncio.run(ask()) == [1, 2]


def test_a_failure_is_told_to_everybody_and_kept_as_long() -> None:
    async def ask() -> int:
        source = Source(fails=True)
        kept = Kept(source.read)
        outcomes = await asyncio.gather(*(kept.get() for _ in range(9)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
        with pytest.raises(DatabaseUnavailable):
            await kept.get()
        return source.reads

    assert asyncio.run(ask()) == 1


def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    async def ask() -> int:
        kept = Kept(Source().read)
        impatient = asyncio.create_task(kept.get())
        patient = asyncio.create_task(kept.get())
        await asyncio.sleep(0.01)
        impatient.cancel()
        return await patient

    assert asyncio.run(ask()) == 1
