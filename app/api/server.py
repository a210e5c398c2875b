"""Speak HTTP as uvicorn does, with a deadline for headers.

uvicorn waits for the rest of a request's headers without a limit, and keeps the connection. The
body has its own deadline in middleware/body.py. Clients that read slowly are left to the proxy,
which can buffer the answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.startup import runtime


class Impatient(HttpToolsProtocol):
    """Closes connections whose headers are not complete in time. The time counts from the
    connection for the first headers, and from the first byte for later ones; uvicorn's
    timeout_keep_alive limits how long a connection idles between two requests."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first headers."""
        super().connection_made(transport)
        self._wait_for_headers()

    def on_message_begin(self) -> None:
        """Start the time for a request's headers."""
        super().on_message_begin()
        if self._deadline is None:
            self._wait_for_headers()

    def on_headers_complete(self) -> None:
        """Stop the time: the headers are complete."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time: the connection is closed."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_headers(self) -> None:
        seconds = runtime().settings.header_timeout_seconds
        self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
