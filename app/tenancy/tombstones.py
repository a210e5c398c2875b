"""Keep people who were erased out: every use case that writes somebody's words anew asks here, in
the transaction that writes them."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable
from contextvars import ContextVar
from uuid import UUID

from app.db import memory_owners, tombstones
from app.db.pool import TenantTx
from app.errors import Conflict
from app.rules.types import Named
from app.tenancy import installation

_began: ContextVar[float | None] = ContextVar("began", default=None)


def request_begins() -> None:
    """Note that a request arrives now. What its sender knew then may have been erased by the time
    at which it is written down."""
    _began.set(time.monotonic())


def arrived() -> float:
    """Give when the current request arrived, by the monotonic clock; now, outside of one."""
    began = _began.get()
    return time.monotonic() if began is None else began


async def keep_off(
    tx: TenantTx, user_ids: Iterable[str], *, since: float, key: str | None = None
) -> Named:
    """Let no erasure of these people begin before the transaction ends; before all other locks.
    ``key`` is the request's idempotency key as it is kept. Gives what to look for."""
    owner_keys = sorted({memory_owners.of_user(user_id) for user_id in user_ids})
    if owner_keys:
        await tombstones.keep_erasures_off(tx, owner_keys)
    secret = await installation.secret(tx)
    return Named(
        [owner_hash(secret, tx.tenant_id, owner_key) for owner_key in owner_keys],
        [key_hash(secret, tx.tenant_id, key)] if key is not None else [],
        time.monotonic() - since,
    )


async def refuse_erased(
    tx: TenantTx,
    user_ids: Iterable[str],
    *,
    since: float | None = None,
    key: str | None = None,
) -> None:
    """Raise Conflict when one of these people was erased ``since`` the request arrived, or when its
    idempotency key was that of a request about somebody who was erased later. Until the transaction
    ends no erasure of theirs begins. Before all other locks."""
    named = await keep_off(tx, user_ids, since=arrived() if since is None else since, key=key)
    if not named.owner_hashes and not named.key_hashes:
        return
    if await tombstones.any_since(
        tx, named.owner_hashes, named.key_hashes, within_seconds=named.within_seconds
    ):
        raise just_erased()


def just_erased() -> Conflict:
    """Build the refusal of a request that would bring somebody back."""
    return Conflict("This user was erased while the request was under way.", code="user_erased")


def owner_hash(secret: bytes, tenant_id: UUID, owner_key: str) -> bytes:
    """Compute what stands for a person who was erased."""
    return hmac.digest(secret, b"erased:" + tenant_id.bytes + owner_key.encode(), hashlib.sha256)


def key_hash(secret: bytes, tenant_id: UUID, key: str) -> bytes:
    """Compute what stands for an idempotency key, as it is kept."""
    return hmac.digest(secret, b"spent:" + tenant_id.bytes + key.encode(), hashlib.sha256)
