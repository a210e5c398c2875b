"""A load generator lean enough to measure a server on the same two cores: raw HTTP/1.1 over kept
connections."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figures:
    """Latencies in milliseconds, requests per second, and the processor's time that the server took
    for a request, in milliseconds, where it was measured."""

    p50: float
    p95: float
    per_second: float
    cpu_ms: float | None = None

    @classmethod
    def of(cls, milliseconds: list[float], seconds: float) -> Figures:
        ordered = sorted(milliseconds)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        return cls(
            round(statistics.median(ordered), 2), round(p95, 2), round(len(ordered) / seconds, 1)
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load: its process, the requests that it is sent, and the status that each is
    answered with."""

    pid: int
    port: int
    make: Callable[[int], bytes]
    expect: int

    def cpu_seconds(self) -> float:
        """Give the processor's time that the process has taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    ours: Server, floor: Server, *, concurrency: int, requests: int, rounds: int = 7
) -> tuple[Figures, Figures]:
    """Measure two servers in turn, A B A B …, after a warm-up of each; the median round of each, by
    p50, with the mean processor's time of all its rounds.

    In turn, since machines drift: a slow second then hits both.
    """
    results: dict[Server, list[Figures]] = {ours: [], floor: []}
    cpu = dict.fromkeys(results, 0.0)
    for number in range(rounds + 1):
        for server, kept in results.items():
            before = server.cpu_seconds()
            figures = await run(
                server.port,
                lambda n, server=server, start=number * requests: server.make(start + n),  # type: ignore[misc]
                concurrency=concurrency,
                requests=requests,
                expect=server.expect,
            )
            if number > 0:
                kept.append(figures)
                cpu[server] += server.cpu_seconds() - before
    ours_then_floor = [
        replace(
            sorted(kept, key=lambda figures: figures.p50)[rounds // 2],
            cpu_ms=round(1000 * cpu[server] / (rounds * requests), 2),
        )
        for server, kept in results.items()
    ]
    return ours_then_floor[0], ours_then_floor[1]
