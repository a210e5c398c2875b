"""A process that `up` keeps running."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


async def at_once() -> bool:
    """Report ready at once: for a part that is ready as soon as it runs."""
    return True


@dataclass(frozen=True, slots=True)
class Part:
    """A process with its checks. ``ready`` is called until it gives True. ``stop_signal`` asks for
    a graceful end, within ``stop_seconds``. With ``told_by_stdin`` the process reads ``env`` as
    JSON from its standard input."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], Awaitable[bool]] = at_once
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    told_by_stdin: bool = False
