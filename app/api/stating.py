"""Facts that are stated, not drawn from a chat: by the application, or by a model that it lets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

from fastapi import Header

from app.api.schemas.memories import MemoryDuplicate, MemoryIn, MemoryStored
from app.db.pool import transaction
from app.memories.reconcile import Destination
from app.memories.store import Outcome, Stored, store
from app.privacy.sanitize import clean_facts
from app.rules.injection.screen import detect_injection
from app.rules.trust import OF_ROLE, STATED
from app.rules.types import Caller, Fact, Visibility
from app.tenancy import access
from app.tenancy.access import Place
from app.tenancy.idempotency import IdempotentRequest

Author: TypeAlias = Literal["application", "model"]

StatedBy = Annotated[
    Author,
    Header(
        alias="Smara-Stated-By",
        description="`model` when a model decided to store this, as in a tool call: it is trusted"
        " less, and what reads as an order to an agent is `quarantined`.",
    ),
]

TRUST: Mapping[Author, float] = {"application": STATED, "model": OF_ROLE["assistant"]}


async def store_facts(
    caller: Caller,
    bodies: Sequence[MemoryIn],
    idempotent: IdempotentRequest | None,
    *,
    stated_by: Author,
) -> Stored:
    """Settle what the bodies state, each where it says. What a model states is looked at as what a
    chat says: an order waits in quarantine. Raises NotFound, Forbidden, Unprocessable,
    ProviderError."""
    places: dict[tuple[Place, Visibility | None], access.Target] = {}
    async with transaction(caller.tenant_id) as tx:
        for body in bodies:
            where = _place(body)
            if where not in places:
                places[where] = await access.target(tx, caller, *where)
    clean = await clean_facts(caller.tenant_id, [(body.fact, body.metadata) for body in bodies])
    return await store(
        [
            (
                Destination(
                    scope=place.scope,
                    user_id=body.user_id,
                    team_id=place.team_id,
                    visibility=place.visibility,
                    source=body.source,
                    metadata=metadata,
                ),
                Fact(
                    text,
                    body.importance,
                    valid_from=body.valid_from,
                    about="",
                    trust=TRUST[stated_by],
                    quarantine_reason=detect_injection(text) if stated_by == "model" else None,
                ),
            )
            for body, (text, metadata) in zip(bodies, clean, strict=True)
            for place in [places[_place(body)]]
        ],
        idempotent,
    )


def stored_answer(body: MemoryIn, outcome: Outcome) -> MemoryStored | MemoryDuplicate:
    """What the client is told about one fact that was not rejected."""
    assert outcome.memory_id is not None, "only a rejected fact has no memory"
    if outcome.action == "duplicate":
        return MemoryDuplicate(action="duplicate", id=outcome.memory_id)
    assert outcome.action in ("stored", "replaced", "quarantined")
    return MemoryStored(
        action=outcome.action,
        id=outcome.memory_id,
        source=body.source,
        namespace=body.namespace,
        agent_id=body.agent_id,
        team_id=body.team_id,
        replaced_id=outcome.replaced_id,
    )


async def store_one(
    caller: Caller, body: MemoryIn, idempotent: IdempotentRequest | None, *, stated_by: Author
) -> tuple[Outcome, bool]:
    """Settle one fact; what became of it, and whether that was told before. Raises PlanLimit."""
    stored = await store_facts(caller, [body], idempotent, stated_by=stated_by)
    [outcome] = stored.outcomes
    return outcome, stored.replayed


def _place(body: MemoryIn) -> tuple[Place, Visibility | None]:
    return Place(body.user_id, body.namespace, body.agent_id, body.team_id), body.visibility
