"""A run: calm, each fault alone, all of them mixed, then quiet; and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from torture.checks.speed import bar_seconds
from torture.clients import Clients
from torture.cluster import Cluster
from torture.faults import FAULTS, Fault
from torture.judging import judge
from torture.ledger import Ledger
from torture.mixed import Tormentor
from torture.plan import Outcome, Plan
from torture.queue_watch import QueueWatch
from torture.side_by_side import groups
from torture.words import CRASHES
from torture.world import NotShown, Weather, World

GIVE_UP_SECONDS = 120.0
"""A recovery that takes longer is none."""
TRIES = 5
"""To bring about a fault that needs the right moment."""
SIGHTED = ({200}, {200, None})
"""What /health of the APIs says when readers have no excuse; None is nobody there."""
STORM_SECONDS = 45.0
"""Of mixed faults; then all is let be until everything accepted by then is finished."""
CALM_SECONDS = 10.0
"""After each storm: work as it is on most days, so that the next one meets a service in full
swing."""
MOST_WAITING = 80
"""Conversations under way, in storms: enough for every slot of both workers, and as many again."""


class Run:
    """One run in ``folder``. ``phase`` and ``outcome`` may be looked at while it goes on."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.outcome = Outcome(plan)
        self.phase = "starting"
        own_disk = any(FAULTS[name].own_disk for name in plan.faults)
        self.cluster = Cluster(
            folder,
            plan.clocks.env,
            seed=plan.seed,
            errors=plan.errors,
            own_disk=own_disk,
            preloaded=plan.preloaded,
        )
        self.ledger = Ledger(folder / "ledger.sqlite")
        self.queue = QueueWatch(self.cluster)
        self.weather = Weather(plan.clocks.lease)

    async def go(self) -> Outcome:
        """All of it. The cluster is stopped at the end, however it comes."""
        began = time.monotonic()
        try:
            await self.cluster.start()
            async with self._clients():
                await self._phase("calm", self._calm())
                await self._phase("alone", self._alone())
                if self.plan.mixed_faults:
                    await self._phase("mixed", self._mixed())
                await self._phase("draining", self._drain())
            await self._phase("checking", judge(self))
        finally:
            await self.cluster.stop()
            self.ledger.close()
        self.outcome.seconds["all"] = round(time.monotonic() - began, 1)
        return self.outcome

    async def _phase(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.phase, began = name, time.monotonic()
        self.ledger.phase(name)
        await work
        self.outcome.seconds[name] = round(time.monotonic() - began, 1)

    @contextlib.asynccontextmanager
    async def _clients(self) -> AsyncIterator[None]:
        self.clients = await Clients.of(self.cluster, self.ledger, self.plan, self.weather.now)
        self.world = World(
            self.cluster,
            self.plan.clocks,
            self.clients.traffic,
            self.ledger,
            self.clients.keys,
            self.weather,
            random.Random(f"faults {self.plan.seed}"),
        )
        async with self.clients.at_work(self.queue):
            yield

    async def _calm(self) -> None:
        self.clients.pace(self.plan.per_second_alone, self.plan.stories_alone)
        await asyncio.sleep(self.plan.calm_seconds)
        # Later calms are between storms, at another load.
        self.calm = self.clients.reader.together(lambda happening: not happening)

    async def _alone(self) -> None:
        possible = []
        for name in self.plan.faults:
            if missing := FAULTS[name].needs(self.world):
                self.outcome.impossible[name] = missing
            else:
                possible.append(FAULTS[name])
        for group in groups(possible, one_by_one=self.plan.one_by_one):
            await self._try(group)

    async def _try(self, group: tuple[Fault, ...]) -> None:
        """Try the faults of a group side by side; alone those that would not come about among
        others and, when it has not recovered in time, all of them."""
        came = await asyncio.gather(*(self.inject(self.world, fault) for fault in group))
        shown = [fault for fault, there in zip(group, came, strict=True) if there]
        again = [fault for fault in group if fault not in shown]
        if shown:
            seconds = await self._recovery()
            if len(shown) > 1 and seconds >= bar_seconds(self.outcome):
                again = list(group)
            else:
                for fault in shown:
                    self.outcome.alone[fault.name] = seconds
                    self.outcome.beside[fault.name] = [
                        other.name for other in shown if other is not fault
                    ]
            await asyncio.sleep(self.plan.alone_seconds)
        for fault in again:
            await self._try_alone(fault)

    async def _try_alone(self, fault: Fault) -> None:
        for _ in range(TRIES):
            if await self.inject(self.world, fault):
                self.outcome.alone[fault.name] = await self._recovery()
                self.outcome.beside[fault.name] = []
                await asyncio.sleep(self.plan.alone_seconds)
                return
            await asyncio.sleep(1)
        self.outcome.impossible[fault.name] = f"could not be brought about in {TRIES + 1} tries"

    async def _recovery(self) -> float:
        """Seconds until all that was accepted by now is finished."""
        began = time.monotonic()
        [(mark,)] = await self.cluster.surely("SELECT now()")
        await self.queue.until_finished(mark, GIVE_UP_SECONDS)
        return round(time.monotonic() - began, 2)

    async def inject(self, world: World, fault: Fault) -> bool:
        """Whether the fault came about."""
        began, came_about = time.time(), False
        try:
            with self.weather.fault(fault.name):
                try:
                    await fault.inject(world)
                except NotShown:
                    return False
                came_about = True
                self.outcome.times[fault.name] += 1
                if fault.blinds:
                    await self._until_sighted()
            return True
        finally:
            self.ledger.fault(fault.name, began, came_about=came_about)

    async def _until_sighted(self) -> None:
        """Until every API that answers can reach the database again, and one answers."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            if {await self.cluster.health(each) for each in self.cluster.addresses} in SIGHTED:
                return
            await asyncio.sleep(0.05)

    async def _mixed(self) -> None:
        (self.cluster.crash_folder / "claimed").write_text(CRASHES)
        self.clients.traffic.script.poisons = True
        self.clients.traffic.script.large = self.plan.large
        self.clients.traffic.most_waiting = MOST_WAITING
        self.clients.pace(None, None)
        by_part = defaultdict(list)
        for name in self.plan.faults:
            fault = FAULTS[name]
            if fault.weight and name not in self.outcome.impossible:
                by_part[fault.part].append(fault)
        tormentors = [
            Tormentor(part, faults, self.plan.seed, self.world, self.inject)
            for part, faults in by_part.items()
        ]
        self._mixed_from = self.outcome.times.total()
        self._mixed_until = time.monotonic() + 60 * (self.plan.minutes or 1e6)
        while not self.enough():
            ends = time.monotonic() + STORM_SECONDS
            storm = (each.torment(until=ends, enough=self.enough) for each in tormentors)
            await asyncio.gather(*storm)
            self.outcome.storms.append(await self._recovery())
            await asyncio.sleep(CALM_SECONDS)

    def enough(self) -> bool:
        """Whether the mixed part may end."""
        if time.monotonic() > self._mixed_until:
            return True
        happened = self.outcome.times.total() - self._mixed_from
        accepted = len(self.ledger.accepted) >= self.plan.conversations
        return accepted and happened >= self.plan.mixed_faults

    async def _drain(self) -> None:
        """Everything is let be: how long until nothing is left to do."""
        await self.clients.rest()
        self.outcome.figures["drained_after_seconds"] = await self._recovery()
        began = time.monotonic()
        await self.queue.until_finished(None, GIVE_UP_SECONDS)
        large = round(time.monotonic() - began, 2)
        self.outcome.figures["large_chats_finished_after_seconds"] = large
        # I10: whatever stalled was started again.
        for _ in range(200):
            if all(unit.alive for unit in self.cluster.keeper.units):
                return
            await asyncio.sleep(0.1)
