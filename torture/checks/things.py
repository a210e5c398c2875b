"""What is kept beside memories: agents, teams, skills, edges and webhooks, each there or not as it
must be."""

from __future__ import annotations

from torture.checks.verdict import Verdict, none_of
from torture.cluster import Cluster
from torture.ledger import Ledger

_THINGS = """
SELECT kind, t.name, id::text, thing.name FROM (
    SELECT 'agent' AS kind, tenant_id, agent_id AS id, name FROM agents
    UNION ALL SELECT 'team', tenant_id, team_id, name FROM teams
    UNION ALL SELECT 'skill', tenant_id, skill_id, name FROM skills
    UNION ALL SELECT 'edge', tenant_id, edge_id, relationship_type FROM memory_edges
        WHERE relationship_type <> 'supersedes'
    UNION ALL SELECT 'webhook', tenant_id, endpoint_id, url FROM webhook_endpoints
) AS thing JOIN tenants t USING (tenant_id)
"""


async def judge(cluster: Cluster, ledger: Ledger, tenants: list[str]) -> list[Verdict]:
    """Compare the tables with the ledger."""
    there = {
        identifier: (kind, tenant, name)
        for kind, tenant, identifier, name in await cluster.surely(_THINGS)
        if tenant in tenants
    }
    known = ledger.things
    missing = [
        f"{thing.kind} {identifier}"
        for identifier, thing in known.items()
        if thing.there and there.get(identifier) != (thing.kind, thing.tenant, thing.name)
    ]
    back = [f"{known[identifier].kind} {identifier}" for identifier in there
            if identifier in known and not known[identifier].there]  # fmt: skip
    unplanned = [f"{kind} {identifier}" for identifier, (kind, _, _) in there.items()
                 if identifier not in known]  # fmt: skip
    return [
        none_of(
            "I12", "agents, teams, skills, edges and webhooks that are missing or others'", missing
        ),
        none_of("I12", "those that were deleted and are there", back),
        none_of("I12", "those that nobody made, or that were made twice", unplanned),
    ]
