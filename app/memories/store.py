"""Use case: store facts that a client states directly, or lets a model state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.concurrency import off_loop_if_long
from app.db import memory_owners, observations
from app.db.pool import TenantTx, transaction
from app.errors import Forbidden
from app.memories.embed import embedding
from app.memories.plan import PLAN_LIMIT, Destination, Group
from app.memories.reconcile import Outdated, Reconciliation, current_destination
from app.privacy.sanitize import clean_facts
from app.rules.standing import Author, Standing
from app.rules.standing import stated_by as standing_of
from app.rules.types import Action, Caller, Fact, OwnerState, Reconciled, Visibility
from app.tenancy import access, tombstones
from app.tenancy.access import Place
from app.tenancy.idempotency import IdempotentRequest
from app.tenancy.quotas import full_of_memories


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a stored fact, as it is kept for an Idempotency-Key."""

    action: str
    reason: str
    memory_id: UUID | None
    replaced_id: UUID | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcomes, in the order of the facts. ``replayed``: they are those of an earlier request
    with the same key."""

    outcomes: Sequence[Outcome]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class StatedFact:
    """A fact as a client states it. ``visibility`` None means the default of its place;
    ``valid_from`` None means now."""

    place: Place
    visibility: Visibility | None
    fact: str
    importance: float
    source: str
    metadata: dict[str, Any]
    valid_from: datetime | None = None


async def store_facts(
    caller: Caller,
    stated: Sequence[StatedFact],
    request: IdempotentRequest | None,
    *,
    stated_by: Author,
) -> Stored:
    """Store what a client states, each fact in its own place. What a model states is screened like
    a conversation: an order to an agent goes into quarantine.

    Raises NotFound, Forbidden, Unprocessable, PlanLimit, ProviderError.
    """
    targets = await access.find_targets(caller, [(each.place, each.visibility) for each in stated])
    clean = await clean_facts(caller.tenant_id, [(each.fact, each.metadata) for each in stated])
    standings = await _standings([text for text, _ in clean], stated_by)
    facts = []
    for each, (text, metadata), standing in zip(stated, clean, standings, strict=True):
        target = targets[each.place, each.visibility]
        destination = Destination(
            scope=target.scope,
            user_id=each.place.user_id,
            team_id=target.team_id,
            visibility=target.visibility,
            source=each.source,
            metadata=metadata,
        )
        fact = Fact(
            text,
            each.importance,
            valid_from=each.valid_from,
            about="",
            trust=standing.trust,
            quarantine_reason=standing.quarantine_reason,
        )
        facts.append((destination, fact))
    return await store(facts, request)


async def _standings(texts: Sequence[str], stated_by: Author) -> list[Standing]:
    """Give the standing of each text; to screen a model's takes ten times as long as other
    work."""
    chars = 10 * sum(map(len, texts)) if stated_by == "model" else 0
    return await off_loop_if_long(chars, lambda: [standing_of(stated_by, text) for text in texts])


async def store(
    facts: Sequence[tuple[Destination, Fact]], request: IdempotentRequest | None = None
) -> Stored:
    """Reconcile facts that a client of one tenant states directly: all of them or, when it raises,
    none.

    They are embedded at once: raises ProviderError when the embedder gives no answer. A fact for
    which the tenant's plan has no room is rejected with the reason ``plan_limit``; when there is
    room for none of them, PlanLimit is raised.
    """
    since = tombstones.arrived()
    earlier = await request.earlier_answer() if request else None
    if earlier is not None:
        return _replayed(earlier)
    tenant_id = facts[0][0].scope.tenant_id
    async with embedding(tenant_id, [fact for _, fact in facts]) as (embeddings, charge):
        groups = _by_scope(facts)
        reconciliation = Reconciliation(
            tenant_id,
            [
                Group([facts[n] for n in members], [embeddings.vectors[n] for n in members])
                for members in groups
            ],
        )
        while True:
            await reconciliation.decide()
            try:
                async with transaction(tenant_id) as tx:
                    authors = {destination.user_id for destination, _ in facts}
                    await tombstones.refuse_erased(tx, authors, since=since)
                    earlier = await request.begin(tx) if request else None
                    if earlier is not None:
                        return _replayed(earlier)
                    locks = await _lock(tx, [destination for destination, _ in facts])
                    outcomes = await _noted(
                        tx, facts, groups, await reconciliation.write(tx, locks)
                    )
                    if all(outcome.reason == PLAN_LIMIT for outcome in outcomes):
                        # Nothing was stored, so the idempotency key stays free: later there may be
                        # room.
                        raise await full_of_memories(tx)
                    if request:
                        await request.complete(tx, [_to_json(outcome) for outcome in outcomes])
                    await charge.settle(tx, embeddings.usage)
                return Stored(outcomes)
            except Outdated:
                continue


def _by_scope(facts: Sequence[tuple[Destination, Fact]]) -> list[list[int]]:
    """Group the facts' places by scope, in one order everywhere."""
    groups: dict[tuple[str, UUID], list[int]] = {}
    for n, (destination, _) in enumerate(facts):
        groups.setdefault((destination.owner_key, destination.scope.key), []).append(n)
    return [members for _, members in sorted(groups.items())]


async def _lock(tx: TenantTx, destinations: Sequence[Destination]) -> dict[str, OwnerState]:
    """Lock the owners of the destinations, in one order everywhere, so that two batches never wait
    for each other."""
    owner_keys = {destination.owner_key for destination in destinations}
    locks = {owner_key: await memory_owners.lock(tx, owner_key) for owner_key in sorted(owner_keys)}
    for destination in {each.owner_key: each for each in destinations}.values():
        if await current_destination(tx, destination) is not destination:
            raise Forbidden("This team has just been dissolved.", code="not_a_member")
    return locks


async def _noted(
    tx: TenantTx,
    facts: Sequence[tuple[Destination, Fact]],
    groups: Sequence[Sequence[int]],
    written: Sequence[Sequence[Reconciled]],
) -> list[Outcome]:
    """Note what a team knew already, and give the outcomes in the order in which the facts were
    stated."""
    outcomes: dict[int, Outcome] = {}
    for members, reconciled in zip(groups, written, strict=True):
        for n, each in zip(members, reconciled, strict=True):
            await _observe(tx, facts[n], each)
            outcomes[n] = Outcome(each.action.value, each.reason, each.memory_id, each.replaced_id)
    return [outcomes[n] for n in range(len(outcomes))]


async def _observe(tx: TenantTx, stated: tuple[Destination, Fact], outcome: Reconciled) -> None:
    """Keep who told a team what it knew already, for when whoever told it first is erased."""
    to, fact = stated
    if outcome.action is Action.DUPLICATE and to.visibility == "team" and outcome.memory_id:
        await observations.add(
            tx,
            outcome.memory_id,
            user_id=to.user_id,
            fact=fact.text,
            source=to.source,
            metadata=to.metadata,
            trust=fact.trust,
        )


def _to_json(outcome: Outcome) -> dict[str, str | None]:
    return {
        "action": outcome.action,
        "reason": outcome.reason,
        "memory_id": str(outcome.memory_id) if outcome.memory_id else None,
        "replaced_id": str(outcome.replaced_id) if outcome.replaced_id else None,
    }


def _replayed(answer: list[dict[str, Any]]) -> Stored:
    return Stored(
        [
            Outcome(
                each["action"],
                each["reason"],
                UUID(each["memory_id"]) if each["memory_id"] else None,
                UUID(each["replaced_id"]) if each["replaced_id"] else None,
            )
            for each in answer
        ],
        replayed=True,
    )
