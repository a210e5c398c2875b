"""GET /v1/graph/traverse beside its bare statement: a fully connected graph, a hub, a chain with a
hub in it, and a dense random graph."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterable
from uuid import UUID

import psycopg

from app.db import graph
from app.db import key_reach as reaches
from app.rules.key_reach import UNRESTRICTED
from benchmarks.load import Figures, request, run
from benchmarks.report import Row
from tests.support.client import new_tenant
from tests.support.stack import Stack

BAR_MS = 100.0
REQUESTS, ROUNDS = 15, 5
NODES = 10_000

Edges = Iterable[tuple[int, int]]


def _pair(rng: random.Random) -> tuple[int, int]:
    start, end = rng.sample(range(NODES), 2)
    return (min(start, end), max(start, end))


def graphs() -> dict[str, tuple[int, Edges, int, int]]:
    """By name: number of nodes, edges, where the walk begins, depth."""
    hub = [(0, n) for n in range(1, NODES)]
    chain = [(n, n + 1) for n in range(NODES - 1)]
    rng = random.Random(7)
    dense = {_pair(rng) for _ in range(10 * NODES)}
    return {
        "60 nodes, all connected, depth 5": (60, itertools.combinations(range(60), 2), 0, 5),
        "10,000 nodes around a hub, depth 3, from the hub": (NODES, hub, 0, 3),
        "10,000 nodes around a hub, depth 3, from a leaf": (NODES, hub, 5, 3),
        "10,000 nodes in a chain, depth 3": (NODES, chain, NODES // 2, 3),
        "chain and hub in one, depth 3": (NODES, {*hub, *chain}, NODES // 2, 3),
        "10,000 nodes, 100,000 random edges, depth 5": (NODES, dense, 0, 5),
    }


def traverse(stack: Stack) -> list[Row]:
    """Each graph in a tenant of its own; the first 1,000 nodes come back, as by default."""
    rows = []
    for name, (nodes, edges, root, depth) in graphs().items():
        tenant_id, api_key = new_tenant(stack.database_url)
        ids = _fill(stack, tenant_id, nodes, edges)
        path = f"/v1/graph/traverse/{ids[root]}?depth={depth}"
        payload = request("GET", path, {"Authorization": f"Bearer {api_key}"})
        ours, floor = [], []
        for _ in range(ROUNDS + 1):
            figures = run(
                stack.port, lambda _, p=payload: p, concurrency=1, requests=REQUESTS, expect=200
            )
            ours.append(asyncio.run(figures))
            floor.append(_bare(stack, tenant_id, ids[root], depth))
        middle = sorted(ours[1:], key=lambda each: each.p50)[ROUNDS // 2]
        rows.append(Row.within(f"traverse: {name}", middle, sorted(floor[1:])[ROUNDS // 2], BAR_MS))
    return rows


def _bare(stack: Stack, tenant_id: UUID, root: UUID, depth: int) -> float:
    """The statement alone, in milliseconds: the median of REQUESTS runs."""
    parameters = {
        "tenant_id": tenant_id,
        "root": root,
        "depth": depth,
        "type": None,
        "limit": 1_000,
        **reaches.parameters(UNRESTRICTED),
    }
    taken = []
    with psycopg.connect(stack.database_url) as connection:
        for _ in range(REQUESTS):
            began = time.perf_counter()
            connection.execute(graph.TRAVERSE, parameters).fetchall()
            taken.append((time.perf_counter() - began) * 1000)
    return Figures.of(taken, sum(taken) / 1000).p50


def _fill(stack: Stack, tenant_id: UUID, nodes: int, edges: Edges) -> list[UUID]:
    with psycopg.connect(stack.database_url) as connection:
        cursor = connection.execute(
            """
            INSERT INTO memories (tenant_id, scope_key, user_id, namespace, fact, about, importance,
                source, content_hash, embedding_model, embedding)
            SELECT %(tenant_id)s, uuidv7(), 'ada', 'default', 'Fact number ' || n, 'User', 0.5,
                'api', int4send(n), 'voyage-4', array_fill(0.03125, ARRAY[1024])::halfvec
            FROM generate_series(1, %(nodes)s) n RETURNING memory_id
            """,
            {"tenant_id": tenant_id, "nodes": nodes},
        )
        ids: list[UUID] = [row[0] for row in cursor.fetchall()]
        columns = "tenant_id, from_memory_id, to_memory_id, relationship_type, weight"
        with connection.cursor().copy(f"COPY memory_edges ({columns}) FROM STDIN") as copy:
            for start, end in edges:
                copy.write_row((tenant_id, ids[start], ids[end], "relates_to", 1.0))
    return ids
