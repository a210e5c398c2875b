"""How wake-ups come over Redis: kombu's transport, less what a message that carries nothing can do
without.

kombu writes each message that it takes a second time, until it is acknowledged, so that none is
lost. A worker ends when that cannot be written, hears nothing more when Redis dies in between, and
ends too of a message that it cannot read. A wake-up that is lost costs less than any of these.
"""

from __future__ import annotations

from typing import Any

import kombu
from celery.app.amqp import AMQP
from kombu.transport import redis, virtual

from app.logs import log

PAUSES = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": 2.0}
"""Seconds between two tries to connect."""


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
    """Takes messages and forgets them; what is not UTF-8, JSON or a message is dropped."""

    Message = Message
    ack_emulation = False
    do_restore = False

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc,unused-ignore]
        except (ValueError, RecursionError) as error:
            log.warning("wakeup_unreadable", error=type(error).__name__)
            raise virtual.Empty from None

    def _size(self, queue: str) -> int:
        # Kombu asks in a transaction, which a Redis without memory refuses.
        with self.conn_or_acquire() as client:
            return int(client.llen(queue))


class Transport(redis.Transport):  # type: ignore[misc,unused-ignore]
    """Kombu's, with our channels."""

    Channel = Channel


class Connection(kombu.Connection):  # type: ignore[misc,unused-ignore]
    """To a broker, which is asked again every other second at most while it is away: kombu's own
    pauses grow to half a minute, and so long would all work wait after a long outage."""

    def get_transport_cls(self) -> Any:
        """Ours for redis://, rediss:// and redis+socket://."""
        found = super().get_transport_cls()
        return Transport if found is redis.Transport else found

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Connected, however long it takes, if nothing else is said."""
        return super().ensure_connection(*args, **{**PAUSES, **kwargs})


class Amqp(AMQP):  # type: ignore[misc,unused-ignore]
    """What Celery makes its connections with."""

    Connection = Connection
