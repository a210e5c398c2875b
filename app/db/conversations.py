"""Conversations as their owners see them: accepted, listed, read, replayed, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from app.db import key_reach
from app.db.outbox import ANNOUNCED_CONVERSATIONS, OF_A_CONVERSATION
from app.db.pool import TenantTx
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Accepted, Message, NewConversation, Progress

_PROGRESS = """
    conversation_id, user_id, namespace, source, external_id, metadata, message_count,
    occurred_at, created_at, state, attempts, crash_attempts, next_attempt_at, error_code,
    error_detail, claimed_at, finished_at, stages, receipt, reverted_at,
    messages IS NULL AS erased
"""


async def accept(tx: TenantTx, new: NewConversation) -> Accepted:
    """Write the conversation down. The same idempotency key again gives the first row back,
    whatever the body."""
    scope = new.scope
    cursor = await tx.execute(
        """
        INSERT INTO conversations (
            tenant_id, owner_key, user_id, namespace, agent_id, team_id, visibility, messages,
            message_count, occurred_at, created_at, instructions, source, external_id, metadata,
            priority, idempotency_key, body_sha256, ready)
        VALUES (
            %(tenant_id)s, %(owner_key)s, %(user_id)s, %(namespace)s, %(agent_id)s, %(team_id)s,
            %(visibility)s, %(messages)s, %(message_count)s,
            -- Not when the transaction began: their ids order them, and their times have to agree.
            coalesce(%(occurred_at)s, clock_timestamp()), clock_timestamp(),
            %(instructions)s, %(source)s, %(external_id)s, %(metadata)s, %(priority)s,
            %(idempotency_key)s, %(body_sha256)s,
            NOT EXISTS (
                SELECT FROM conversations
                WHERE tenant_id = %(tenant_id)s AND owner_key = %(owner_key)s
                  AND state IN ('queued', 'processing')))
        ON CONFLICT (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
        RETURNING conversation_id, state, created_at
        """,
        {
            "tenant_id": tx.tenant_id,
            "owner_key": new.owner_key,
            "user_id": new.user_id,
            "namespace": scope.namespace,
            "agent_id": scope.agent_id,
            "team_id": new.team_id,
            "visibility": new.visibility,
            "messages": Jsonb([_message_to_json(message) for message in new.messages]),
            "message_count": len(new.messages),
            "occurred_at": new.occurred_at,
            "instructions": new.instructions,
            "source": new.source,
            "external_id": new.external_id,
            "metadata": Jsonb(new.metadata),
            "priority": new.priority,
            "idempotency_key": new.idempotency_key,
            "body_sha256": new.body_sha256,
        },
    )
    row = await cursor.fetchone()
    if row is not None:
        conversation_id, state, created_at = row
        return Accepted(
            conversation_id, state, created_at, replayed=False, body_sha256=new.body_sha256
        )
    cursor = await tx.execute(
        """
        SELECT conversation_id, 'queued', created_at, true, body_sha256 FROM conversations
        WHERE tenant_id = %s AND idempotency_key = %s
        """,
        (tx.tenant_id, new.idempotency_key),
    )
    row = await cursor.fetchone()
    assert row is not None, "a conversation is never deleted, so its key stays taken"
    return Accepted(*row)


async def get(
    tx: TenantTx, conversation_id: UUID, restriction: KeyRestriction = UNRESTRICTED
) -> Progress | None:
    """One conversation, or None when this tenant has none of that id within ``reach``."""
    async with tx.cursor(row_factory=class_row(Progress)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_PROGRESS} FROM conversations c
            WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
              AND {key_reach.within("c")}
            """,
            {
                "tenant_id": tx.tenant_id,
                "conversation_id": conversation_id,
                **key_reach.parameters(restriction),
            },
        )
        return await cursor.fetchone()


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
    """Newest first, those before the id ``before``; ``since`` is a lower bound on when they were
    accepted."""
    async with tx.cursor(row_factory=class_row(Progress)) as cursor:
        await cursor.execute(
            f"""
            SELECT {_PROGRESS} FROM conversations c
            WHERE tenant_id = %(tenant_id)s AND {key_reach.within("c")}
              AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
              AND (%(state)s::text IS NULL OR state = %(state)s)
              AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
              AND (%(before)s::uuid IS NULL OR conversation_id < %(before)s)
            ORDER BY conversation_id DESC LIMIT %(limit)s
            """,
            {
                "tenant_id": tx.tenant_id,
                "user_id": user_id,
                "state": state,
                "since": since,
                "before": before,
                "limit": limit,
                **key_reach.parameters(restriction),
            },
        )
        return await cursor.fetchall()


async def replay(tx: TenantTx, conversation_id: UUID) -> bool:
    """Queue a finished conversation once more, attempts from zero. False when it is not dead or
    done, or is erased."""
    cursor = await tx.execute(
        """
        UPDATE conversations
        SET state = 'queued', ready = true, run = run + 1, attempts = 0, crash_attempts = 0,
            next_attempt_at = now(), error_code = NULL, error_detail = NULL, finished_at = NULL,
            receipt = NULL, stages = '{}', reverted_at = NULL
        WHERE tenant_id = %s AND conversation_id = %s AND state IN ('done', 'dead')
          AND messages IS NOT NULL
        RETURNING conversation_id
        """,
        (tx.tenant_id, conversation_id),
    )
    return await cursor.fetchone() is not None


async def erase(tx: TenantTx, conversation_id: UUID) -> bool:
    """Cancel what is unfinished and remove the text: messages, extractions, quotes, and the
    receipt. What was learned stays. False when this tenant has no such conversation.

    The owner is locked, so a settle of this conversation either came before, or finds it
    cancelled. The names that were heard in the owner's conversations are forgotten.
    """
    key = (tx.tenant_id, conversation_id)
    found = await tx.execute(
        """
        SELECT FROM memory_owners JOIN conversations USING (tenant_id, owner_key)
        WHERE tenant_id = %s AND conversation_id = %s FOR UPDATE OF memory_owners
        """,
        key,
    )
    await found.fetchall()
    erased = await tx.execute(
        f"""
        WITH found AS (
            SELECT tenant_id, conversation_id, state AS was FROM conversations
            WHERE tenant_id = %s AND conversation_id = %s FOR UPDATE
        ), erased AS (
            UPDATE conversations
            SET state = CASE WHEN was IN ('queued', 'processing') THEN 'cancelled' ELSE state END,
                finished_at = coalesce(finished_at, now()), lease_token = NULL, lease_until = NULL,
                messages = NULL, instructions = NULL, metadata = '{{}}', receipt = NULL,
                external_id = NULL
            FROM found
            WHERE (conversations.tenant_id, conversations.conversation_id)
                = (found.tenant_id, found.conversation_id)
            RETURNING conversations.*, was
        ), heard AS (
            UPDATE memory_owners SET speakers = '{{}}' FROM erased
            WHERE (memory_owners.tenant_id, memory_owners.owner_key)
                = (erased.tenant_id, erased.owner_key)
        ), finished AS (
            SELECT {OF_A_CONVERSATION} FROM erased WHERE was IN ('queued', 'processing')
        ), {ANNOUNCED_CONVERSATIONS}
        SELECT FROM erased
        """,
        key,
    )
    await tx.execute("DELETE FROM extractions WHERE tenant_id = %s AND conversation_id = %s", key)
    await tx.execute(
        """
        UPDATE memories SET quote = ''
        WHERE tenant_id = %s AND conversation_id = %s AND quote <> ''
        """,
        key,
    )
    return await erased.fetchone() is not None


def _message_to_json(message: Message) -> dict[str, Any]:
    document: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name is not None:
        document["name"] = message.name
    if message.at is not None:
        document["at"] = message.at.isoformat()
    return document
