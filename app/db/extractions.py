"""What an extractor drew, kept before it is applied: a conversation that runs again never pays
twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.db.pool import TenantTx
from app.rules.types import Extraction, Fact, Relation, Usage


async def stored(tx: TenantTx, conversation_id: UUID, version: str) -> dict[int, Extraction]:
    """The conversation's extractions of this extractor version, by part."""
    cursor = await tx.execute(
        """
        SELECT part, facts, usage, relations FROM extractions
        WHERE tenant_id = %s AND conversation_id = %s AND version = %s AND NOT split
        """,
        (tx.tenant_id, conversation_id, version),
    )
    return {
        part: Extraction(
            tuple(_fact(document) for document in facts),
            Usage(**usage),
            tuple(Relation(**document) for document in relations),
        )
        for part, facts, usage, relations in await cursor.fetchall()
    }


async def split(tx: TenantTx, conversation_id: UUID, version: str) -> set[int]:
    """The parts that were too much for one answer, so that their halves are read instead."""
    cursor = await tx.execute(
        """
        SELECT part FROM extractions
        WHERE tenant_id = %s AND conversation_id = %s AND version = %s AND split
        """,
        (tx.tenant_id, conversation_id, version),
    )
    return {part for (part,) in await cursor.fetchall()}


async def save_split(tx: TenantTx, conversation_id: UUID, part: int, version: str) -> None:
    """Note that a part is to be read in halves, so that it is tried whole only once."""
    await tx.execute(
        """
        INSERT INTO extractions (tenant_id, conversation_id, part, version, facts, usage, split)
        SELECT %(tenant_id)s, %(conversation_id)s, %(part)s, %(version)s, '[]', '{}', true
        WHERE EXISTS (SELECT FROM conversations
                      WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
                        AND messages IS NOT NULL)
        ON CONFLICT DO NOTHING
        """,
        {
            "tenant_id": tx.tenant_id,
            "conversation_id": conversation_id,
            "part": part,
            "version": version,
        },
    )


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
    await tx.execute(
        """
        WITH held AS (
            SELECT FROM conversations
            WHERE tenant_id = %s AND conversation_id = %s AND messages IS NOT NULL FOR SHARE
        )
        INSERT INTO extractions (tenant_id, conversation_id, part, version, facts, usage, relations)
        SELECT %s, %s, %s, %s, %s, %s, %s FROM held
        ON CONFLICT DO NOTHING
        """,
        (
            tx.tenant_id,
            conversation_id,
            tx.tenant_id,
            conversation_id,
            part,
            version,
            Jsonb(_facts(extraction.facts)),
            Jsonb(asdict(extraction.usage)),
            Jsonb([asdict(relation) for relation in extraction.relations]),
        ),
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
