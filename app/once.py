"""Work under an Idempotency-Key: done once, answered as often as it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.db import idempotency
from app.db.idempotency import Kept
from app.db.pool import Connection, read_only
from app.errors import Unprocessable


@dataclass(frozen=True, slots=True)
class Once:
    """A key of a tenant, and the digest of the request that it stands for."""

    tenant_id: UUID
    key: str
    digest: bytes

    async def answered(self) -> Any | None:
        """The answer of the first time, if there was one: a look before any costly work.

        Raises Unprocessable when the key was used for another request.
        """
        async with read_only(self.tenant_id) as conn:
            return self._checked(await idempotency.find(conn, self.tenant_id, self.key))

    async def take(self, connection: Connection) -> Any | None:
        """Hold the key until the transaction ends, or give the answer of the first time."""
        return self._checked(
            await idempotency.take(connection, self.tenant_id, self.key, self.digest)
        )

    async def keep(self, connection: Connection, answer: Any) -> None:
        """Keep the answer (JSON) with what the transaction has done."""
        await idempotency.keep(connection, self.tenant_id, self.key, answer)

    def _checked(self, kept: Kept | None) -> Any | None:
        if kept is None:
            return None
        if kept.body_sha256 != self.digest:
            raise reused()
        return kept.answer


def reused() -> Unprocessable:
    """The refusal of a key that stands for another request."""
    return Unprocessable(
        "This Idempotency-Key was used with another body; use a new key for a new request.",
        code="idempotency_key_reused",
    )
