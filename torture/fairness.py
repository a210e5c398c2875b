"""10,000 queued conversations of others beside a tenant's single one: how much longer does the
single one take than when nobody else is there?

The backlog comes in several shapes, each on a database of its own that nobody analyses.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from torture import REPORTS
from torture.cluster import Cluster

QUEUED = 10_000
REPETITIONS = 25
FIRST = 5
"""The first ones meet the backlog while nothing about it is known."""
BAR = 2.0

REPORT = REPORTS / "fairness.json"


@dataclass(frozen=True, slots=True)
class Shape:
    """A backlog: so many conversations of each of so many tenants, all of one user or each of
    another."""

    name: str
    tenants: int
    one_user: bool = False


SHAPES = (
    Shape("10,000 users of one chat each", tenants=1),
    Shape("one user of 10,000 chats", tenants=1, one_user=True),
    Shape("50 tenants of 200 users each", tenants=50),
)

_QUEUE = """
INSERT INTO conversations (
    tenant_id, owner_key, user_id, namespace, messages, message_count, source)
SELECT tenant_id, owner_key || suffix, user_id || suffix, namespace,
       jsonb_build_array(jsonb_build_object('role', 'user',
           'content', 'My parrot ' || n || ' sings. ref-' || (1000000 + n))), 1, source
FROM conversations CROSS JOIN generate_series(1, %s) AS n
CROSS JOIN LATERAL (SELECT CASE WHEN %s THEN '' ELSE '-' || n END AS suffix) AS whose
WHERE conversation_id = %s
"""
"""Rows like the one that was accepted."""


async def measure(folder: Path) -> bool:
    """Whether every shape held; all figures go to fairness.json. SHAPES (numbers, with commas
    between) leaves out the others."""
    wanted = os.environ.get("SHAPES")
    shapes = [SHAPES[int(n) - 1] for n in wanted.split(",")] if wanted else SHAPES
    written: dict[str, Any] = {"queued_by_others": QUEUED, "bar": BAR, "shapes": {}}
    for n, shape in enumerate(shapes):
        print(shape.name, flush=True)
        place = folder / str(n)
        await asyncio.to_thread(place.mkdir)
        figures = await _measured(place, shape)
        written["shapes"][shape.name] = figures
        print(json.dumps(figures, indent=2), flush=True)
    written["held"] = all(each["held"] for each in written["shapes"].values())
    if not wanted:
        REPORT.write_text(json.dumps(written, indent=2) + "\n")
    return bool(written["held"])


async def _measured(folder: Path, shape: Shape) -> dict[str, Any]:
    # The clocks are those of production: no lease is to run out here.
    cluster = Cluster(folder, {}, seed=1, errors=0.0)
    try:
        await cluster.start()
        # Statistics stay those of empty tables: autovacuum would gather them within a minute.
        await cluster.sql("ALTER SYSTEM SET autovacuum = off")
        await cluster.sql("SELECT pg_reload_conf()")
        noisy = [await cluster.tenant(f"noisy-{n}") for n in range(shape.tenants)]
        quiet = await cluster.tenant("quiet")
        await _done_after(cluster, quiet, "warm-up")
        calm = [await _done_after(cluster, quiet, f"calm-{n}") for n in range(REPETITIONS)]
        for key in noisy:
            posted = await _post(cluster, key, "the-first")
            await cluster.sql(_QUEUE, QUEUED // shape.tenants, shape.one_user, posted)
        crowded, left = [], []
        for n in range(REPETITIONS):
            crowded.append(await _done_after(cluster, quiet, f"crowded-{n}"))
            [(unfinished,)] = await cluster.sql(
                "SELECT count(*) FROM conversations WHERE state IN ('queued', 'processing')"
            )
            left.append(unfinished)
    finally:
        await cluster.stop()
    return judged(calm, crowded, left)


def judged(calm: Sequence[float], crowded: Sequence[float], left: Sequence[int]) -> dict[str, Any]:
    """The figures of one shape. It holds when the median of all, that of the first five and the
    95th percentile are each at most twice those of the calm, and the backlog has lasted."""
    usual = statistics.median(calm)
    ratios = {
        "ratio_of_medians": statistics.median(crowded) / usual,
        "ratio_of_the_first_five": statistics.median(crowded[:FIRST]) / usual,
        "ratio_of_95th_percentiles": _p95(crowded) / _p95(calm),
    }
    return {
        "still_queued_at_each_repetition": list(left),
        "calm_seconds": [round(seconds, 3) for seconds in calm],
        "crowded_seconds": [round(seconds, 3) for seconds in crowded],
        **{name: round(ratio, 2) for name, ratio in ratios.items()},
        "held": all(ratio <= BAR for ratio in ratios.values()) and left[-1] > 0,
    }


def _p95(seconds: Sequence[float]) -> float:
    return sorted(seconds)[round(0.95 * (len(seconds) - 1))]


async def _post(cluster: Cluster, key: str, user: str) -> str:
    body = {
        "user_id": user,
        "messages": [{"role": "user", "content": f"My parrot {user} sings. ref-0"}],
    }
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
        answer = await http.post(
            f"{cluster.addresses[0]}/v1/conversations",
            json=body,
            headers={"Authorization": f"Bearer {key}"},
        )
    assert answer.status_code == 202, answer.text
    identifier: str = answer.json()["id"]
    return identifier


async def _done_after(cluster: Cluster, key: str, user: str) -> float:
    """Seconds from the POST to done, as the client sees it."""
    began = time.perf_counter()
    identifier = await _post(cluster, key, user)
    async with httpx2.AsyncClient(timeout=40, trust_env=False) as http:
        while True:
            answer = await http.get(
                f"{cluster.addresses[0]}/v1/conversations/{identifier}",
                params={"wait": 30},
                headers={"Authorization": f"Bearer {key}"},
            )
            if answer.json()["state"] == "done":
                break
    taken = time.perf_counter() - began
    await asyncio.sleep(0.5)
    return taken
