"""What became of each conversation, asked of the database and over HTTP when all is quiet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from torture.checks.door import FINAL, Door
from torture.checks.verdict import Verdict, at_most, none_of
from torture.cluster import Cluster
from torture.ledger import DIES_OF, UNREMEMBERED, Entry, Kind, Ledger

ASKED_OVER_HTTP = 3_000
"""Conversations and canaries; beyond these a random sample is asked for."""
CALLS_PER_CONVERSATION = 1.25
MOST_CALLS = 8 + 3
"""Of one conversation: each attempt and each crash may cost one."""

Rows = dict[str, tuple[str, str, str]]
"""Id, state and reason of each conversation, by its idempotency key."""


async def judge(cluster: Cluster, ledger: Ledger, keys: Sequence[str], seed: int) -> list[Verdict]:
    """Every check of what is stored. The queue must have run dry before."""
    rows = {
        key: (str(identifier), state, code)
        for key, identifier, state, code in await cluster.surely(
            "SELECT idempotency_key, conversation_id, state, error_code FROM conversations "
            "WHERE idempotency_key IS NOT NULL"
        )
    }
    unkeyed: dict[str, str] = dict(
        await cluster.surely(
            "SELECT conversation_id::text, state FROM conversations WHERE idempotency_key IS NULL"
        )
    )
    http = Door(cluster.addresses, keys, ledger)
    gone = {(person.tenant, person.user) for person in ledger.erased}
    kept = [each for each in ledger.accepted if (each.place.tenant, each.user) not in gone]
    sample = _sample(kept, seed)
    return [
        *_nothing_lost(ledger, rows, unkeyed),
        none_of("I1", "accepted conversations that GET does not show as finished",
                await http.unfinished(sample)),
        *await _nothing_doubled(cluster),
        none_of("I3", "facts of done conversations that search does not find",
                await http.unfound([e for e in sample if _is_to_be_found(e, rows)])),
        *_dead_are_the_poisons(ledger, rows),
        none_of("I5", "dead conversations that GET /v1/conversations?state=dead does not list",
                await http.unlisted_dead(ledger, rows)),
        *await _nothing_by_zombies(cluster),
        *await _bounded_cost(cluster, ledger),
        *await _forgotten(cluster, ledger),
    ]  # fmt: skip


def _nothing_lost(ledger: Ledger, rows: Rows, unkeyed: dict[str, str]) -> list[Verdict]:
    gone = {(person.tenant, person.user) for person in ledger.erased}
    lost = [
        e.key
        for e in ledger.accepted
        if (e.place.tenant, e.user) not in gone
        and (e.key not in rows or rows[e.key][1] not in FINAL)
    ]
    lost += [each for each in ledger.unkeyed if unkeyed.get(each) not in FINAL]
    renamed = [e.key for e in ledger.accepted if e.key in rows and e.ids != {rows[e.key][0]}]
    unsent = [key for key in rows if key not in ledger.entries]
    unsent += [each for each in unkeyed if each not in ledger.unkeyed]
    return [
        none_of("I1", "accepted conversations without a finished row", lost),
        none_of("I2", "idempotency keys that were answered with two ids", renamed),
        none_of("I2", "conversations that nobody sent", unsent),
    ]


async def _nothing_doubled(cluster: Cluster) -> list[Verdict]:
    facts = await cluster.surely(
        "SELECT tenant_id, scope_key, count(*) FROM memories WHERE state = 'live' "
        "GROUP BY tenant_id, scope_key, content_hash HAVING count(*) > 1"
    )
    operations = await cluster.surely(
        "SELECT conversation_id, run, op_no FROM memory_events WHERE conversation_id IS NOT NULL "
        "GROUP BY 1, 2, 3 HAVING count(*) > 1"
    )
    keys = await cluster.surely(
        "SELECT idempotency_key FROM conversations WHERE idempotency_key IS NOT NULL "
        "GROUP BY tenant_id, idempotency_key HAVING count(*) > 1"
    )
    return [
        none_of("I2", "facts that live twice in a scope", facts),
        none_of("I2", "operations of one run that happened twice", operations),
        none_of("I2", "idempotency keys with two rows", keys),
    ]


def _is_to_be_found(entry: Entry, rows: Rows) -> bool:
    """Whether a search must find each of its facts. Of movers the oracle knows which; what was
    taken back must be found nowhere."""
    done = rows.get(entry.key, ("", "", ""))[1] == "done"
    shown = entry.place.agent is None and entry.place.team is None
    return done and shown and entry.kind not in (*UNREMEMBERED, Kind.MOVER) and not entry.taken_back


def _dead_are_the_poisons(ledger: Ledger, rows: Rows) -> list[Verdict]:
    died = {key: code for key, (_, state, code) in rows.items() if state == "dead"}
    innocent = [
        f"{key} ({ledger.entries[key].kind}): {code}"
        for key, code in died.items()
        if key in ledger.entries and ledger.entries[key].kind not in DIES_OF
    ]
    survived = [
        f"{e.key} ({e.kind}): {rows.get(e.key, ('', 'no row', ''))[1:]}"
        for e in ledger.accepted
        if e.kind in DIES_OF and died.get(e.key) != DIES_OF[e.kind]
    ]
    return [
        none_of("I5", "dead conversations that were not planted to die", innocent),
        none_of("I5", "planted poisons that are not dead of what they should be", survived),
    ]


async def _nothing_by_zombies(cluster: Cluster) -> list[Verdict]:
    """Had two leases settled one run, its events would not be those of its one receipt."""
    differing = await cluster.surely(
        """
        SELECT c.conversation_id FROM conversations c
        WHERE c.state = 'done' AND c.receipt IS NOT NULL AND (
            SELECT count(*) FROM memory_events e WHERE e.tenant_id = c.tenant_id
                AND e.conversation_id = c.conversation_id AND e.run = c.run
        ) <> (
            SELECT count(*) FROM jsonb_array_elements(c.receipt -> 'facts') f
            WHERE f ->> 'memory_id' IS NOT NULL)
        """
    )
    early = await cluster.surely(
        "SELECT DISTINCT conversation_id FROM memory_events JOIN conversations "
        "USING (tenant_id, conversation_id) WHERE state IN ('dead', 'cancelled')"
    )
    return [
        none_of("I6", "runs whose events are not those of their receipt", differing),
        none_of("I6", "conversations that are dead and have settled something", early),
    ]


async def _bounded_cost(cluster: Cluster, ledger: Ledger) -> list[Verdict]:
    claude, _ = await cluster.tallies()
    # A large chat is read in several parts, each of which is a call of its own.
    sent: Counter[str] = Counter()
    for entry in ledger.accepted:
        sent[_tag(entry)] += entry.parts
    answered = {tag: count for tag, count in claude["answered"].items() if tag in sent}
    mean = round(sum(answered.values()) / max(1, sent.total()), 3)
    most = max((count / sent[tag] for tag, count in answered.items()), default=0.0)
    return [
        at_most("I7", "good answers of Claude per conversation", mean, CALLS_PER_CONVERSATION),
        at_most("I7", "good answers of Claude for the dearest conversation", most, MOST_CALLS),
    ]


def _tag(entry: Entry) -> str:
    start = entry.body.rindex(b"ref-")
    return entry.body[start : entry.body.index(b".", start)].decode()


async def _forgotten(cluster: Cluster, ledger: Ledger) -> list[Verdict]:
    """What was erased must be nowhere: not as a text, not as what was drawn from it."""
    regretted = [e for e in ledger.accepted if e.kind is Kind.REGRET]
    ids = [identifier for e in regretted for identifier in e.ids]
    left = await cluster.surely(
        """
        SELECT 'a text', conversation_id FROM conversations
        WHERE conversation_id = ANY(%s::uuid[])
            AND (messages IS NOT NULL OR receipt IS NOT NULL)
        UNION ALL
        SELECT 'an extraction', conversation_id FROM extractions
        WHERE conversation_id = ANY(%s::uuid[])
        UNION ALL
        SELECT 'a memory', conversation_id FROM memories WHERE conversation_id = ANY(%s::uuid[])
        """,
        ids,
        ids,
        ids,
    )
    return [none_of("F47", "remains of erased conversations", left)]


def _sample(entries: Sequence[Entry], seed: int) -> list[Entry]:
    if len(entries) <= ASKED_OVER_HTTP:
        return list(entries)
    return random.Random(f"sample {seed}").sample(list(entries), ASKED_OVER_HTTP)
