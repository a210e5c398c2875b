"""The invariants of the fault table, asked of the database and over HTTP when all is quiet."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from torture.cluster import Cluster
from torture.ledger import DIES_OF, Entry, Kind, Ledger
from torture.words import canaries_in

FINAL = ("done", "dead", "cancelled")
ASKED_OVER_HTTP = 3_000
"""Conversations and canaries; beyond these a random sample is asked for."""
CALLS_PER_CONVERSATION = 1.25
MOST_CALLS = 8 + 3
"""Of one conversation: each attempt and each crash may cost one."""
UNREMEMBERED = (Kind.REGRET, Kind.DREAM, Kind.CRASHING, Kind.REJECTED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check. ``detail`` says where to look when it did not hold."""

    invariant: str
    what: str
    figure: float
    bar: str
    held: bool
    detail: tuple[str, ...] = ()


def none_of(invariant: str, what: str, found: Iterable[object]) -> Verdict:
    """A check that holds when nothing was found."""
    listed = [str(each) for each in found]
    return Verdict(invariant, what, len(listed), "0", not listed, tuple(listed[:10]))


async def judge(cluster: Cluster, ledger: Ledger, keys: Sequence[str], seed: int) -> list[Verdict]:
    """Every check of what is stored. The queue must have run dry before."""
    rows = {
        key: (str(identifier), state, code)
        for key, identifier, state, code in await cluster.surely(
            "SELECT idempotency_key, conversation_id, state, error_code FROM conversations "
            "WHERE idempotency_key IS NOT NULL"
        )
    }
    alive = await cluster.surely(
        "SELECT t.name, m.user_id, m.fact FROM memories m JOIN tenants t USING (tenant_id) "
        "WHERE m.state = 'live'"
    )
    http = Door(cluster.addresses, keys, ledger)
    sample = _sample(ledger.accepted, seed)
    return [
        *_nothing_lost(ledger, rows),
        none_of("I1", "accepted conversations that GET does not show as finished",
                await http.unfinished(sample)),
        *await _nothing_doubled(cluster, ledger, alive),
        *_everything_remembered(ledger, rows, alive),
        none_of("I3", "facts of done conversations that search does not find",
                await http.unfound([e for e in sample if _is_to_be_found(e, rows)])),
        *_nothing_leaked(cluster, ledger, alive),
        *_dead_are_the_poisons(ledger, rows),
        none_of("I5", "dead conversations that GET /v1/conversations?state=dead does not list",
                await http.unlisted_dead(ledger, rows)),
        *await _nothing_by_zombies(cluster),
        *await _bounded_cost(cluster, ledger),
        *await _forgotten(cluster, ledger),
        *(none_of("I8", what, found) for what, found in sorted(ledger.violations.items())),
    ]  # fmt: skip


def _nothing_lost(ledger: Ledger, rows: dict[str, tuple[str, str, str]]) -> list[Verdict]:
    lost = [e.key for e in ledger.accepted if e.key not in rows or rows[e.key][1] not in FINAL]
    renamed = [e.key for e in ledger.accepted if e.key in rows and e.ids != {rows[e.key][0]}]
    unsent = [key for key in rows if key not in ledger.entries]
    return [
        none_of("I1", "accepted conversations without a finished row", lost),
        none_of("I2", "idempotency keys that were answered with two ids", renamed),
        none_of("I2", "conversations that nobody sent", unsent),
    ]


async def _nothing_doubled(
    cluster: Cluster, ledger: Ledger, alive: list[tuple[Any, ...]]
) -> list[Verdict]:
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
    told = Counter(word for _, _, fact in alive for word in canaries_in(fact))
    homes = Counter((tenant, user) for tenant, user, _ in alive if user.startswith("mover-"))
    return [
        none_of("I2", "facts that live twice in a scope", facts),
        none_of("I2", "operations of one run that happened twice", operations),
        none_of("I2", "idempotency keys with two rows", keys),
        none_of("I2", "planted facts that live twice", (w for w, n in told.items() if n > 1)),
        none_of("I2", "movers with two homes", (mover for mover, n in homes.items() if n > 1)),
    ]


def _is_to_be_found(entry: Entry, rows: dict[str, tuple[str, str, str]]) -> bool:
    done = rows.get(entry.key, ("", "", ""))[1] == "done"
    return done and entry.kind not in (*UNREMEMBERED, Kind.MOVER)


def _everything_remembered(
    ledger: Ledger, rows: dict[str, tuple[str, str, str]], alive: list[tuple[Any, ...]]
) -> list[Verdict]:
    there = {word for _, _, fact in alive for word in canaries_in(fact)}
    wanted = {w for e in ledger.accepted if _is_to_be_found(e, rows) for w in e.canaries}
    unwanted = {w for e in ledger.entries.values() if e.kind in UNREMEMBERED for w in e.canaries}
    movers = {(f"tenant-{e.tenant}", e.user) for e in ledger.accepted if e.kind is Kind.MOVER}
    housed = {(tenant, user) for tenant, user, _ in alive}
    return [
        none_of("I3", "facts of done conversations that do not live", sorted(wanted - there)),
        none_of("I3", "movers without a home", sorted(movers - housed)),
        none_of("I2", "erased, dreamt and poisoned facts that live", sorted(unwanted & there)),
    ]


def _nothing_leaked(
    cluster: Cluster, ledger: Ledger, alive: list[tuple[Any, ...]]
) -> list[Verdict]:
    strangers = [
        word
        for tenant, _, fact in alive
        for word in canaries_in(fact)
        if f"tenant-{ledger.owner.get(word)}" != tenant
    ]
    spoken = [
        f"{log.name}: {len(words)} of them"
        for log in cluster.logs
        if (words := canaries_in(log.read_text(errors="replace")))
    ]
    return [
        none_of("I4", "memories of another tenant's words", strangers),
        none_of("I4", "logs with people's words in them", spoken),
    ]


def _dead_are_the_poisons(ledger: Ledger, rows: dict[str, tuple[str, str, str]]) -> list[Verdict]:
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
    sent = Counter(_tag(entry) for entry in ledger.accepted)
    answered = {tag: count for tag, count in claude["answered"].items() if tag in sent}
    mean = sum(answered.values()) / max(1, len(ledger.accepted))
    most = max((count / sent[tag] for tag, count in answered.items()), default=0.0)
    return [
        Verdict(
            "I7",
            "good answers of Claude per conversation",
            round(mean, 3),
            f"at most {CALLS_PER_CONVERSATION}",
            mean <= CALLS_PER_CONVERSATION,
        ),
        Verdict(
            "I7",
            "good answers of Claude for the dearest conversation",
            most,
            f"at most {MOST_CALLS}",
            most <= MOST_CALLS,
        ),
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


class Door:
    """Asks over HTTP, sixteen questions at a time."""

    def __init__(self, addresses: Sequence[str], keys: Sequence[str], ledger: Ledger) -> None:
        self._addresses, self._keys, self._ledger = addresses, keys, ledger
        self._turns = asyncio.Semaphore(16)

    async def unfinished(self, entries: Sequence[Entry]) -> list[str]:
        """The keys of those that are not finished."""

        async def ask(http: httpx2.AsyncClient, n: int, entry: Entry) -> str:
            answer = await self._get(
                http, n, entry.tenant, f"/v1/conversations/{min(entry.ids)}", {}
            )
            finished = answer.status_code == 200 and answer.json()["state"] in FINAL
            return "" if finished else f"{entry.key}: {answer.status_code}"

        return await self._ask_all(entries, ask)

    async def unfound(self, entries: Sequence[Entry]) -> list[str]:
        """The canaries that no search finds."""

        async def ask(http: httpx2.AsyncClient, n: int, entry: Entry) -> str:
            word = entry.canaries[n % len(entry.canaries)]
            answer = await self._get(
                http,
                n,
                entry.tenant,
                "/v1/memories/search",
                {"user_id": entry.user, "q": word, "limit": 10},
            )
            found = answer.status_code == 200 and word in canaries_in(answer.text)
            return "" if found else f"{entry.key} {word}"

        return await self._ask_all(entries, ask)

    async def unlisted_dead(
        self, ledger: Ledger, rows: dict[str, tuple[str, str, str]]
    ) -> list[str]:
        """The ids of the dead that their tenants' lists leave out."""
        died = [ledger.entries[k] for k, row in rows.items() if row[1] == "dead"]
        listed: set[str] = set()
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
            for tenant in {entry.tenant for entry in died}:
                cursor: dict[str, Any] = {}
                while True:
                    page = (
                        await self._get(
                            http, 0, tenant, "/v1/conversations",
                            {"state": "dead", "limit": 100, **cursor},
                        )
                    ).json()  # fmt: skip
                    listed |= {each["id"] for each in page["conversations"] if each["error"]}
                    if page["next_cursor"] is None:
                        break
                    cursor = {"cursor": page["next_cursor"]}
        return [entry.key for entry in died if not entry.ids <= listed]

    async def _ask_all(
        self,
        entries: Sequence[Entry],
        ask: Callable[[httpx2.AsyncClient, int, Entry], Awaitable[str]],
    ) -> list[str]:
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:

            async def one(n: int, entry: Entry) -> str:
                async with self._turns:
                    return await ask(http, n, entry)

            answers = await asyncio.gather(*(one(n, entry) for n, entry in enumerate(entries)))
        return [answer for answer in answers if answer]

    async def _get(
        self, http: httpx2.AsyncClient, n: int, tenant: int, path: str, params: dict[str, Any]
    ) -> httpx2.Response:
        address = self._addresses[n % len(self._addresses)]
        headers = {"Authorization": f"Bearer {self._keys[tenant]}"}
        answer = await http.get(f"{address}{path}", params=params, headers=headers)
        for word in canaries_in(answer.text):
            if self._ledger.owner.get(word, tenant) != tenant:
                self._ledger.violation("a word of another tenant in an answer", word)
        return answer


def _sample(entries: Sequence[Entry], seed: int) -> list[Entry]:
    if len(entries) <= ASKED_OVER_HTTP:
        return list(entries)
    return random.Random(f"sample {seed}").sample(list(entries), ASKED_OVER_HTTP)
