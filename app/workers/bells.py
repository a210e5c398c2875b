"""How bells come over Redis: kombu's transport, less what a message that carries nothing can do
without.

kombu writes each message that it takes a second time, until it is acknowledged, so that none is
lost. A worker ends when that cannot be written, hears nothing more when Redis dies in between, and
ends too of a message that it cannot read. A bell that is lost costs less than any of these.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis, virtual

from app.logs import log


class Unreadable(ValueError):
    """What was in the queue is no message."""


class Message(virtual.Message):  # type: ignore[misc,unused-ignore]
    """A message; Unreadable if there is none in what was taken from the queue."""

    def __init__(self, payload: Any, channel: Any = None, **kwargs: Any) -> None:
        try:
            super().__init__(payload, channel=channel, **kwargs)
        except (AttributeError, KeyError, TypeError) as error:
            raise Unreadable from error


class Channel(redis.Channel):  # type: ignore[misc,unused-ignore]
    """Takes bells and forgets them; what cannot be read is dropped."""

    Message = Message
    ack_emulation = False
    do_restore = False

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc,unused-ignore]
        except ValueError as error:  # Neither JSON nor UTF-8, or JSON of something else.
            log.warning("bell_unreadable", error=type(error).__name__)
            raise virtual.Empty from None

    def _size(self, queue: str) -> int:
        # Kombu asks in a transaction, which a Redis without memory refuses.
        with self.conn_or_acquire() as client:
            return int(client.llen(queue))


class Transport(redis.Transport):  # type: ignore[misc,unused-ignore]
    """Kombu's, with our channels."""

    Channel = Channel


def install() -> None:
    """Let redis://, rediss:// and redis+socket:// mean this transport, in this process."""
    name = f"{Transport.__module__}:{Transport.__qualname__}"
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), name))
