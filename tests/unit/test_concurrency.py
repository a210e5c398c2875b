"""Slots that tenants share, and work that is done off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from app.concurrency import (
    LONG_CHARS,
    Turns,
    computing,
    off_loop,
    off_loop_if_long,
    waiting_for_others,
)
from app.settings import Settings
from app.startup import start_runtime

pytestmark = pytest.mark.anyio


@pytest.fixture
async def _runtime() -> AsyncIterator[None]:
    start_runtime(Settings(database_url="postgresql://nobody@localhost/none"))
    yield
    start_runtime()


async def served(turns: Turns, *tenants: str) -> list[str]:
    """The order in which they get the only slot, each asking before the first gives it back."""
    order: list[str] = []
    opened = asyncio.Event()

    async def ask(tenant: str) -> None:
        async with turns.of(tenant):
            order.append(tenant)
            await opened.wait()

    asked = []
    for tenant in tenants:
        asked.append(asyncio.create_task(ask(tenant)))
        await asyncio.sleep(0)
    opened.set()
    await asyncio.gather(*asked)
    return order


async def test_one_tenants_queue_does_not_come_before_anothers_first() -> None:
    assert await served(Turns(1), "a", "a", "a", "b", "a", "c") == ["a", "a", "b", "c", "a", "a"]


async def test_whoever_holds_the_fewest_slots_is_next() -> None:
    turns, order = Turns(3), []
    gates = {n: asyncio.Event() for n in range(5)}

    async def ask(n: int, tenant: str) -> None:
        async with turns.of(tenant):
            order.append(n)
            await gates[n].wait()

    tasks = []
    for n, tenant in enumerate(["a", "a", "b", "a", "b"]):
        tasks.append(asyncio.create_task(ask(n, tenant)))
        await asyncio.sleep(0)
    gates[0].set()
    await asyncio.sleep(0.01)
    assert order == [0, 1, 2, 3]  # Each has one slot then, and a has waited longer.
    gates[2].set()
    await asyncio.sleep(0.01)
    assert order == [0, 1, 2, 3, 4]
    for gate in gates.values():
        gate.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("when", ["waiting", "served"])
async def test_a_turn_that_was_given_up_is_not_lost(when: str) -> None:
    turns = Turns(1)
    async with turns.of("a"):
        given_up = asyncio.create_task(served(turns, "b"))
        await asyncio.sleep(0.01)
        if when == "waiting":
            given_up.cancel()
            await asyncio.sleep(0)
    if when == "served":
        given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await asyncio.wait_for(served(turns, "c"), 1) == ["c"]


@pytest.mark.usefixtures("_runtime")
async def test_short_work_runs_at_once_and_long_work_in_a_thread() -> None:
    here = threading.get_ident()

    assert await off_loop_if_long(LONG_CHARS, threading.get_ident) == here
    assert await off_loop_if_long(LONG_CHARS + 1, threading.get_ident) != here
    with pytest.raises(ZeroDivisionError):
        await off_loop(lambda: 1 // 0)


@pytest.mark.parametrize("others", [[], ["a"], ["b"], ["a", "b", "a"]])
async def test_a_slot_that_comes_in_the_moment_of_giving_up_goes_to_who_still_waits(
    others: list[str],
) -> None:
    turns, served = Turns(1), []
    await turns.take("holder")

    async def ask(tenant: str) -> None:
        async with turns.of(tenant):
            served.append(tenant)

    given_up = [asyncio.create_task(ask(tenant)) for tenant in ("a", "b")]
    waiting = [asyncio.create_task(ask(tenant)) for tenant in others]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()  # Each hears of it only when the loop comes round, after the next line.
    turns.give_back("holder")
    ended = await asyncio.gather(*given_up, return_exceptions=True)
    await asyncio.wait_for(asyncio.gather(*waiting), timeout=1)

    assert [type(each) for each in ended] == [asyncio.CancelledError] * 2
    assert sorted(served) == sorted(others)
    await turns.take("after", within_seconds=1)
    assert turns.waiting_of("a") == turns.waiting_of("b") == 0


async def test_whoever_gives_up_costs_the_others_of_their_tenant_no_place() -> None:
    turns, served = Turns(1), []
    await turns.take("holder")

    async def ask(tenant: str) -> None:
        async with turns.of(tenant):
            served.append(tenant)

    tasks = []
    for tenant in ("a", "a", "b"):
        tasks.append(asyncio.create_task(ask(tenant)))
        await asyncio.sleep(0)
    tasks[0].cancel()
    turns.give_back("holder")
    await asyncio.gather(*tasks, return_exceptions=True)

    assert served == ["a", "b"]


async def test_who_waits_for_others_leaves_its_slot_and_takes_one_again() -> None:
    slots, order = Turns(1), []
    answered = asyncio.Event()

    async def ask() -> None:
        async with computing(slots):
            order.append("asks")
            async with waiting_for_others():
                await answered.wait()
            order.append("has its answer")

    async def compute() -> None:
        async with computing(slots):
            order.append("computes")
            answered.set()
            await asyncio.sleep(0.01)
            order.append("has computed")

    await asyncio.gather(ask(), compute())

    assert order == ["asks", "computes", "has computed", "has its answer"]
    assert slots.free == 1


@pytest.mark.parametrize("where", ["waiting for a slot", "waiting for others", "for a slot again"])
async def test_a_slot_is_given_back_once_by_who_gives_up(where: str) -> None:
    slots = Turns(1)
    answer, done = asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        async with computing(slots), waiting_for_others():
            await answer.wait()

    async def compute() -> None:
        async with computing(slots):
            await done.wait()

    if where == "waiting for a slot":
        other, asking = asyncio.create_task(compute()), asyncio.create_task(ask())
    else:
        asking = asyncio.create_task(ask())
        await asyncio.sleep(0)
        other = asyncio.create_task(compute())
    await asyncio.sleep(0.01)
    if where == "for a slot again":
        answer.set()
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert slots.free == 0
    done.set()
    await other
    assert slots.free == 1


async def test_an_answer_that_fails_waits_for_no_slot() -> None:
    slots = Turns(1)
    with pytest.raises(ValueError, match="no answer"):
        async with computing(slots), waiting_for_others():
            raise ValueError("no answer")
    assert slots.free == 1
