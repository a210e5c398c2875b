"""Look up and enforce idempotency keys.

A request with a key is executed once, and answered each time that it is sent.
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
from app.rules.types import StoredAnswer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """An idempotency key of a tenant, the request that it stands for, and the users whom that
    request names.

    Only digests of these are stored, under the installation's secret: nobody can guess from them
    what was asked.
    """

    tenant_id: UUID
    key: str
    fingerprint: bytes
    users: Collection[str] = ()

    async def earlier_answer(self) -> Any | None:
        """Give the answer of an earlier request with the same key, if there was one: a look before
        any costly work.

        Raises Unprocessable when the key was used for another request.
        """
        async with read_only(self.tenant_id) as tx:
            secret = await tenants.installation_secret(tx)
            return self._checked(secret, await idempotency.find(tx, self.key))

    async def begin(self, tx: TenantTx) -> Any | None:
        """Lock the key until the transaction ends, or give the answer of the earlier request."""
        secret = await tenants.installation_secret(tx)
        kept = await idempotency.begin(
            tx,
            self.key,
            self._digest(secret),
            [whose(secret, self.tenant_id, user_id) for user_id in self.users],
        )
        return self._checked(secret, kept)

    async def complete(self, tx: TenantTx, answer: Any) -> None:
        """Store the answer (JSON) in the transaction of what it tells."""
        await idempotency.complete(tx, self.key, answer)

    def _digest(self, secret: bytes) -> bytes:
        return hmac.digest(
            secret, b"asked:" + self.tenant_id.bytes + self.fingerprint, hashlib.sha256
        )

    def _checked(self, secret: bytes, kept: StoredAnswer | None) -> Any | None:
        if kept is None:
            return None
        if kept.body_sha256 != self._digest(secret):
            raise reused()
        return kept.answer


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
    tenant_id: UUID,
    request: IdempotentRequest | None,
    kind: type[T],
    make: Callable[[TenantTx], Awaitable[T]],
) -> Made[T]:
    """Run ``make`` in its own transaction, or give what it made for the same key before. ``kind``
    is the frozen dataclass that it makes."""
    answer = TypeAdapter(kind)
    async with transaction(tenant_id) as tx:
        earlier = await request.begin(tx) if request else None
        if earlier is not None:
            return Made(answer.validate_python(earlier), replayed=True)
        made = await make(tx)
        if request:
            await request.complete(tx, answer.dump_python(made, mode="json"))
        return Made(made)
