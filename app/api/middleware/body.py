"""Read the whole body of a request before anything parses it, within a size and a time."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import RequestTimeout, TooLarge, UnsupportedMediaType
from app.settings import Settings


class Body:
    """Puts the body into ``request.state.body``. Raises TooLarge, RequestTimeout or
    UnsupportedMediaType."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._max_bytes = settings.max_body_bytes
        self._timeout_seconds = settings.body_timeout_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("POST", "PUT", "PATCH", "DELETE"):
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    message = await self._read(scope, receive)
            except TimeoutError:
                raise RequestTimeout("The body did not come in time; send it again.") from None
            scope.setdefault("state", {})["body"] = message.get("body", b"")
            receive = _first(message, then=receive)
        await self._app(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive) -> Message:
        headers = Headers(scope=scope)
        too_large = TooLarge(f"The body is larger than {self._max_bytes} bytes; send it in parts.")
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._max_bytes:
            raise too_large
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return message
            body += message.get("body", b"")
            if len(body) > self._max_bytes:
                raise too_large
            if not message.get("more_body", False):
                break
        if body and scope["method"] != "DELETE":
            media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json":
                raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise UnsupportedMediaType("Send the body without a Content-Encoding.")
        return {"type": "http.request", "body": bytes(body), "more_body": False}


def _first(message: Message, then: Receive) -> Receive:
    """Give ``message`` first; after it, wait for a disconnect."""
    handed_out = False

    async def receive() -> Message:
        nonlocal handed_out
        if handed_out and message["type"] != "http.disconnect":
            return await then()
        handed_out = True
        return message

    return receive
