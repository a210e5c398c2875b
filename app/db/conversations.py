"""Conversations as their owners see them: accepted, listed, read, replayed, cancelled."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    bindparam,
    func,
    literal_column,
    not_,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db import key_reach
from app.db.message_json import message_to_json
from app.db.pool import TenantTx
from app.db.schema import conversations
from app.db.statements import OWN_ID, Statement, own, shapes
from app.db.tombstones import erased_since
from app.db.undo import erase_text as erase
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Accepted, Named, NewConversation, Progress

__all__ = ["accept", "accepted_before", "erase", "get", "list_page", "replay"]

_c = conversations.c
_PROGRESS: list[ColumnElement[Any]] = [
    _c.messages.is_(None).label("erased") if name == "erased" else _c[name]
    for name in Progress.__dataclass_fields__
]
_THE_CONVERSATION = own(conversations) & (_c.conversation_id == bindparam("conversation_id"))

_GIVEN = (
    "owner_key",
    "user_id",
    "namespace",
    "agent_id",
    "team_id",
    "visibility",
    "messages",
    "message_count",
    "instructions",
    "source",
    "external_id",
    "metadata",
    "priority",
    "idempotency_key",
    "body_sha256",
)
_VALUES: dict[str, ColumnElement[Any]] = {
    "tenant_id": OWN_ID,
    **{name: bindparam(name, type_=_c[name].type) for name in _GIVEN},
    # Not when the transaction began: their ids order them, and their times have to agree.
    "occurred_at": func.coalesce(
        bindparam("occurred_at", type_=_c.occurred_at.type), func.clock_timestamp()
    ),
    "created_at": func.clock_timestamp(),
}
_ACCEPT = Statement(
    insert(conversations)
    .from_select(
        list(_VALUES),
        select(*(value.label(f"the_{name}") for name, value in _VALUES.items())).where(
            not_(erased_since())
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing(
        index_elements=["tenant_id", "idempotency_key"],
        index_where=_c.idempotency_key.is_not(None),
    )
    .returning(_c.conversation_id, _c.state, _c.created_at)
)
_ACCEPTED_BEFORE = Statement(
    select(_c.conversation_id, _c.created_at, _c.body_sha256).where(
        own(conversations), _c.idempotency_key == bindparam("idempotency_key")
    )
)
_GET = Statement(select(*_PROGRESS).where(_THE_CONVERSATION, key_reach.within(conversations)))
_BOUNDS = {
    "user_id": _c.user_id == bindparam("user_id"),
    "state": _c.state == bindparam("state"),
    "since": _c.created_at >= bindparam("since"),
    "before": _c.conversation_id < bindparam("before"),
}


@shapes((frozenset[str](),), (frozenset(_BOUNDS),))
def _list_page(given: frozenset[str]) -> Statement:
    return Statement(
        select(*_PROGRESS)
        .where(own(conversations), key_reach.within(conversations))
        .where(*(bound for name, bound in _BOUNDS.items() if name in given))
        .order_by(_c.conversation_id.desc())
        .limit(bindparam("limit", type_=Integer))
    )


_REPLAY = Statement(
    update(conversations)
    .where(_THE_CONVERSATION, _c.state.in_(["done", "dead"]), _c.messages.is_not(None))
    .values(
        state="queued",
        run=_c.run + 1,
        attempts=0,
        crash_attempts=0,
        next_attempt_at=func.now(),
        error_code=null(),
        error_detail=null(),
        finished_at=null(),
        receipt=null(),
        stages=literal_column("'{}'", JSONB),
        reverted_at=null(),
    )
    .returning(_c.conversation_id)
)


async def accept(tx: TenantTx, new: NewConversation, named: Named) -> Accepted | None:
    """Write the conversation down. The same idempotency key again gives the first row back,
    whatever the body. None when somebody who is ``named`` was erased meanwhile."""
    cursor = await _ACCEPT.run(
        tx,
        owner_key=new.owner_key,
        user_id=new.user_id,
        namespace=new.scope.namespace,
        agent_id=new.scope.agent_id,
        team_id=new.team_id,
        visibility=new.visibility,
        messages=[message_to_json(message) for message in new.messages],
        message_count=len(new.messages),
        occurred_at=new.occurred_at,
        instructions=new.instructions,
        source=new.source,
        external_id=new.external_id,
        metadata=new.metadata,
        priority=new.priority,
        idempotency_key=new.idempotency_key,
        body_sha256=new.body_sha256,
        **asdict(named),
    )
    row = await cursor.fetchone()
    if row is not None:
        conversation_id, state, created_at = row
        return Accepted(
            conversation_id, state, created_at, replayed=False, body_sha256=new.body_sha256
        )
    if new.idempotency_key is None:
        return None
    return await accepted_before(tx, new.idempotency_key)


async def accepted_before(tx: TenantTx, idempotency_key: str) -> Accepted | None:
    """Find the conversation that was accepted under the key, if there is one."""
    row = await (await _ACCEPTED_BEFORE.run(tx, idempotency_key=idempotency_key)).fetchone()
    if row is None:
        return None
    conversation_id, created_at, body_sha256 = row
    return Accepted(conversation_id, "queued", created_at, replayed=True, body_sha256=body_sha256)


async def get(
    tx: TenantTx, conversation_id: UUID, restriction: KeyRestriction = UNRESTRICTED
) -> Progress | None:
    """Find one conversation; None when this tenant has none of that id within reach."""
    return await _GET.one(
        tx, Progress, conversation_id=conversation_id, **key_reach.parameters(restriction)
    )


async def list_page(
    tx: TenantTx,
    *,
    user_id: str | None,
    state: str | None,
    since: datetime | None,
    before: UUID | None,
    limit: int,
    restriction: KeyRestriction = UNRESTRICTED,
) -> list[Progress]:
    """List them newest first, those before the id ``before``; ``since`` is a lower bound on when
    they were accepted."""
    bounds = {"user_id": user_id, "state": state, "since": since, "before": before}
    given = {name: value for name, value in bounds.items() if value is not None}
    return await _list_page(frozenset(given)).all(
        tx, Progress, **given, limit=limit, **key_reach.parameters(restriction)
    )


async def replay(tx: TenantTx, conversation_id: UUID) -> bool:
    """Queue a finished conversation once more, attempts from zero. False when it is not dead or
    done, or is erased."""
    return await _REPLAY.rowcount(tx, conversation_id=conversation_id) == 1
