"""HTTP as uvicorn speaks it, with an end to its patience.

uvicorn waits for the rest of a request's headers for as long as it takes, and keeps the connection.
Slow bodies are the gate's, which reads them; a client that reads slowly is a proxy's, which can
hold the answer for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.startup import runtime


class Impatient(HttpToolsProtocol):
    """Cuts connections whose next headers are not whole in time, from the first byte on for all
    but the first ones; what idles between two requests is uvicorn's timeout_keep_alive."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first headers are due."""
        super().connection_made(transport)
        self._wait_for_headers()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if self._deadline is None:
            self._wait_for_headers()

    def on_headers_complete(self) -> None:
        """The headers are there."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever is gone is not waited for."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_headers(self) -> None:
        seconds = runtime().settings.header_timeout_seconds
        self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
