"""Look up and enforce idempotency keys.

A request with a key is executed once, and answered each time that it is sent. Whether it may be
made at all is checked before the key is looked up.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from app.db import idempotency, tenants
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Unprocessable
from app.rules.types import Caller, StoredAnswer
from app.tenancy.tombstones import refuse_erased

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """An idempotency key, the request that it stands for, and the users whom that request names.

    API keys of one reach share a space of idempotency keys: no other can take one away, or tell
    that it was used. Only digests of request and users are stored, under the installation's secret:
    nobody can guess from them what was asked.
    """

    caller: Caller
    key: str
    fingerprint: bytes
    users: Collection[str] = ()

    async def earlier_answer(self) -> Any | None:
        """Give the answer of an earlier request with the same key, if there was one: a look before
        any costly work.

        Raises Unprocessable when the key was used for another request.
        """
        async with read_only(self.caller.tenant_id) as tx:
            secret = await tenants.installation_secret(tx)
            kept = await idempotency.find(tx, await kept_as(tx, self.caller, self.key))
            return self._checked(secret, kept or await self._older(tx, secret))

    async def begin(self, tx: TenantTx) -> Any | None:
        """Lock the key until the transaction ends, or give the answer of the earlier request.

        Raises Unprocessable when the key was used for another request, Conflict when it was that of
        a request about somebody who was erased since.
        """
        secret = await tenants.installation_secret(tx)
        older = await self._older(tx, secret)
        if older is not None:
            return older.answer
        key = await kept_as(tx, self.caller, self.key)
        await refuse_erased(tx, (), key=key)
        kept = await idempotency.begin(
            tx,
            key,
            self._digest(secret),
            [whose(secret, self.caller.tenant_id, user_id) for user_id in self.users],
        )
        return self._checked(secret, kept)

    async def complete(self, tx: TenantTx, answer: Any) -> None:
        """Store the answer (JSON) in the transaction of what it tells."""
        await idempotency.complete(tx, await kept_as(tx, self.caller, self.key), answer)

    async def _older(self, tx: TenantTx, secret: bytes) -> StoredAnswer | None:
        """Give what a restricted API key was answered for this very request when the tenant's keys
        were still one space."""
        if self.caller.restriction.unrestricted:
            return None  # Its space is that one.
        kept = await idempotency.find(tx, self.key)
        same = kept is not None and kept.body_sha256 == self._digest(secret)
        return kept if same and kept is not None and kept.answer is not None else None

    def _digest(self, secret: bytes) -> bytes:
        asked = b"asked:" + self.caller.tenant_id.bytes + self.fingerprint
        return hmac.digest(secret, asked, hashlib.sha256)

    def _checked(self, secret: bytes, kept: StoredAnswer | None) -> Any | None:
        if kept is None:
            return None
        if kept.body_sha256 != self._digest(secret):
            raise reused()
        return kept.answer


async def kept_as(tx: TenantTx, caller: Caller, key: str) -> str:
    """Give the name under which the caller's idempotency key is kept: the key itself for an
    unrestricted API key, else with a digest of that key's reach before it. The blank between them
    is in no idempotency key, so the spaces never meet."""
    if caller.restriction.unrestricted:
        return key
    secret = await tenants.installation_secret(tx)
    reach = b"reach:" + caller.tenant_id.bytes + caller.restriction.canonical
    return f"{hmac.digest(secret, reach, hashlib.sha256)[:16].hex()} {key}"


def whose(secret: bytes, tenant_id: UUID, user_id: str) -> bytes:
    """Compute what stands for a user beside a key under which they were named."""
    return hmac.digest(secret, b"named:" + tenant_id.bytes + user_id.encode(), hashlib.sha256)


def reused() -> Unprocessable:
    """Build the refusal of a key that stands for another request."""
    return Unprocessable(
        "This Idempotency-Key was used with another body; use a new key for a new request.",
        code="idempotency_key_reused",
    )


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """The result of a request. ``replayed``: an earlier request with the same key made it."""

    value: T
    replayed: bool = False


async def make_once(
    caller: Caller,
    request: IdempotentRequest | None,
    kind: type[T],
    make: Callable[[TenantTx], Awaitable[T]],
    *,
    allow: Callable[[TenantTx], Awaitable[object]],
) -> Made[T]:
    """Run ``make`` in its own transaction, or give what it made for the same key before. ``kind``
    is the frozen dataclass that it makes. ``allow`` raises when the caller may not make it, which
    is asked first: nobody gets the answer to a request that they may not make."""
    answer = TypeAdapter(kind)
    async with transaction(caller.tenant_id) as tx:
        await allow(tx)
        earlier = await request.begin(tx) if request else None
        if earlier is not None:
            return Made(answer.validate_python(earlier), replayed=True)
        made = await make(tx)
        if request:
            await request.complete(tx, answer.dump_python(made, mode="json"))
        return Made(made)
