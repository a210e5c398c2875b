"""make bench: start Postgres, Redis, the fakes and the service, measure, and report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks import bench_graph, bench_http, bench_loop, bench_processing, report
from benchmarks.bench_processing import SLOW_SECONDS
from tests.support.postgres import VOYAGE_MODEL, create_database, start_postgres
from tests.support.redis import start_redis
from tests.support.stack import Stack

BENCHES = {
    "accept": bench_http.accept,
    "store": bench_http.store,
    "context": bench_http.context,
    "search": bench_http.search,
    "processing": bench_processing.processing,
    "waiting": bench_processing.waiting,
    "graph": bench_graph.traverse,
    "loop": bench_loop.longest_step,
    "loop_of_worker": bench_loop.longest_worker_step,
}


@contextmanager
def _fake(name: str, *arguments: str) -> Iterator[str]:
    """A fake provider in a process of its own; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.providers.{name}", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=10)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHES)))
def main(names: tuple[str, ...]) -> None:
    """Measure NAMES, or everything, which also writes benchmarks/report.json."""
    folder = Path(tempfile.mkdtemp(prefix="smara-bench-"))
    postgres, maintenance_url = start_postgres(folder / "pg")
    redis, redis_url = start_redis(folder / "redis")
    rows: list[report.Row] = []
    try:
        with (
            _fake("anthropic") as anthropic_url,
            _fake("anthropic", "--delay", str(SLOW_SECONDS)) as slow_url,
            _fake("voyage") as voyage_url,
        ):
            os.environ["BENCH_VOYAGE_URL"] = voyage_url = (
                voyage_url.rstrip("/").removesuffix("/v1") + "/v1"
            )
            for name in names or BENCHES:
                stack = Stack(
                    folder / name,
                    create_database(maintenance_url, f"bench_{name}", VOYAGE_MODEL),
                    redis_url,
                    folder,
                    ANTHROPIC_API_KEY="bench",
                    ANTHROPIC_BASE_URL=slow_url if name == "waiting" else anthropic_url,
                    VOYAGE_API_KEY="bench",
                    VOYAGE_BASE_URL=voyage_url,
                    SMARA_CLAIM_WINDOW_SECONDS="60",
                    SMARA_LOG_LEVEL="WARNING",
                )
                stack.start(workers=False)
                try:
                    rows += BENCHES[name](stack)
                finally:
                    stack.stop()
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report.show(rows)
    if not names:
        report.save(rows)


if __name__ == "__main__":
    main()
