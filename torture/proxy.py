"""A small TCP proxy before Redis that can lose replies: the message is there, and its sender never
hears of it."""

from __future__ import annotations

import asyncio
import contextlib


class ForgetfulProxy:
    """Passes everything on, until ``losing`` is set: then a connection is cut after each LPUSH,
    when Redis has taken it and before its reply is passed on."""

    def __init__(self, port: int, upstream_port: int) -> None:
        self._port, self._upstream_port = port, upstream_port
        self.losing = False
        self.lost = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen on 127.0.0.1."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def stop(self) -> None:
        """Close every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, to_upstream}
        muted = asyncio.Event()
        pumps = [
            asyncio.create_task(self._ask(reader, to_upstream, muted)),
            asyncio.create_task(self._reply(upstream, writer, muted)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            for end in (writer, to_upstream):
                end.transport.abort()
                self._open.discard(end)

    async def _ask(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, muted: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if self.losing and b"LPUSH" in data:
                    muted.set()
                to.write(data)
                await to.drain()

    async def _reply(
        self, reader: asyncio.StreamReader, to: asyncio.StreamWriter, muted: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if muted.is_set():
                    self.lost += 1
                    return
                to.write(data)
                await to.drain()
