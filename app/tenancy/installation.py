"""Use case: connect a process to the installation's database, and read its secret."""

from __future__ import annotations

from app.db import tenants
from app.db.pool import Tx, close_pool, open_pool, system
from app.startup import runtime


async def connect(*, size: int | None = None) -> None:
    """Open the connections, ``size`` at most, of a process that serves tenants. Returns at once; a
    dead server shows at the first use."""
    await open_pool(runtime().settings, size=size, serving=True)


async def disconnect() -> None:
    """Close this process's connections; a second call does nothing."""
    await close_pool()


class _Secret:
    """The secret as this process has read it; it never changes."""

    value: bytes | None = None


async def secret(tx: Tx | None = None) -> bytes:
    """Give the 32 bytes of the secret, read from the database at the first call: in ``tx``, when
    the caller has a transaction. Raises DatabaseUnavailable."""
    kept = runtime().one(_Secret)
    if kept.value is None and tx is not None:
        kept.value = await tenants.installation_secret(tx)
    elif kept.value is None:
        async with system() as own:
            kept.value = await tenants.installation_secret(own)
    return kept.value
