"""How many conversations a second are processed on this machine: with providers that answer at
once, and with a model that takes its time."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import psycopg

from benchmarks.load import Figures, request, run
from benchmarks.report import Row
from tests.support.client import new_tenant
from tests.support.stack import Stack

CONVERSATIONS, SUBJECTS = 3_000, 600
WAITING = 1_000
"""Users of one conversation each, whom the slow model reads."""

SLOW_SECONDS = 3.0
"""What a real model takes for a short chat."""

PEER_PER_SECOND = 25.0
"""The best-known peer's synchronous add does 14 to 25 a second; the upper end is what we stand
beside."""


def processing(stack: Stack) -> list[Row]:
    """Providers answer at once: the figure is what the service itself takes."""
    return _measure(stack, "processing", CONVERSATIONS, tenants=1, users=SUBJECTS, bar=200.0)


def waiting(stack: Stack) -> list[Row]:
    """The model takes SLOW_SECONDS: the figure is how many answers are waited for at the same
    time."""
    name = f"processing, a model that takes {SLOW_SECONDS:.0f} s"
    return _measure(stack, name, WAITING, tenants=8, users=WAITING, bar=60.0)


def _measure(
    stack: Stack, name: str, conversations: int, *, tenants: int, users: int, bar: float
) -> list[Row]:
    """Post everything while no worker runs, then start the worker and time from the first claim to
    the last commit. The name tells the largest process of the worker, in MB resident."""
    keys = [new_tenant(stack.database_url)[1] for _ in range(tenants)]

    def conversation(n: int) -> bytes:
        headers = {
            "Authorization": f"Bearer {keys[n % tenants]}",
            "Content-Type": "application/json",
        }
        facts = f"Word{n}a sings well. Word{n}b eats grain. Word{n}c flies home."
        body = {
            "user_id": f"subject-{n % users}",
            "messages": [{"role": "user", "content": facts}],
        }
        return request("POST", "/v1/conversations", headers, json.dumps(body).encode())

    asyncio.run(run(stack.port, conversation, concurrency=8, requests=conversations, expect=202))
    stack.worker.start()
    stack.beat.start()
    largest_mb = 0
    try:
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            while True:
                row = connection.execute(
                    """
                    SELECT count(*) FILTER (WHERE state = 'done'),
                        count(*) FILTER (WHERE state = 'dead'),
                           date_part('epoch', max(finished_at) - min(claimed_at)),
                           percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY
                               date_part('epoch', finished_at - claimed_at) * 1000)
                    FROM conversations JOIN api_keys USING (tenant_id)
                        WHERE key_hash IS NOT NULL AND user_id LIKE 'subject-%'
                    """
                ).fetchone()
                assert row is not None
                largest_mb = max(largest_mb, _largest_mb(stack))
                if row[0] + row[1] == conversations:
                    break
                time.sleep(0.5)
            stored = connection.execute(
                "SELECT count(*) FROM memories WHERE user_id LIKE 'subject-%'"
            ).fetchone()
    finally:
        stack.beat.stop()
        stack.worker.stop()
    assert row[1] == 0, f"{row[1]} conversations are dead"
    assert stored is not None
    figures = Figures(round(row[3][0], 1), round(row[3][1], 1), round(conversations / row[2], 1))
    name = f"{name}, {stored[0] / conversations:.1f} facts each, {largest_mb} MB a process"
    return [
        Row.above(
            name,
            int(os.environ.get("SMARA_WORKER_IN_FLIGHT", "128")) * 2,
            figures,
            PEER_PER_SECOND,
            bar=bar,
        )
    ]


def _largest_mb(stack: Stack) -> int:
    """The memory of the worker's largest process now."""
    assert stack.worker.process is not None
    parent = stack.worker.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return max(
        (
            int(line.split()[1]) // 1024
            for pid in children
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("VmRSS")
        ),
        default=0,
    )
