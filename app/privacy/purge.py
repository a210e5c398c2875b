"""Use case: remove what has been kept for long enough."""

from __future__ import annotations

from app.db import audit_log, deliveries, idempotency, tombstones, transcripts
from app.db.pool import system, transaction
from app.logs import log
from app.startup import runtime


async def purge_expired() -> None:
    """Remove transcripts, idempotency keys, finished deliveries and audit entries that are older
    than the settings keep them. Safe to run at any time, and by several at the same time. Raises
    DatabaseUnavailable."""
    settings = runtime().settings
    async with system() as tx:
        await idempotency.purge(tx, older_than_days=settings.idempotency_days)
        await tombstones.purge(tx, older_than_days=settings.idempotency_days)
        await audit_log.purge(tx, older_than_days=settings.audit_days)
        await deliveries.purge(tx, older_than_days=settings.webhook_days)
        kept = await transcripts.kept_by(tx, settings.transcript_days)
    for tenant_id, days in kept:
        async with transaction(tenant_id) as tx:
            removed = await transcripts.purge(tx, older_than_days=days)
        if removed:
            log.info("transcripts_removed", tenant_id=str(tenant_id), count=removed)
