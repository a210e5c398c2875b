"""What every request passes before anything reads it: who is calling, then how much and what is
sent."""

from __future__ import annotations

import re

import psycopg
from cachetools import TTLCache
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import keys
from app.api.errors import database_response, internal_error_response, service_error_response
from app.db import tenants
from app.db.pool import system
from app.db.tenants import Caller
from app.errors import ServiceError, TooLarge, Unauthenticated, UnsupportedMediaType
from app.logs import log

KEY_CACHE_SECONDS = 4.0
"""A revoked key works for at most this long more; the contract allows 5 s."""


_OPEN = re.compile(r"/v1/signup|/v1/invitations/[^/]*/accept")
"""Whoever signs up has no key yet, and an invitation's token is a credential itself."""


class Gate:
    """Answers 401 before it reads a body, 413 and 415 before anything parses one.

    The caller is left in ``request.state.caller``. Paths outside /v1 are open.
    """

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._callers: TTLCache[str, Caller] = TTLCache(maxsize=10_000, ttl=KEY_CACHE_SECONDS)
        self._secret: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        try:
            if scope["path"].startswith(("/v1/", "/mcp")) and not _OPEN.fullmatch(scope["path"]):
                scope.setdefault("state", {})["caller"] = await self._caller(headers)
            if scope["method"] in ("POST", "PUT", "PATCH", "DELETE"):
                receive = await self._read_body(scope["method"], headers, receive)
        except ServiceError as error:
            return await service_error_response(error)(scope, receive, send)
        except psycopg.OperationalError as error:
            return await database_response(error)(scope, receive, send)
        await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A fault of ours is answered like any other error, on a connection that stays usable."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            if begun:
                raise  # Half an answer can only be cut off.
            log.exception("request_failed", method=scope["method"])
            await internal_error_response()(scope, receive, send)

    async def _caller(self, headers: Headers) -> Caller:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        key = key.strip()
        if scheme == "Bearer" and keys.well_formed(key):
            caller = self._callers.get(key)
            if caller is None:
                caller = await self._look_up(key)
            if caller is not None:
                return caller
        raise Unauthenticated("Send a valid API key: Authorization: Bearer smara_…")

    async def _look_up(self, key: str) -> Caller | None:
        async with system() as conn:
            if self._secret is None:
                self._secret = await tenants.installation_secret(conn)
            caller = await tenants.caller_of(conn, keys.key_hash(key, self._secret))
        if caller is not None:
            self._callers[key] = caller
        return caller

    async def _read_body(self, method: str, headers: Headers, receive: Receive) -> Receive:
        """The whole body, read once, and a ``receive`` that hands it on."""
        too_large = TooLarge(
            f"The body is larger than {self._max_body_bytes} bytes; send it in parts."
        )
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._max_body_bytes:
            raise too_large
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return _once(message)
            body += message.get("body", b"")
            if len(body) > self._max_body_bytes:
                raise too_large
            if not message.get("more_body", False):
                break
        if body and method != "DELETE":
            media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if media_type != "application/json":
                raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise UnsupportedMediaType("Send the body without a Content-Encoding.")
        return _once(
            {"type": "http.request", "body": bytes(body), "more_body": False}, then=receive
        )


def _once(first: Message, then: Receive | None = None) -> Receive:
    handed_out = False

    async def receive() -> Message:
        nonlocal handed_out
        if handed_out and then is not None:
            return await then()
        handed_out = True
        return first

    return receive
