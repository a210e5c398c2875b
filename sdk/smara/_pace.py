"""Pause, and limit the total time of one attempt of a request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from time import sleep  # isort: skip

__all__ = ["deadline", "sleep"]

_ends_at: ContextVar[float] = ContextVar("smara_deadline")


@contextmanager
def deadline(seconds: float) -> Iterator[dict[str, Any]]:
    """Raise TimeoutError when ``seconds`` have passed; yields the extensions that the request has
    to carry for it.

    The HTTP library limits the time of each read, but not of all together, so a server that answers
    drop by drop could hold a caller for ever. Its ``trace`` hook gives us each new connection,
    whose reads and writes then get no more than what is left of the attempt they serve.
    """
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield {"timeout": _Left(), "trace": _guard_new_connections}
    finally:
        _ends_at.reset(token)


class _Left(dict[str, float]):
    """The timeouts of connecting, writing and reading: what is left when each begins."""

    def get(self, _name: str, _default: Any = None) -> float:
        return _left()


def _left() -> float:
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for this attempt is over")
    return left


def _guard_new_connections(event: str, info: dict[str, Any]) -> None:
    if event.endswith(("connect_tcp.complete", "connect_unix_socket.complete", "tls.complete")):
        stream = info["return_value"]
        stream.read = _in_time(stream.read)
        stream.write = _in_time(stream.write)


def _in_time(operation: Any) -> Any:
    def bounded(data: Any, timeout: float | None = None) -> Any:
        if _ends_at.get(None) is not None:
            timeout = min(_left(), timeout or float("inf"))
        return operation(data, timeout=timeout)

    return bounded
