"""Write the tombstones of people who were erased, and the receipts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import tombstones
from app.db.pool import TenantTx
from app.tenancy import installation
from app.tenancy.tombstones import owner_hash


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased and when, signed by the installation: nobody else can issue one, and a
    changed one does not verify. ``erased`` counts rows by kind."""

    erasure_id: UUID
    erased_at: datetime
    erased: Mapping[str, int]
    signature: str


async def record(tx: TenantTx, user_id: str, owner_key: str, erased: Mapping[str, int]) -> Receipt:
    """Write the tombstone, and give the receipt. The caller has locked the owner."""
    secret = await installation.secret(tx)
    erasure = await tombstones.add(tx, owner_hash(secret, tx.tenant_id, owner_key), erased)
    signature = sign(
        secret,
        tx.tenant_id,
        user_id=user_id,
        erasure_id=erasure.erasure_id,
        erased_at=erasure.erased_at,
        erased=erased,
    )
    return Receipt(erasure.erasure_id, erasure.erased_at, erased, signature)


def sign(
    secret: bytes,
    tenant_id: UUID,
    *,
    user_id: str,
    erasure_id: UUID,
    erased_at: datetime,
    erased: Mapping[str, int],
) -> str:
    """Sign the receipt, as JSON with sorted keys, by HMAC-SHA-256 under the installation's
    secret."""
    document: dict[str, Any] = {
        "tenant_id": str(tenant_id),
        "user_id": user_id,
        "erasure_id": str(erasure_id),
        "erased_at": erased_at.isoformat(timespec="milliseconds"),
        "erased": dict(erased),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    digest = hmac.digest(secret, b"erasure:" + text.encode(), hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()
