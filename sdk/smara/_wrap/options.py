"""The options of ``wrap``, and what a single call changes about them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

log = logging.getLogger("smara")

_PREFIX = "smara_"
_PER_CALL = frozenset({"user_id", "namespace", "agent_id", "top_n", "recall", "remember"})

_user: ContextVar[str | None] = ContextVar("smara_user", default=None)


@contextmanager
def user(user_id: str) -> Iterator[None]:
    """Use this user in the block, for wrapped clients; each thread and task has its own."""
    token = _user.set(user_id)
    try:
        yield
    finally:
        _user.reset(token)


@dataclass(frozen=True, slots=True)
class Options:
    """Whose memory is used, what is fetched before a call and what is sent after it."""

    user_id: str | None
    namespace: str | None
    agent_id: str | None
    top_n: int
    timeout: float
    recall: bool
    remember: bool
    source: str
    instructions: str | None
    metadata: Mapping[str, Any] | None
    on_error: Callable[[Exception], None] | None

    def for_call(self, asked: dict[str, Any]) -> Options:
        """Give the options of one call, whose ``smara_…`` arguments are taken out of ``asked``."""
        own = {
            name.removeprefix(_PREFIX): asked.pop(name)
            for name in list(asked)
            if name.startswith(_PREFIX)
        }
        unknown = own.keys() - _PER_CALL
        if unknown:
            raise TypeError(f"unexpected keyword argument '{_PREFIX}{min(unknown)}'")
        own.setdefault("user_id", _user.get() or self.user_id)
        return replace(self, **own)

    def report(self, doing: str, error: Exception) -> None:
        """Log an error of the memory and call the hook; never raises."""
        log.warning("%s failed, the conversation goes on: %s", doing, error)
        if self.on_error is None:
            return
        try:
            self.on_error(error)
        except Exception:  # The hook is not ours, and the promise not to raise is.
            log.exception("on_error itself failed")
