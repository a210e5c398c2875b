"""A load generator lean enough to measure a server on the same two cores: raw HTTP/1.1 over kept
connections."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Latencies in milliseconds, and requests per second."""

    p50: float
    p95: float
    per_second: float

    @classmethod
    def of(cls, milliseconds: list[float], seconds: float) -> Figures:
        ordered = sorted(milliseconds)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        return cls(
            round(statistics.median(ordered), 2), round(p95, 2), round(len(ordered) / seconds, 1)
        )


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def run(
    port: int, make: Callable[[int], bytes], *, concurrency: int, requests: int, expect: int
) -> Figures:
    """Send ``requests`` requests over ``concurrency`` connections. Raises on any status other than
    ``expect``."""
    numbers = iter(range(requests))
    taken: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            payload = make(number)
            began = time.perf_counter()
            writer.write(payload)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            taken.append((time.perf_counter() - began) * 1000)
            if int(head[9:12]) != expect:
                raise RuntimeError(f"{head[:40]!r} {body[:200]!r}")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(concurrency)))
    return Figures.of(taken, time.perf_counter() - began)


async def beside(
    ours: tuple[int, Callable[[int], bytes], int],
    floor: tuple[int, Callable[[int], bytes], int],
    *,
    concurrency: int,
    requests: int,
    rounds: int = 7,
) -> tuple[Figures, Figures]:
    """Measure two servers in turn, A B A B …, after a warm-up of each; the median round of each, by
    p50.

    In turn, since machines drift: a slow second then hits both.
    """
    results: tuple[list[Figures], list[Figures]] = ([], [])
    offset = 0
    for number in range(rounds + 1):
        for (port, make, expect), kept in zip((ours, floor), results, strict=True):
            start = offset
            figures = await run(
                port,
                lambda n, make=make, start=start: make(start + n),  # type: ignore[misc]
                concurrency=concurrency,
                requests=requests,
                expect=expect,
            )
            if number > 0:
                kept.append(figures)
        offset += requests
    middle = [sorted(kept, key=lambda figures: figures.p50)[rounds // 2] for kept in results]
    return middle[0], middle[1]
