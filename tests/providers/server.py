"""A small HTTP/1.1 server for the fake providers: it drips, hangs, cuts and resets as no web
framework lets us.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
import orjson

Step = dict[str, Any]

_REASONS = {
    200: b"OK",
    400: b"Bad Request",
    429: b"Too Many Requests",
    500: b"Internal Server Error",
}
_KEPT_CALLS = 1_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the provider saw it."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.raw)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. ``chunks``, when given, go out as a chunked body, one network write each."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    chunks: tuple[bytes, ...] | None = None


class FakeProvider:
    """A scriptable provider; subclasses say what a good answer looks like.

    A step of the script is a dict. ``when``: only requests whose body holds this text; ``times``:
    how many requests it serves, 1 if not given, 0 for all of them. What it does, in this order:
    ``delay_seconds`` waits, ``hang`` never answers, ``reset`` tears the connection down,
    ``status``/``headers``/``body`` answer so, ``kind`` asks the subclass for a special answer.
    ``drip_seconds`` sends the answer one byte at a time, that far apart; ``cut`` sends only so many
    bytes of it and closes.

    Over HTTP, for tests that run in another process: PUT /script takes ``{"steps": […]}``, GET
    /calls returns what was asked so far (the last 1,000 with bodies), DELETE /calls forgets both
    script and calls.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.calls: deque[Call] = deque(maxlen=_KEPT_CALLS)
        self.count = 0
        self.delay_seconds = 0.0

    def answer(self, call: Call, kind: str | None) -> Reply:
        """The answer to a call that nothing went wrong with; ``kind`` names a special one."""
        raise NotImplementedError

    def error(self, step: Step) -> Reply:
        """An error in the provider's own shape."""
        raise NotImplementedError

    def script(self, *steps: Step) -> None:
        """Add steps; each is used ``times`` times, in order."""
        self.steps.extend(dict(step) for step in steps)

    def forget(self) -> None:
        """Back to the beginning: no script, no calls."""
        self.steps.clear()
        self.calls.clear()
        self.count = 0

    def next_step(self, raw: bytes) -> Step:
        for step in self.steps:
            if step.get("when", "").encode() not in raw:
                continue
            times = step.get("times", 1)
            if times == 1:
                self.steps.remove(step)
            elif times > 1:
                step["times"] = times - 1
            return step
        return {}

    def reply(self, call: Call, step: Step) -> Reply:
        if "status" not in step:
            return self.answer(call, step.get("kind"))
        if "body" not in step:
            return self.error(step)
        body = step["body"]
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return Reply(
            step["status"],
            raw,
            step.get("headers", {}),
            step.get("content_type", "application/json"),
        )

    def control(self, method: str, path: str, raw: bytes) -> Reply | None:
        """The answer to a request that steers the fake itself; None for one to the provider."""
        if (method, path) == ("PUT", "/script"):
            self.script(*orjson.loads(raw)["steps"])
            return Reply(204)
        if (method, path) == ("DELETE", "/calls"):
            self.forget()
            return Reply(204)
        if (method, path) == ("GET", "/calls"):
            calls = [
                {"path": call.path, "headers": call.headers, "body": call.body}
                for call in list(self.calls)
            ]
            return Reply(200, orjson.dumps({"count": self.count, "calls": calls}))
        return None


class Connection(asyncio.Protocol):
    """One client's connection; requests on it are answered one after the other."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider
        self._waiting: asyncio.Queue[tuple[Call, Step]] = asyncio.Queue()
        self._headers: dict[str, str] = {}
        self._url, self._body = b"", bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def connection_lost(self, exc: Exception | None) -> None:
        self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._headers, self._url, self._body = {}, b"", bytearray()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_headers_complete(self) -> None:
        if self._headers.get("expect") == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        path, raw = self._url.decode(), bytes(self._body)
        steering = self._provider.control(method, path, raw)
        if steering is not None:
            self._transport.write(_wire(steering))
            return
        call = Call(path, self._headers, raw)
        self._provider.calls.append(call)
        self._provider.count += 1
        step = self._provider.next_step(raw)
        if not step and not self._provider.delay_seconds:
            self._transport.write(_wire(self._provider.answer(call, None)))
        else:
            self._waiting.put_nowait((call, step))

    async def _serve(self) -> None:
        while True:
            call, step = await self._waiting.get()
            await self._act(call, step)

    async def _act(self, call: Call, step: Step) -> None:
        await asyncio.sleep(step.get("delay_seconds", self._provider.delay_seconds))
        if step.get("hang"):
            return
        if step.get("reset"):
            self._reset()
            return
        wire = _wire(self._provider.reply(call, step))
        if "cut" in step:
            self._transport.write(wire[: step["cut"]])
            self._transport.close()
        elif "drip_seconds" in step:
            for position in range(len(wire)):
                self._transport.write(wire[position : position + 1])
                await asyncio.sleep(step["drip_seconds"])
        else:
            self._transport.write(wire)

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an orderly end."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


def _wire(reply: Reply) -> bytes:
    """The reply as it goes over the network."""
    extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items()).encode()
    reason = _REASONS.get(reply.status, b"Whatever")
    head = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\n%b" % (
        reply.status,
        reason,
        reply.content_type.encode(),
        extra,
    )
    if reply.chunks is None:
        return head + b"content-length: %d\r\n\r\n%b" % (len(reply.body), reply.body)
    return head + b"transfer-encoding: chunked\r\n\r\n" + b"".join(_chunks(reply.chunks))


def _chunks(parts: Iterable[bytes]) -> Iterable[bytes]:
    for part in parts:
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


class Running:
    """A fake provider served on a loopback port by a thread of its own, until the ``with`` block
    ends.
    """

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _main(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await listen(self.provider, port=0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()


async def listen(provider: FakeProvider, *, port: int) -> asyncio.Server:
    """Start serving on 127.0.0.1; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Connection(provider), "127.0.0.1", port)


def run_forever(provider: FakeProvider, *, port: int, delay_seconds: float) -> None:
    """Serve in the foreground; what ``python -m tests.providers.anthropic`` does."""
    import uvloop

    provider.delay_seconds = delay_seconds

    async def main() -> None:
        server = await listen(provider, port=port)
        print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()

    uvloop.run(main())
