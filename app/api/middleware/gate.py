"""What every request passes before anything reads it: who is calling, whether they may go on, then
how much and what is sent."""

from __future__ import annotations

import asyncio
import re
from contextvars import ContextVar
from dataclasses import dataclass

import psycopg
from cachetools import TTLCache
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import database_response, internal_error_response, service_error_response
from app.api.middleware.about import users_of
from app.api.middleware.access_log import route_of
from app.api.middleware.client_address import client_address
from app.api.middleware.failed_logins import FailedLogins
from app.api.middleware.rate_limits import RateLimiters, TenantRateLimit
from app.api.middleware.refusals import TooSlow
from app.db import api_keys as stored_keys
from app.db import tenants
from app.db.pool import system
from app.errors import ServiceError, TooLarge, Unauthenticated, UnsupportedMediaType
from app.logs import log
from app.rules.types import Caller
from app.settings import Settings
from app.tenancy import api_keys
from app.tenancy.audit_log import Recorder, user_hash

KEY_CACHE_SECONDS = 4.0
"""A revoked key works for at most this long more; the contract allows 5 s."""


_OPEN = re.compile(r"/v1/signup|/v1/invitations/[^/]*/accept")
"""Whoever signs up has no key yet, and an invitation's token is a credential itself."""


@dataclass
class _Outer:
    """The request that this process serves. Tool calls pass the gate a second time within it: they
    are one request to whoever counts, and the inner one says what was done."""

    scope: Scope
    noted: bool = False

    @property
    def route(self) -> str | None:
        """Its template, once the router has found one."""
        return route_of(self.scope)


_outer: ContextVar[_Outer | None] = ContextVar("outer_request", default=None)


class Gate:
    """Answers 401 and 429 before it reads a body, 408, 413 and 415 before anything parses one.

    The caller is left in ``request.state.caller``. Paths outside /v1 are open.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings, recorder: Recorder | None) -> None:
        self._app = app
        self._settings = settings
        self._max_body_bytes = settings.max_body_bytes
        self._recorder = recorder
        self._failed_logins = FailedLogins(
            RateLimiters(settings.redis_url, MovingWindowRateLimiter),
            per_minute=settings.auth_failures_per_minute,
        )
        rates = TenantRateLimit(
            RateLimiters(settings.redis_url, SlidingWindowCounterRateLimiter), settings
        )
        self._rates = rates if rates.any else None
        self._callers: TTLCache[str, Caller] = TTLCache(maxsize=10_000, ttl=KEY_CACHE_SECONDS)
        self._secret: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        outer = _outer.get()
        caller: Caller | None = None
        body = b""
        try:
            if outer is None:
                address = client_address(scope, headers, self._settings.trusted_proxies)
                if self._settings.trusted_proxies:
                    scope["client"] = (address, 0)
            else:
                address = ""
            if scope["path"].startswith(("/v1/", "/mcp")) and not _OPEN.fullmatch(scope["path"]):
                caller = await self._caller(headers, address)
                if self._rates is not None and outer is None:
                    await self._rates.count(caller.tenant_id)
                scope.setdefault("state", {})["caller"] = caller
            if scope["method"] in ("POST", "PUT", "PATCH", "DELETE"):
                body, receive = await self._read_body(scope["method"], headers, receive)
        except ServiceError as error:
            return await service_error_response(error)(scope, receive, send)
        except psycopg.OperationalError as error:
            return await database_response(error)(scope, receive, send)
        status = 500
        mine = _Outer(scope)
        token = _outer.set(mine)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._guarded(scope, receive, sending)
        finally:
            _outer.reset(token)
            if caller is not None:
                self._note(caller, mine, outer, body, status)

    def _note(
        self, caller: Caller, mine: _Outer, outer: _Outer | None, body: bytes, status: int
    ) -> None:
        """For the audit log, once. What never reached a route has read nothing."""
        route, secret = mine.route, self._secret
        if self._recorder is None or route is None or mine.noted:
            return
        assert secret is not None, "the caller was looked up with it"
        self._recorder.note(
            caller,
            method=mine.scope["method"],
            route=route,
            via=outer.route if outer else None,
            user_hashes={
                user_hash(secret, caller.tenant_id, user) for user in users_of(mine.scope, body)
            },
            status=status,
        )
        if outer is not None:
            outer.noted = True

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

    async def _caller(self, headers: Headers, address: str) -> Caller:
        """Whose key was sent. One that is unknown takes a look-up more than one that is malformed,
        and nothing else that could be timed."""
        sent = headers.get("authorization")
        if sent is not None:
            scheme, _, key = sent.partition(" ")
            key = key.strip()
            well_formed = scheme == "Bearer" and api_keys.well_formed(key)
            caller = self._callers.get(key) if well_formed else None
            if caller is None:
                caller = await self._try(key, address, well_formed=well_formed)
            if caller is not None:
                return caller
        raise Unauthenticated("Send a valid API key: Authorization: Bearer smara_…")

    async def _try(self, key: str, address: str, *, well_formed: bool) -> Caller | None:
        if not (well_formed and self._failed_logins.proven(key)):
            await self._failed_logins.refuse(address, key, well_formed=well_formed)
        caller = await self._look_up(key) if well_formed else None
        if caller is not None:
            self._failed_logins.worked(key)
        else:
            self._failed_logins.failed_after_all(key)
            await self._failed_logins.count(address, key)
        return caller

    async def _look_up(self, key: str) -> Caller | None:
        async with system() as tx:
            if self._secret is None:
                self._secret = await tenants.installation_secret(tx)
            caller = await stored_keys.caller_of(tx, api_keys.key_hash(key, self._secret))
        if caller is not None:
            self._callers[key] = caller
        return caller

    async def _read_body(
        self, method: str, headers: Headers, receive: Receive
    ) -> tuple[bytes, Receive]:
        """The whole body, read once, and a ``receive`` that hands it on."""
        try:
            async with asyncio.timeout(self._settings.body_timeout_seconds):
                return await self._read(method, headers, receive)
        except TimeoutError:
            raise TooSlow("The body did not come in time; send it again.") from None

    async def _read(self, method: str, headers: Headers, receive: Receive) -> tuple[bytes, Receive]:
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
                return b"", _once(message)
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
        whole = bytes(body)
        message = {"type": "http.request", "body": whole, "more_body": False}
        return whole, _once(message, then=receive)


def _once(first: Message, then: Receive | None = None) -> Receive:
    handed_out = False

    async def receive() -> Message:
        nonlocal handed_out
        if handed_out and then is not None:
            return await then()
        handed_out = True
        return first

    return receive
