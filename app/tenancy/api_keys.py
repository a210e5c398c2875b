"""API keys: how they look, how they are checked, how they are kept.

``smara_`` + 40 random base-62 characters (238 bits) + a CRC-32 in 6 base-62 characters. The prefix
lets secret scanners find a leaked key and the checksum tells a typo from a key without asking the
database; the form follows GitHub's tokens (GitHub blog, April 2021). Stored as HMAC-SHA-256 under
the installation's secret: a key has enough entropy that a slow hash would only help those who want
to keep us busy.
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
from app.db.pool import TenantTx
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import KeyInfo

PREFIX = "smara_"
SCOPES = ("read", "write", "admin")
_ALPHABET = string.digits + string.ascii_letters
_RANDOM_CHARS = 40
_CHECKSUM_CHARS = 6


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key at the only moment that it is known in clear."""

    api_key: str
    info: KeyInfo


def generate() -> str:
    """A new key."""
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
    """What is stored for a key: 32 bytes."""
    return hmac.digest(secret, key.encode(), hashlib.sha256)


async def issue(
    tx: TenantTx,
    *,
    label: str,
    scopes: Sequence[str] = SCOPES,
    expires_at: datetime | None = None,
    restriction: KeyRestriction = UNRESTRICTED,
) -> IssuedKey:
    """Make a key for the tenant and store its hash."""
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
    """A new key that may do the same; the old one ends after ``grace_seconds``. None when the
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


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
