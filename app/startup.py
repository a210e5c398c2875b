"""Start a long-lived process: its imports, and the one instance of each service."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from app.settings import Settings

Service = TypeVar("Service")


@contextmanager
def frozen_imports() -> Iterator[None]:
    """Keep what is imported in this block out of the garbage collector's sight, at the start of a
    process.

    Otherwise the collector looks at all of it again and again: a worker's start takes 5.4 s of a
    processor instead of 7.0 s. What is frozen before a fork also stays shared for longer, as
    `gc.freeze` says.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        _give_back()


def settle_memory() -> None:
    """Keep what the start has left in memory, for a process that is about to serve: the collector
    does not look at it again. A full collection would delay every request by a quarter of a
    second."""
    gc.collect()
    gc.freeze()
    _give_back()


def _give_back() -> None:
    """Give the memory that is free back to the system, some 10 MB after imports."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # Of glibc; musl has none.
        if trim is not None:
            trim(0)


class Runtime:
    """What one process keeps while it runs: its settings, and one instance of each service.

    Services belong to the process's event loop, so a child that is forked starts with a runtime of
    its own.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._services: dict[Callable[[], Any], Any] = {}

    def has(self, make: Callable[[], Any]) -> bool:
        """Whether ``one(make)`` was called before."""
        return make in self._services

    def one(self, make: Callable[[], Service]) -> Service:
        """Give this process's only ``make()``, made at its first use."""
        try:
            service: Service = self._services[make]
        except KeyError:
            service = self._services[make] = make()
        return service


_runtime: Runtime | None = None


def runtime() -> Runtime:
    """Give this process's runtime; the first call reads the settings from the environment."""
    global _runtime
    if _runtime is None:
        _runtime = Runtime(Settings())
    return _runtime


def start_runtime(settings: Settings | None = None) -> None:
    """Start anew: with ``settings``, or at the next use with those of the environment."""
    global _runtime
    _runtime = None if settings is None else Runtime(settings)
