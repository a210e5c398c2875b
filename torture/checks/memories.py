"""The oracle: every memory against what the ledger says must be remembered."""

from __future__ import annotations

from collections import defaultdict

from torture.checks.verdict import Verdict, none_of
from torture.cluster import Cluster
from torture.ledger import Ledger
from torture.model.expected import expected
from torture.model.findings import Finding, Wrong, done_out_of_order, findings, out_of_order
from torture.model.rows import read_rows

_MEANS = {
    Wrong.LOST: "memories that are lost, or retired without reason",
    Wrong.DOUBLED: "memories that are there twice",
    Wrong.MISPLACED: "memories of a wrong owner, namespace, agent, team or scope",
    Wrong.UNPLANNED: "memories that nobody planted",
    Wrong.WRONG_ORDER: "updates, homes or conversations in a wrong order",
    Wrong.ALTERED: "memories whose words or digest are not those that were sent",
    Wrong.RETURNED: "memories that were deleted, reverted, erased or never to be",
    Wrong.WRONG_SOURCE: "memories that name another source or quote than their own",
}

_DONE = """
SELECT t.name || ' ' || c.owner_key, c.conversation_id::text, c.finished_at::text
FROM conversations c JOIN tenants t USING (tenant_id)
WHERE c.state = 'done' AND c.run = 0 AND c.claims <= 1
"""
"""Conversations that went through at once. What failed before waits, and may be overtaken."""


async def judge(cluster: Cluster, ledger: Ledger, tenants: list[str]) -> list[Verdict]:
    """A check for each kind of a wrong result."""
    rows = await read_rows(cluster.surely)
    found = findings(expected(ledger.deeds), rows, tenants)
    found += out_of_order(ledger.acceptances())
    found += done_out_of_order(
        (owner, conversation, ended) for owner, conversation, ended in await cluster.surely(_DONE)
    )
    by_kind: dict[Wrong, list[Finding]] = defaultdict(list)
    for each in found:
        by_kind[each.wrong].append(each)
    return [
        none_of("I11", f"{wrong}: {means}", (each.detail for each in by_kind[wrong]))
        for wrong, means in _MEANS.items()
    ]
