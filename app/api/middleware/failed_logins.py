"""Limit failed logins, counted by the caller's address and by the first characters of the key.

Only failures are refused: a key that worked here lately is looked up whatever else comes from its
address, so that nobody can lock out an office behind the same router. Even from a blocked address,
a key that this process has not seen is looked up, at most one a second.
"""

from __future__ import annotations

import asyncio
import time
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address

from cachetools import TTLCache
from limits import RateLimitItem, RateLimitItemPerMinute

from app.api.middleware.rate_limits import RateLimiters
from app.errors import RateLimited
from app.tenancy import api_keys

PREFIX_CHARS = len(api_keys.PREFIX) + 4
"""How much of a key may be shown, and is counted by."""
_OFTEN = 100_000
_FORGET_SECONDS = 3_600.0


class FailedLogins:
    """Limits failures to ``per_minute`` for each address and for each prefix. Only digests of what
    was sent are kept."""

    def __init__(self, limiters: RateLimiters, *, per_minute: int) -> None:
        self._limiters = limiters
        self._limit: RateLimitItem = RateLimitItemPerMinute(per_minute)
        self._proven: TTLCache[bytes, bool] = TTLCache(maxsize=_OFTEN, ttl=_FORGET_SECONDS)
        self._shut_until: TTLCache[str, float] = TTLCache(maxsize=_OFTEN, ttl=60.0)
        self._tried: TTLCache[str, bool] = TTLCache(maxsize=_OFTEN, ttl=1.0)

    def proven(self, key: str) -> bool:
        """Whether the key worked in this process within the last hour."""
        return _digest(key) in self._proven

    def worked(self, key: str) -> None:
        """Remember that the key works."""
        self._proven[_digest(key)] = True

    def failed_after_all(self, key: str) -> None:
        """Forget that the key worked: it was revoked or has expired."""
        self._proven.pop(_digest(key), None)

    async def refuse(self, address: str, sent: str, *, well_formed: bool) -> None:
        """Raise RateLimited when the address or the prefix has failed too often."""
        whose = _whose(address, sent)
        waits = await asyncio.gather(*(self._wait_seconds(who) for who in whose))
        longest = max(waits)
        if not longest:
            return
        shut = [who for who, wait in zip(whose, waits, strict=True) if wait]
        if well_formed and not any(who in self._tried for who in shut):
            self._tried.update(dict.fromkeys(shut, True))
            return
        raise RateLimited(
            "Too many requests with keys that are not valid; try again later.",
            retry_after_seconds=longest,
        )

    async def count(self, address: str, sent: str) -> None:
        """Count one more failure."""
        whose = _whose(address, sent)
        await asyncio.gather(*(self._limiters.take(self._limit, who) for who in whose))

    async def _wait_seconds(self, who: str) -> float:
        """Give how long to wait; a blocked address is known here, so that a flood of invalid keys
        asks Redis nothing."""
        left = self._shut_until.get(who, 0.0) - time.monotonic()
        if left > 0:
            return left
        wait = await self._limiters.wait_seconds(self._limit, who)
        if wait:
            self._shut_until[who] = time.monotonic() + wait
        return wait


def _whose(address: str, sent: str) -> tuple[str, str]:
    beginning = sent[:PREFIX_CHARS]
    return f"address:{_digest(_network(address)).hex()}", f"prefix:{_digest(beginning).hex()}"


def _network(address: str) -> str:
    """Give the network that is counted as one caller: whoever has one IPv6 address has 2**64 of
    them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return parsed.packed[:8].hex()
    return address


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogateescape"), digest_size=16).digest()
