"""What the tenants' webhooks were told, against what has happened."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from torture.checks.verdict import Verdict, none_of
from torture.cluster import Cluster
from torture.ledger import Ledger

PATIENCE_SECONDS = 120.0
"""For the outbox to run dry."""
LATE_SECONDS = 2.0
"""A delivery that is signed so long after an erasure knew of it; clocks count whole seconds."""

_BRING_FORWARD = """
UPDATE webhook_deliveries SET next_attempt_at = now()
WHERE state = 'pending' AND next_attempt_at > now()
"""
"""The pauses between attempts are up to ten hours: they pass at once."""

_HAPPENED = """
SELECT t.name, 'conversation.' || c.state, c.conversation_id::text
FROM conversations c JOIN tenants t USING (tenant_id)
WHERE c.state IN ('done', 'dead') AND c.created_at > %s::timestamptz
UNION ALL
SELECT t.name, 'memory', m.memory_id::text FROM memories m JOIN tenants t USING (tenant_id)
WHERE m.created_at > %s::timestamptz
"""
_BORN = {"memory.stored", "memory.replaced", "memory.quarantined"}


async def drained(cluster: Cluster) -> bool:
    """Whether everything that is to be told arrives, when no pause is waited for."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        await cluster.surely(_BRING_FORWARD)
        [(left,)] = await cluster.surely(
            "SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'"
        )
        if not left:
            return True
        await asyncio.sleep(1)
    return False


async def judge(
    cluster: Cluster, ledger: Ledger, hooks: dict[str, str], since: object
) -> list[Verdict]:
    """``hooks`` has the tenant of each path of the receiver that hears everything, since then."""
    dry = await drained(cluster)
    heard = await cluster.heard()
    told: dict[str, set[tuple[str, str]]] = {tenant: set() for tenant in hooks.values()}
    late = []
    erased = {(person.tenant, person.user): person.at for person in ledger.erased}
    for identifier, event in heard["events"].items():
        tenant, data = hooks.get(event["path"], ""), event["data"]
        if tenant:
            told[tenant].add(_named(event["type"], data))
        at = erased.get((tenant, data.get("user_id", "")))
        if at is not None and event["last"] > at + LATE_SECONDS:
            late.append(f"{identifier} {event['type']}: {event['last'] - at:.0f} s after")
    happened = await cluster.surely(_HAPPENED, since, since)
    missing = [
        f"{tenant}: {what} {identifier}"
        for tenant, what, identifier in happened
        if tenant in told and (what, identifier) not in told[tenant]
    ]
    return [
        none_of("I13", "webhooks: deliveries that are still under way", [] if dry else ["some"]),
        none_of("I13", "webhooks: what happened and was never told", missing),
        none_of("I13", "webhooks: told about persons after they were erased", late),
        none_of("I13", "webhooks: deliveries whose signature is not right",
                ["one"] * heard["unsigned"]),
    ]  # fmt: skip


def _named(kind: str, data: dict[str, Any]) -> tuple[str, str]:
    if kind in _BORN:
        return "memory", data.get("memory_id", "")
    return kind, data.get("conversation_id", "")
