"""Create, check and revoke API keys.

A key is ``smara_`` + 40 random base-62 characters (238 bits) + a CRC-32 in 6 base-62 characters.
The prefix lets secret scanners find a leaked key, and the checksum tells a typo from a key without
asking the database; the form follows GitHub's tokens (GitHub blog, April 2021). It is stored as
HMAC-SHA-256 under the installation's secret: a key has enough entropy that a slow hash would only
help those who want to keep us busy.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.db import api_keys, tenants
from app.db.pool import TenantTx, clock, read_only, system, transaction
from app.errors import Conflict, NotFound, Unprocessable
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Caller, KeyInfo
from app.tenancy import installation
from app.tenancy.access import known_agent
from app.tenancy.tombstones import refuse_erased

PREFIX = "smara_"
SCOPES = ("read", "write", "review", "admin")
FULL = ("read", "write", "admin")
"""Every right: ``admin`` includes ``review``."""
_ALPHABET = string.digits + string.ascii_letters
_RANDOM_CHARS = 40
_CHECKSUM_CHARS = 6


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key, at the only moment when it is known in clear."""

    api_key: str
    info: KeyInfo


def generate() -> str:
    """Generate a key."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARS))
    return PREFIX + body + _checksum(body)


def well_formed(key: str) -> bool:
    """Whether the text has a key's form and its checksum fits. Says nothing about whether the key
    exists."""
    if (
        not key.startswith(PREFIX)
        or len(key) != len(PREFIX) + _RANDOM_CHARS + _CHECKSUM_CHARS
        or not key.isascii()
    ):
        return False
    body = key[len(PREFIX) : -_CHECKSUM_CHARS]
    return hmac.compare_digest(_checksum(body), key[-_CHECKSUM_CHARS:])


def key_hash(key: str, secret: bytes) -> bytes:
    """Compute what is stored for a key: 32 bytes."""
    return hmac.digest(secret, key.encode(), hashlib.sha256)


async def issue(
    tx: TenantTx,
    *,
    label: str,
    scopes: Sequence[str] = FULL,
    expires_at: datetime | None = None,
    restriction: KeyRestriction = UNRESTRICTED,
) -> IssuedKey:
    """Create a key for the tenant and store its hash."""
    key = generate()
    info = await api_keys.add(
        tx,
        prefix=key[: len(PREFIX) + 4],
        key_hash=key_hash(key, await tenants.installation_secret(tx)),
        label=label,
        scopes=scopes,
        expires_at=expires_at,
        restriction=restriction,
    )
    return IssuedKey(key, info)


async def rotate(tx: TenantTx, key_id: UUID, *, grace_seconds: float = 0) -> IssuedKey | None:
    """Create a key that may do the same; the old one expires after ``grace_seconds``. None when the
    tenant has no such live key."""
    old = await api_keys.retire(tx, key_id, grace_seconds=grace_seconds)
    if old is None:
        return None
    return await issue(
        tx,
        label=old.label,
        scopes=old.scopes,
        expires_at=old.expires_at,
        restriction=old.restriction,
    )


async def create(
    caller: Caller,
    *,
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    restriction: KeyRestriction,
) -> IssuedKey:
    """Create a key for the caller's tenant. Raises NotFound for an unknown agent, Unprocessable for
    an expiry in the past."""
    async with transaction(caller.tenant_id) as tx:
        await refuse_erased(tx, restriction.users or ())
        for agent_id in sorted(restriction.agents or ()):
            await known_agent(tx, caller, agent_id)
        if expires_at is not None and expires_at <= await clock(tx):
            raise Unprocessable("expires_at: must be in the future", code="validation")
        return await issue(
            tx,
            label=label,
            scopes=list(dict.fromkeys(scopes)),
            expires_at=expires_at,
            restriction=restriction,
        )


async def list_all(caller: Caller) -> list[KeyInfo]:
    """List the tenant's keys, revoked ones too, oldest first."""
    async with read_only(caller.tenant_id) as tx:
        return await api_keys.list_all(tx)


async def revoke(caller: Caller, key_id: UUID) -> None:
    """Revoke a key. Raises NotFound when it is not live, Conflict for the last admin key."""
    async with transaction(caller.tenant_id) as tx:
        revoked = await api_keys.revoke(tx, key_id)
    if revoked is None:
        raise _no_key()
    if not revoked:
        raise Conflict(
            "This is the last key that may manage keys; make another one first, or rotate it.",
            code="last_admin_key",
        )


async def replace(caller: Caller, key_id: UUID, *, grace_seconds: float) -> IssuedKey:
    """Rotate a key: create a new one that may do the same; the old one expires after
    ``grace_seconds``. Raises NotFound when it is not live."""
    async with transaction(caller.tenant_id) as tx:
        issued = await rotate(tx, key_id, grace_seconds=grace_seconds)
    if issued is None:
        raise _no_key()
    return issued


async def find_caller(key: str) -> Caller | None:
    """Look up the caller behind a well-formed key; None when it is unknown, revoked or expired."""
    secret = await installation.secret()
    async with system() as tx:
        return await api_keys.caller_of(tx, key_hash(key, secret))


def _no_key() -> NotFound:
    return NotFound("There is no live key of this id.")


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
