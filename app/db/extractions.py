"""What an extractor drew, kept before it is applied: a conversation that runs again never pays
twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.db.pool import TenantTx
from app.db.schema import conversations, extractions
from app.db.statements import OWN_ID, Statement, own
from app.rules.types import Extraction, Fact, Relation, Usage

_OF_VERSION = (
    own(extractions)
    & (extractions.c.conversation_id == bindparam("conversation_id"))
    & (extractions.c.version == bindparam("version"))
)
_STORED = Statement(
    select(
        extractions.c.part, extractions.c.facts, extractions.c.usage, extractions.c.relations
    ).where(_OF_VERSION, ~extractions.c.split)
)
_SPLIT = Statement(select(extractions.c.part).where(_OF_VERSION, extractions.c.split))

_KEY = ("conversation_id", "part", "version")
_ANSWER = ("facts", "usage", "relations")
_NOT_ERASED = (
    own(conversations)
    & (conversations.c.conversation_id == bindparam("conversation_id"))
    & conversations.c.messages.is_not(None)
)
_SAVE_SPLIT = Statement(
    insert(extractions)
    .from_select(
        ["tenant_id", *_KEY, "facts", "usage", "split"],
        select(
            OWN_ID,
            *(bindparam(name, type_=extractions.c[name].type) for name in _KEY),
            literal_column("'[]'", JSONB),
            literal_column("'{}'", JSONB),
            literal_column("true"),
        ).where(exists(select().select_from(conversations).where(_NOT_ERASED))),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
)
_held = (
    select(conversations.c.conversation_id)
    .where(_NOT_ERASED)
    .with_for_update(read=True)
    .cte("held")
)
_SAVE = Statement(
    insert(extractions)
    .from_select(
        ["tenant_id", *_KEY, *_ANSWER],
        select(
            OWN_ID,
            *(bindparam(name, type_=extractions.c[name].type) for name in (*_KEY, *_ANSWER)),
        ).select_from(_held),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
)


async def stored(tx: TenantTx, conversation_id: UUID, version: str) -> dict[int, Extraction]:
    """Read the conversation's extractions of this extractor version, by part."""
    rows = await _STORED.rows(tx, conversation_id=conversation_id, version=version)
    return {
        part: Extraction(
            tuple(_fact(document) for document in facts),
            Usage(**usage),
            tuple(Relation(**document) for document in relations),
        )
        for part, facts, usage, relations in rows
    }


async def split(tx: TenantTx, conversation_id: UUID, version: str) -> set[int]:
    """Find the parts that were too much for one answer, so that their halves are read instead."""
    rows = await _SPLIT.rows(tx, conversation_id=conversation_id, version=version)
    return {part for (part,) in rows}


async def save_split(tx: TenantTx, conversation_id: UUID, part: int, version: str) -> None:
    """Note that a part is to be read in halves, so that it is tried whole only once."""
    await _SAVE_SPLIT.run(tx, conversation_id=conversation_id, part=part, version=version)


async def save(
    tx: TenantTx,
    conversation_id: UUID,
    part: int,
    version: str,
    extraction: Extraction,
) -> None:
    """Keep one part; one that is stored stays, so that a slow second process changes nothing. Of a
    conversation that was erased nothing is kept: its row is held, since an erasure beside this
    would delete what it sees and miss what comes after."""
    await _SAVE.run(
        tx,
        conversation_id=conversation_id,
        part=part,
        version=version,
        facts=_facts(extraction.facts),
        usage=asdict(extraction.usage),
        relations=[asdict(relation) for relation in extraction.relations],
    )


def _facts(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(asdict(fact), default=datetime.isoformat)) for fact in facts]


def _fact(document: dict[str, Any]) -> Fact:
    valid_from = document["valid_from"]
    return Fact(
        text=document["text"],
        importance=document["importance"],
        message_indexes=tuple(document["message_indexes"]),
        quote=document["quote"],
        valid_from=datetime.fromisoformat(valid_from) if valid_from else None,
        about=document["about"],
    )
