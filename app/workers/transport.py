"""Carry wake-ups over Redis: kombu's transport without acknowledgement.

kombu writes each message that it takes a second time, until it is acknowledged, so that none is
lost. A worker ends when that cannot be written, receives nothing more when Redis dies in between,
and also ends on a message that it cannot read. A lost wake-up costs less than any of these.
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
    """A message; raises Unreadable when what was taken from the queue is none."""

    def __init__(self, payload: Any, channel: Any = None, **kwargs: Any) -> None:
        try:
            super().__init__(payload, channel=channel, **kwargs)
        except (AttributeError, KeyError, TypeError) as error:
            raise Unreadable from error


class Channel(redis.Channel):  # type: ignore[misc,unused-ignore]
    """Takes messages and forgets them; drops what is not UTF-8, JSON or a message."""

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
    """Kombu's transport with our channels."""

    Channel = Channel


class Connection(kombu.Connection):  # type: ignore[misc,unused-ignore]
    """A connection to a broker. While the broker is away it is tried every other second: kombu's
    own pauses grow to half a minute, and all work would wait that long after an outage."""

    def get_transport_cls(self) -> Any:
        """Give our transport for redis://, rediss:// and redis+socket://."""
        found = super().get_transport_cls()
        return Transport if found is redis.Transport else found

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Connect, however long it takes, unless told otherwise."""
        return super().ensure_connection(*args, **{**PAUSES, **kwargs})


class Amqp(AMQP):  # type: ignore[misc,unused-ignore]
    """What Celery makes its connections with."""

    Connection = Connection
