"""How long one step of the API's event loop takes, over the worst bodies of every route.

The API runs here, on asyncio's own loop, so that each step can be timed: by the processor time of
its thread, which does not count what other threads and other programs do meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import uvicorn

from benchmarks.load import Figures
from benchmarks.report import Row
from tests.support.client import new_tenant
from tests.support.stack import Stack

BAR_MS = 100.0
HEALTH_BAR_MS = 250.0
LARGEST = 2 * 1024 * 1024 - 4_096


@dataclass(slots=True)
class Watched:
    """The longest step so far, in ms of its thread, and what it ran."""

    longest_ms: float = 0.0
    where: str = ""
    began: float = 0.0
    seen: list[str] = field(default_factory=list)
    health_ms: list[float] = field(default_factory=list)


@contextmanager
def watched_steps(watched: Watched) -> Iterator[None]:
    """Time each step of every loop of asyncio's own in this process."""
    run = asyncio.Handle._run

    def timed(self: asyncio.Handle) -> None:
        began, watched.began = time.thread_time(), time.monotonic()
        watched.seen = []
        run(self)
        took = (time.thread_time() - began) * 1_000
        if took > watched.longest_ms:
            watched.longest_ms, watched.where = took, _most_seen(watched.seen)

    asyncio.Handle._run = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]


def longest_step(stack: Stack) -> list[Row]:
    """Ask every route that takes a body for the worst that it accepts, or refuses."""
    _, api_key = new_tenant(stack.database_url)
    stack.api.stop()
    watched, rows = Watched(), []
    with watched_steps(watched), _serving(stack, watched) as base_url, _health(base_url, watched):
        headers = {"Authorization": f"Bearer {api_key}"}
        with httpx2.Client(
            base_url=base_url, headers=headers, timeout=300, trust_env=False
        ) as client:
            document = client.get("/openapi.json").json()
            for method, path, schema in _routes(document):
                for what, body in _bodies(schema, document):
                    watched.longest_ms = 0.0
                    watched.health_ms.clear()
                    answer = client.request(
                        method,
                        path,
                        content=json.dumps(body).encode(),
                        headers={"Content-Type": "application/json"},
                    )
                    assert answer.status_code < 500, (path, what, answer.text[:300])
                    rows.append(
                        (
                            watched.longest_ms,
                            median(watched.health_ms or [0.0]),
                            f"{method} {path}, {what}: {answer.status_code}",
                            watched.where,
                        )
                    )
    rows.sort(reverse=True)
    if os.environ.get("BENCH_VERBOSE"):
        for longest, health, name, where in rows[:25]:
            print(f"{longest:8.1f} ms {health:8.1f} ms  {name}\n    {where}")
    longest, _, name, _ = rows[0]
    slowest = max(health for _, health, _, _ in rows)
    return [
        Row.within(
            f"the longest step of the API's loop, of {len(rows)} worst bodies: {name}",
            Figures(round(longest, 1), round(longest, 1), 0.0),
            1.0,
            BAR_MS,
        ),
        Row.within(
            "GET /health beside them, the median beside the worst of them",
            Figures(round(slowest, 1), round(slowest, 1), 0.0),
            1.0,
            HEALTH_BAR_MS,
        ),
    ]


def longest_worker_step(stack: Stack) -> list[Row]:
    """Let a worker's loop work on the worst conversations."""
    _, api_key = new_tenant(stack.database_url)
    headers = {"Authorization": f"Bearer {api_key}"}
    with httpx2.Client(
        base_url=stack.base_url, headers=headers, timeout=300, trust_env=False
    ) as client:
        for n, (what, body) in enumerate(_conversations()):
            answer = client.post("/v1/conversations", json={"user_id": f"user-{n}", **body})
            assert answer.status_code == 202, (what, answer.text[:300])
    stack.api.stop()
    watched = Watched()
    with watched_steps(watched), asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        outcomes = runner.run(_work_off(stack, watched))
    if os.environ.get("BENCH_VERBOSE"):
        print(outcomes, watched.longest_ms, watched.where)
    return [
        Row.within(
            f"the longest step of a worker's loop, over {sum(outcomes.values())} worst chats",
            Figures(round(watched.longest_ms, 1), round(watched.longest_ms, 1), 0.0),
            1.0,
            BAR_MS,
        )
    ]


def _conversations() -> Iterator[tuple[str, dict[str, Any]]]:
    facts = " ".join(f"I own a boat with number {n} and {n % 7} sails." for n in range(3_000))
    yield "3,000 facts", {"messages": [{"role": "user", "content": facts}]}
    for what, piece in PIECES.items():
        long, short = (piece * LARGEST)[: LARGEST // 4], (piece * 900)[:900]
        yield f"one message of {what}", {"messages": [{"role": "user", "content": long}]}
        yield f"messages of {what}", {"messages": [{"role": "user", "content": short}] * 700}
        yield f"a transcript of {what}", {"transcript": "Ana: hello\n" + piece * 1_900}


async def _work_off(stack: Stack, watched: Watched) -> Counter[str]:
    """Work until every conversation has ended, and count how."""
    from app.db.pool import close_pool, open_pool
    from app.ingest.dispatcher import process_due
    from app.providers.registry import import_clients
    from app.settings import Settings
    from app.startup import runtime, start_runtime
    from app.webhooks.slots import Idle

    os.environ.update(stack.api.env)
    # The built-in extractor: what Claude answers is bounded, and what this one finds is not.
    start_runtime(Settings(anthropic_api_key=None))
    import_clients(runtime().settings)  # As a worker does before it forks.
    await open_pool(runtime().settings, size=10, serving=True)
    if os.environ.get("BENCH_VERBOSE"):
        here = threading.get_ident()
        threading.Thread(target=_look_always, args=(watched, here), daemon=True).start()
    await asyncio.sleep(0)  # What is timed begins with the next step.
    watched.longest_ms, give_up_at = 0.0, time.monotonic() + 600

    async def nobody() -> None: ...

    try:
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            while time.monotonic() < give_up_at:
                await process_due(lambda: True, lambda: False, nobody, Idle("conversations"))
                found = connection.execute(
                    "SELECT state, count(*) FROM conversations GROUP BY state"
                )
                states = Counter(dict(found.fetchall()))
                if not states["queued"] + states["processing"]:
                    return states
                await asyncio.sleep(1.0)
    finally:
        await close_pool()
    raise AssertionError("the conversations did not end in time")


@contextmanager
def _serving(stack: Stack, watched: Watched) -> Iterator[str]:
    os.environ.update(stack.api.env)
    from app.api.app import create_app
    from app.settings import Settings
    from app.startup import start_runtime

    start_runtime(Settings())
    server = uvicorn.Server(
        uvicorn.Config(
            create_app,
            factory=True,
            host="127.0.0.1",
            port=stack.port,
            log_config=None,
            access_log=False,
            loop="asyncio",
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    if os.environ.get("BENCH_VERBOSE"):
        threading.Thread(target=_look_always, args=(watched, thread.ident), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{stack.port}"
    finally:
        server.should_exit = True
        thread.join(timeout=15)


@contextmanager
def _health(base_url: str, watched: Watched) -> Iterator[None]:
    """Ask for /health all the while."""
    over = threading.Event()

    def ask() -> None:
        with httpx2.Client(base_url=base_url, timeout=60, trust_env=False) as client:
            while not over.wait(0.02):
                began = time.monotonic()
                client.get("/health")
                watched.health_ms.append((time.monotonic() - began) * 1_000)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _look_always(watched: Watched, thread: int) -> None:
    while True:
        time.sleep(0.005)
        _look(watched, thread)


def _look(watched: Watched, thread: int) -> None:
    """Note where the loop's thread is, when its step has lasted for a while."""
    if time.monotonic() - watched.began < 0.04:
        return
    stack = traceback.extract_stack(sys._current_frames()[thread])
    ours = [
        f"{each.filename.partition('/app/')[2]}:{each.lineno} {each.name}"
        for each in stack
        if "/app/" in each.filename
    ]
    last = stack[-1]
    watched.seen.append(
        f"{' > '.join(ours[-3:])} > {last.filename[-40:]}:{last.lineno} {last.name}"
    )


def _most_seen(seen: list[str]) -> str:
    return "; ".join(f"{n}x {where}" for where, n in Counter(seen).most_common(3))


def _routes(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody")
            if body is None or "application/json" not in body["content"]:
                continue
            address = path
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    of_text = parameter["schema"].get("format") != "uuid"
                    address = address.replace(
                        f"{{{parameter['name']}}}", "ada" if of_text else str(uuid4())
                    )
            yield method.upper(), address, body["content"]["application/json"]["schema"]


def _bodies(
    schema: dict[str, Any], document: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The worst of a route: each field as large as the body may be, and more than it may."""
    schema = _resolved(schema, document)
    properties = schema.get("properties", {})
    least = {
        name: _least(_resolved(properties[name], document), document)
        for name in schema.get("required", ())
    }
    yield "an unknown field", {**least, "no such field": "x" * LARGEST}
    yield "an unknown tree", {**least, "no such field": [[1]] * (LARGEST // 6)}
    yield "many unknown fields", {**least, **{f"x{n}": 0 for n in range(LARGEST // 14)}}
    for name, of in properties.items():
        for what, value in _worst(_resolved(of, document), document):
            yield f"{name} {what}", {**least, name: value}


def _worst(of: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values of a field: what takes long to read, right and wrong."""
    kinds = [_resolved(each, document) for each in of.get("anyOf", of.get("oneOf", [of]))]
    for kind in kinds:
        if kind.get("type") == "string" and "enum" not in kind:
            most = min(kind.get("maxLength", LARGEST), LARGEST)
            for what, piece in PIECES.items():
                yield f"of {most} characters ({what})", (piece * (most // len(piece) + 1))[:most]
            yield "too long", "x" * LARGEST
        if kind.get("type") == "array":
            item = _resolved(kind.get("items", {}), document)
            good = _least(item, document)
            many = LARGEST // (len(json.dumps(good)) + 2)
            yield "of many", [good] * min(many, kind.get("maxItems", many))
            yield "of too many", [good] * many
            yield "of wrong ones", [{}] * (LARGEST // 4)
            for what, largest in _largest(item, document):
                size = len(json.dumps(largest)) + 2
                number = min(LARGEST // size, kind.get("maxItems", LARGEST))
                yield f"of {number} large ones ({what})", [largest] * number
        if kind.get("type") == "object":
            yield "with many keys", {f"k{n}": n for n in range(LARGEST // 16)}
            yield "nested deeply", _nested(900)


PIECES = {
    "alike words": "User owns boat number 37 and sails. ",
    "lines": "a\n",
    "labels": "Ana: b\n",
    "addresses": "www.0",
    "digits": "4111 1111 1111 1111 ",
    "marks": "\u200d\u00ad",
    "brackets": "<</system>>",
    "wide": "私は東京に住んでいます。",
}


def _largest(item: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """An item of an array with its texts as long as they may be."""
    for what, piece in PIECES.items():
        if item.get("type") != "object":
            continue
        made = _least(item, document)
        for name, of in item.get("properties", {}).items():
            for kind in [
                _resolved(each, document)
                for each in _resolved(of, document).get("anyOf", [_resolved(of, document)])
            ]:
                if kind.get("type") == "string" and name in ("fact", "content"):
                    most = min(kind.get("maxLength", 2_000), 2_000)
                    made[name] = (piece * most)[:most]
        yield what, made


def _least(of: dict[str, Any], document: dict[str, Any]) -> Any:
    of = _resolved(of, document)
    if "anyOf" in of or "oneOf" in of:
        return _least(of.get("anyOf", of.get("oneOf"))[0], document)
    if "const" in of:
        return of["const"]
    if "enum" in of:
        return of["enum"][0]
    match of.get("type"):
        case "object":
            properties = of.get("properties", {})
            return {
                name: _least(properties.get(name, {}), document) for name in of.get("required", ())
            }
        case "array":
            return [_least(of.get("items", {}), document)]
        case "integer" | "number":
            return of.get("minimum", 1)
        case "boolean":
            return True
        case _:
            if of.get("format") == "uuid":
                return str(uuid4())
            if of.get("format") == "date-time":
                return "2026-01-01T00:00:00Z"
            return "ada"


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def _resolved(of: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in of:
        of = document["components"]["schemas"][of["$ref"].rsplit("/", 1)[1]]
    return of
