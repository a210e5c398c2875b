"""Look up the caller by the API key, before anything else of the request is read."""

from __future__ import annotations

import re

from cachetools import TTLCache
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.middleware.failed_logins import FailedLogins
from app.api.middleware.rate_limits import RateLimiters
from app.concurrency import working_for
from app.errors import Unauthenticated
from app.rules.types import Caller
from app.settings import Settings
from app.tenancy import api_keys
from app.tenancy.tombstones import request_begins

KEY_CACHE_SECONDS = 4.0
"""How long a process may go on accepting a revoked key; the contract allows 5 s."""

_OPEN = re.compile(r"/v1/signup|/v1/invitations/[^/]*/accept")
"""Routes that need no key: a person who signs up has none yet, and an invitation's token is a
credential itself."""


class Authentication:
    """Puts the caller into ``request.state.caller``, or raises Unauthenticated. Paths outside /v1
    and /mcp are open."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._failed_logins = FailedLogins(
            RateLimiters(settings.redis_url, MovingWindowRateLimiter),
            per_minute=settings.auth_failures_per_minute,
        )
        self._callers: TTLCache[str, Caller] = TTLCache(maxsize=10_000, ttl=KEY_CACHE_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_begins()
        if scope["type"] == "http" and _is_sealed(scope["path"]):
            caller = scope.setdefault("state", {})["caller"] = await self._caller(scope)
            working_for(caller.tenant_id)
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        """Find the caller of the key that was sent. An unknown key takes one look-up more than a
        malformed one; nothing else differs in time."""
        sent = Headers(scope=scope).get("authorization")
        if sent is not None:
            scheme, _, key = sent.partition(" ")
            key = key.strip()
            caller = self._callers.get(key) if scheme == "Bearer" else None
            if caller is None:
                well_formed = scheme == "Bearer" and api_keys.well_formed(key)
                client = scope.get("client")
                caller = await self._try(key, client[0] if client else "", well_formed=well_formed)
            if caller is not None:
                return caller
        raise Unauthenticated("Send a valid API key: Authorization: Bearer smara_…")

    async def _try(self, key: str, address: str, *, well_formed: bool) -> Caller | None:
        if not (well_formed and self._failed_logins.proven(key)):
            await self._failed_logins.refuse(address, key, well_formed=well_formed)
        caller = await api_keys.find_caller(key) if well_formed else None
        if caller is not None:
            self._callers[key] = caller
            self._failed_logins.worked(key)
        else:
            self._failed_logins.failed_after_all(key)
            await self._failed_logins.count(address, key)
        return caller


def _is_sealed(path: str) -> bool:
    return path.startswith(("/v1/", "/mcp")) and not _OPEN.fullmatch(path)
