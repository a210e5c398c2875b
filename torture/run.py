"""A run: calm, each fault alone, all of them mixed, then quiet; and what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torture.checks import Verdict, judge, none_of
from torture.clocks import FULL, Clocks
from torture.cluster import Cluster
from torture.faults import FAULTS, Fault
from torture.faults.away import READS_STAY
from torture.ledger import Ledger
from torture.queue_watch import QueueWatch
from torture.reading import Latencies, Reader, Vandal
from torture.traffic import Traffic
from torture.words import CRASHES
from torture.world import NotShown, Weather, World

TENANTS = 5
GIVE_UP_SECONDS = 120.0
"""A recovery that takes longer is none."""
LEASES_TO_RECOVER = 2
RECOVERY, READING = "seconds to recover from", "p95 of searches during"
"""How the checks of speed begin."""
SLOWER = 1.5
ENOUGH_READS = 400
"""Fewer have no 95th percentile worth a judgement."""
SIGHTED = ({200}, {200, None})
"""What /health of the APIs says when readers have no excuse; None is nobody there."""
STORM_SECONDS = 45.0
"""Of mixed faults; then all is let be until everything accepted by then is finished."""
CALM_SECONDS = 10.0
"""After each storm: work as it is on most days, so that the next one meets a service in full
swing."""
PAUSE_SECONDS = (2.0, 10.0)
"""Between two faults of one part, at random. A process takes seconds to start on a busy machine:
with pauses below that, a part is only ever starting, and nothing else is shown."""
MOST_WAITING = 80
"""Conversations under way, in storms: enough for every slot of both workers, and as many again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do. ``minutes`` None mixes until enough is accepted and enough has happened;
    otherwise it ends then at the latest. ``per_second_alone`` is in acts, a third of what two cores
    take; closer to that, a queue grows before the fault, and how long it drains is measured."""

    seed: int
    faults: tuple[str, ...] = tuple(FAULTS)
    conversations: int = 20_000
    mixed_faults: int = 500
    minutes: float | None = None
    calm_seconds: float = 40.0
    alone_seconds: float = 2.0
    per_second_alone: float | None = 8.0
    errors: float = 0.1
    clocks: Clocks = FULL
    posters: int = 12
    preloaded: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of a run, before it is written down."""

    plan: Plan
    seconds: dict[str, float] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    alone: dict[str, float] = field(default_factory=dict)
    impossible: dict[str, str] = field(default_factory=dict)
    storms: list[float] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether every check did."""
        return all(verdict.held for verdict in self.verdicts)


class Run:
    """One run in ``folder``. ``phase`` and ``outcome`` may be looked at while it goes on."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.outcome = Outcome(plan)
        self.phase = "starting"
        small_disk = any("F11" in FAULTS[name].numbers for name in plan.faults)
        self.cluster = Cluster(
            folder,
            plan.clocks.env,
            seed=plan.seed,
            errors=plan.errors,
            small_disk=small_disk,
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
            await self._phase("checking", self._judge())
        finally:
            await self.cluster.stop()
            self.ledger.close()
        self.outcome.seconds["all"] = round(time.monotonic() - began, 1)
        return self.outcome

    async def _phase(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.phase, began = name, time.monotonic()
        await work
        self.outcome.seconds[name] = round(time.monotonic() - began, 1)

    @contextlib.asynccontextmanager
    async def _clients(self) -> AsyncIterator[None]:
        keys = [await self.cluster.tenant(f"tenant-{n}") for n in range(TENANTS)]
        vandals_key = await self.cluster.tenant("vandal")
        addresses, seed = self.cluster.addresses, self.plan.seed
        self.traffic = Traffic(addresses, keys, self.ledger, seed, posters=self.plan.posters)
        self.reader = Reader(addresses, keys, self.ledger, seed, self.weather.now)
        self.vandal = Vandal(addresses, vandals_key, self.ledger)
        self.world = World(
            self.cluster,
            self.plan.clocks,
            self.traffic,
            self.ledger,
            keys,
            self.weather,
            random.Random(f"faults {seed}"),
        )
        company = [
            asyncio.create_task(work)
            for work in (
                self.queue.watch(),
                self._keep_traffic_informed(),
                self.reader.read_on(0.05),
                self.reader.read_on(0.05),
                self.vandal.send_on(0.7),
            )
        ]
        self.traffic.start()
        try:
            yield
        finally:
            await self.traffic.stop()
            for task in company:
                task.cancel()
            ended = await asyncio.gather(*company, return_exceptions=True)
        for error in ended:
            if not isinstance(error, asyncio.CancelledError):
                raise RuntimeError("a client of the harness broke") from error

    async def _keep_traffic_informed(self) -> None:
        while True:
            self.traffic.waiting = self.queue.waiting
            await asyncio.sleep(0.1)

    async def _calm(self) -> None:
        self.traffic.per_second = self.plan.per_second_alone
        await asyncio.sleep(self.plan.calm_seconds)
        # Later calms are between storms, at another load.
        self.calm = self.reader.together(lambda happening: not happening)

    async def _alone(self) -> None:
        for name in self.plan.faults:
            fault = FAULTS[name]
            if missing := fault.needs(self.world):
                self.outcome.impossible[name] = missing
                continue
            for _ in range(5):
                if await self.inject(self.world, fault):
                    break
                await asyncio.sleep(1)
            else:
                self.outcome.impossible[name] = "could not be brought about in five tries"
                continue
            self.outcome.alone[name] = await self._recovery()
            await asyncio.sleep(self.plan.alone_seconds)

    async def _recovery(self) -> float:
        """Seconds until all that was accepted by now is finished."""
        began = time.monotonic()
        [(mark,)] = await self.cluster.surely("SELECT now()")
        await self.queue.until_finished(mark, GIVE_UP_SECONDS)
        return round(time.monotonic() - began, 2)

    async def inject(self, world: World, fault: Fault) -> bool:
        """Whether the fault came about."""
        with self.weather.fault(fault.name):
            try:
                await fault.inject(world)
            except NotShown:
                return False
            self.outcome.times[fault.name] += 1
            if fault.blinds:
                await self._until_sighted()
        return True

    async def _until_sighted(self) -> None:
        """Until every API that answers can reach the database again, and one answers."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            if {await self.cluster.health(each) for each in self.cluster.addresses} in SIGHTED:
                return
            await asyncio.sleep(0.05)

    async def _mixed(self) -> None:
        (self.cluster.crash_folder / "claimed").write_text(CRASHES)
        self.traffic.script.poisons = True
        self.traffic.per_second = None
        self.traffic.most_waiting = MOST_WAITING
        possible = [
            FAULTS[name] for name in self.plan.faults if name not in self.outcome.impossible
        ]
        by_part = defaultdict(list)
        for fault in possible:
            if fault.weight:
                by_part[fault.part].append(fault)
        tormentors = [Tormentor(part, faults, self) for part, faults in by_part.items()]
        self._mixed_from = self.outcome.times.total()
        self._mixed_until = time.monotonic() + 60 * (self.plan.minutes or 1e6)
        while not self.enough():
            ends = time.monotonic() + STORM_SECONDS
            await asyncio.gather(*(each.torment(until=ends) for each in tormentors))
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
        await self.traffic.rest()
        self.outcome.figures["drained_after_seconds"] = await self._recovery()
        await self._all_units_up()

    async def _all_units_up(self) -> None:
        """I10: whatever stalled was started again."""
        for _ in range(200):
            if all(unit.alive for unit in self.cluster.keeper.units):
                return
            await asyncio.sleep(0.1)

    async def _judge(self) -> None:
        outcome, world = self.outcome, self.world
        outcome.verdicts = await judge(self.cluster, self.ledger, world.keys, self.plan.seed)
        outcome.verdicts += self._judge_recovery()
        outcome.verdicts += self._judge_reading()
        claude, voyage = await self.cluster.tallies()
        dead = await self.cluster.surely(
            "SELECT error_code, count(*) FROM conversations WHERE state = 'dead' GROUP BY 1"
        )
        outcome.figures |= {
            "accepted": len(self.ledger.accepted),
            "kinds": dict(Counter(entry.kind.value for entry in self.ledger.accepted)),
            "dead_by_reason": dict(dead),
            "asked_again": dict(self.traffic.asked_again),
            "nonsense_refused": self.vandal.refused,
            "restarts": dict(self.cluster.keeper.deaths),
            "claude": _calls(claude),
            "voyage": _calls(voyage),
            "reads": self._reads(),
            "oldest_due_seconds_ever": max((due for _, _, due in self.queue.seen), default=0.0),
            "database_on": self.cluster.disk,
        }

    def _judge_recovery(self) -> list[Verdict]:
        verdicts = [
            self._recovered(name, seconds, FAULTS[name].waits_seconds)
            for name, seconds in self.outcome.alone.items()
        ]
        verdicts += [
            self._recovered(f"storm {n}", seconds)
            for n, seconds in enumerate(self.outcome.storms, start=1)
        ]
        last = self.outcome.figures["drained_after_seconds"]
        verdicts.append(self._recovered("the last POST, until the queue was empty", last))
        down = [unit.name for unit in self.cluster.keeper.units if not unit.alive]
        verdicts.append(none_of("I10", "processes that stayed down", down))
        return verdicts

    def _recovered(self, what: str, seconds: float, waits_seconds: float = 0.0) -> Verdict:
        bar = LEASES_TO_RECOVER * self.plan.clocks.lease + waits_seconds
        what = f"{RECOVERY} {what}"
        return Verdict("I10", what, seconds, f"below {bar:g}", seconds < bar)

    def _judge_reading(self) -> list[Verdict]:
        failed = [
            f"{reason} ({count} times) during {', '.join(sorted(happening)) or 'the calm'}"
            for happening, latencies in self.reader.kept.items()
            if not _is_blind(happening)
            for reason, count in latencies.failures.items()
        ]
        verdicts = [none_of("I9", "searches that failed while the database was there", failed)]
        for name in READS_STAY:
            meanwhile = self._during(name)
            if min(map(len, (self.calm.milliseconds, meanwhile.milliseconds))) >= ENOUGH_READS:
                ratio = round(meanwhile.figures()["p95_ms"] / self.calm.figures()["p95_ms"], 2)
                what, bar = f"{READING} {name}, in calm ones before", f"at most {SLOWER:g}"
                verdicts.append(Verdict("I9", what, ratio, bar, ratio <= SLOWER))
        return verdicts

    def _during(self, name: str) -> Latencies:
        return self.reader.together(lambda happening: name in happening)

    def _reads(self) -> dict[str, dict[str, float]]:
        together = self.reader.together
        return {
            "calm_before": self.calm.figures(),
            **{name: self._during(name).figures() for name in READS_STAY},
            "calm": together(lambda happening: not happening).figures(),
            "under_fault": together(lambda h: bool(h) and not _is_blind(h)).figures(),
            "database_away_or_locked": together(_is_blind).figures(),
        }


def _is_blind(happening: frozenset[str]) -> bool:
    """Whether the readers are excused: the database was away or blocked."""
    return any(FAULTS[name].blinds for name in happening if name in FAULTS)


def _calls(tally: dict[str, Any]) -> dict[str, Any]:
    return {
        "answered": sum(tally["answered"].values()),
        "failed_on_purpose": sum(tally["spoilt"].values()),
        "by_failure": tally["kinds"],
    }


class Tormentor:
    """Draws one fault of its part after the other; for the same seed in the same order."""

    def __init__(self, part: str, faults: Sequence[Fault], run: Run) -> None:
        self._faults, self._run = faults, run
        self._dice = random.Random(f"{part} {run.plan.seed}")

    async def torment(self, *, until: float) -> None:
        """Until then, by time.monotonic(), or until there was enough of everything."""
        world = replace(self._run.world, dice=self._dice)
        weights = [fault.weight for fault in self._faults]
        while True:
            await asyncio.sleep(self._dice.uniform(*PAUSE_SECONDS))
            if self._run.enough() or time.monotonic() > until:
                return
            [fault] = self._dice.choices(self._faults, weights)
            await self._run.inject(world, fault)
