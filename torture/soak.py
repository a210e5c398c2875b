"""A steady load with mild faults, for long: does anything grow?"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped,unused-ignore]
import psycopg
from redis.exceptions import RedisError

from torture import REPORTS
from torture.clocks import FULL
from torture.cluster import Cluster
from torture.faults import FAULTS
from torture.ledger import Ledger
from torture.plot import lines
from torture.queue_watch import QueueWatch
from torture.traffic import Traffic
from torture.world import NotShown, Weather, World

EVERY_SECONDS = 5.0
PER_SECOND = 12.0
MILD = ("redis_flushed", "replies_lost", "rate_limited", "overloaded", "slow_clients", "deadlocks")
"""None of them starts a process again, since a young process hides what an old one has gathered."""
FAULT_EVERY_SECONDS = 45.0
GROWTH = 0.10
"""A series is flat when its trend after the warm-up, over the whole of it, is below this share of
its median, or below ``_SMALL``."""
_SMALL = {"MB": 16.0, "handles": 8.0, "connections": 4.0}

JSON = REPORTS / "soak.json"
SVG = REPORTS / "soak.svg"


@dataclass
class Series:
    """Figures over time, by name and unit."""

    at: list[float] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, at: float, figures: Mapping[str, float]) -> None:
        """One look at everything."""
        self.at.append(at)
        for name, value in figures.items():
            self.values[name].append(value)


async def measure(folder: Path) -> bool:
    """Whether everything stayed flat; the figures go to soak.json, their plot to soak.svg."""
    minutes = float(os.environ.get("MINUTES") or 30)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"SEED={seed}  {minutes:g} minutes; logs are in {folder}", flush=True)
    cluster = Cluster(folder, FULL.env, seed=seed, errors=0.1)
    ledger = Ledger(folder / "ledger.sqlite")
    try:
        await cluster.start()
        keys = [await cluster.tenant(f"tenant-{n}") for n in range(3)]
        traffic = Traffic(cluster.addresses, keys, ledger, seed, posters=6)
        traffic.per_second = PER_SECOND
        dice, weather = random.Random(seed), Weather(FULL.lease)
        world = World(cluster, FULL, traffic, ledger, keys, weather, dice)
        queue = QueueWatch(cluster)
        company = [asyncio.create_task(queue.watch()), asyncio.create_task(_be_mild(world))]
        traffic.start()
        series = await _look_on(cluster, minutes * 60)
        await traffic.rest()
        drained = await queue.until_finished(None, 120)
        await traffic.stop()
        for task in company:
            task.cancel()
        await asyncio.gather(*company, return_exceptions=True)
        restarts = dict(cluster.keeper.deaths)
    finally:
        await cluster.stop()
        ledger.close()
    judged = {name: _growth(series.at, values) for name, values in series.values.items()}
    flat = {name: _is_flat(name, growth) for name, growth in judged.items()}
    written = {
        "held": drained and all(flat.values()),
        "seed": seed,
        "minutes": minutes,
        "accepted": len(ledger.accepted),
        "drained": drained,
        "restarts": restarts,
        "series": {
            name: {**judged[name], "flat": flat[name], "values": series.values[name]}
            for name in series.values
        },
        "at_seconds": [round(at, 1) for at in series.at],
    }
    JSON.write_text(json.dumps(written, indent=1) + "\n")
    SVG.write_text(lines(series.at, series.values))
    for name, growth in judged.items():
        verdict = "flat" if flat[name] else "GROWS"
        print(
            f"{verdict:<6} {name:<34} median {growth['median']:8.1f}  trend {growth['trend']:+.1f}"
        )
    return bool(written["held"])


async def _be_mild(world: World) -> None:
    """One mild fault after the other, for ever."""
    while True:
        await asyncio.sleep(world.dice.uniform(0.5, 1.5) * FAULT_EVERY_SECONDS)
        fault = FAULTS[world.dice.choice(MILD)]
        with world.weather.fault(fault.name):
            try:
                await fault.inject(world)
            except NotShown:
                continue


async def _look_on(cluster: Cluster, seconds: float) -> Series:
    series, began = Series(), time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        # When something is just away, this look is left out as a whole.
        with contextlib.suppress(psycopg.OperationalError, RedisError, OSError, psutil.Error):
            series.add(passed, await _figures(cluster))
        print(f"\r{passed:6.0f} of {seconds:.0f} s", end="", flush=True)
        await asyncio.sleep(EVERY_SECONDS)
    print()
    return series


async def _figures(cluster: Cluster) -> dict[str, float]:
    figures: dict[str, float] = {}
    for unit in (*cluster.apis, *cluster.workers, *cluster.beats):
        family = [psutil.Process(unit.pid), *psutil.Process(unit.pid).children(recursive=True)]
        figures[f"{unit.name} memory, MB"] = sum(each.memory_info().rss for each in family) / 1e6
        figures[f"{unit.name} open handles"] = sum(each.num_fds() for each in family)
    [(connections,)] = await cluster.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name <> 'torture' "
        "AND backend_type = 'client backend'"
    )
    figures["Postgres connections"] = connections
    client = cluster.redis()
    try:
        figures["Redis memory, MB"] = (await client.info("memory"))["used_memory"] / 1e6
    finally:
        await client.aclose()
    return figures


def _growth(at: Sequence[float], values: Sequence[float]) -> dict[str, float]:
    """Median, and the trend over the second two thirds: their slope by least squares, times their
    length."""
    start = len(values) // 3
    times, late = at[start:], values[start:]
    slope = statistics.linear_regression(times, late).slope if len(late) > 2 else 0.0
    trend = slope * (times[-1] - times[0]) if late else 0.0
    return {"median": round(statistics.median(late), 2), "trend": round(trend, 2)}


def _is_flat(name: str, growth: Mapping[str, float]) -> bool:
    small = next(limit for unit, limit in _SMALL.items() if unit in name)
    return growth["trend"] < max(small, GROWTH * growth["median"])
