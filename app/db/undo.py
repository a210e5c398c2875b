"""What a conversation has done to memories, and taking it back or its words out."""

from __future__ import annotations

from uuid import UUID

from psycopg.types.json import Jsonb

from app.db.outbox import ANNOUNCED_CONVERSATIONS, OF_A_CONVERSATION
from app.db.pool import TenantTx
from app.rules.types import Born, Heir

BORN_OF = """
SELECT memory_id, state, superseded_by, user_id, namespace, agent_id FROM memories
WHERE tenant_id = %s AND conversation_id = %s ORDER BY memory_id FOR NO KEY UPDATE
"""


async def born_of(tx: TenantTx, conversation_id: UUID) -> list[Born]:
    """The memories that the conversation has made, held until the transaction ends."""
    cursor = await tx.execute(BORN_OF, (tx.tenant_id, conversation_id))
    return [Born(*row) for row in await cursor.fetchall()]


HEIR_OF = """
SELECT e.conversation_id, c.user_id, c.source, c.metadata, said.fact
FROM memory_events e
LEFT JOIN conversations c
    ON c.tenant_id = e.tenant_id AND c.conversation_id = e.conversation_id
LEFT JOIN LATERAL (
    SELECT fact FROM jsonb_array_elements(c.receipt -> 'facts') fact
    WHERE fact ->> 'memory_id' = e.memory_id::text AND fact ->> 'action' = 'duplicate'
    LIMIT 1) said ON true
WHERE e.tenant_id = %(tenant_id)s AND e.memory_id = %(memory_id)s
  AND e.action = 'duplicate'
  AND (e.conversation_id IS NULL AND %(but_user)s::text IS NULL
       OR c.state = 'done' AND c.reverted_at IS NULL
          AND c.conversation_id IS DISTINCT FROM %(but)s
          AND c.user_id IS DISTINCT FROM %(but_user)s)
ORDER BY e.event_id LIMIT 1
"""


async def heir_of(
    tx: TenantTx,
    memory_id: UUID,
    *,
    but: UUID | None = None,
    but_user: str | None = None,
) -> Heir | None:
    """The first that said the fact of the memory again and was not undone since, leaving out the
    conversation ``but`` and all that ``but_user`` said or may have said."""
    cursor = await tx.execute(
        HEIR_OF,
        {"tenant_id": tx.tenant_id, "memory_id": memory_id, "but": but, "but_user": but_user},
    )
    row = await cursor.fetchone()
    return Heir(*row) if row else None


HAND_OVER = """
UPDATE memories SET conversation_id = %s, user_id = coalesce(%s, user_id),
    message_indexes = %s, quote = %s, updated_at = clock_timestamp()
WHERE tenant_id = %s AND memory_id = %s
"""


async def hand_over(tx: TenantTx, memory_id: UUID, heir: Heir) -> None:
    """Let the memory rest on its heir from now on; its words stay."""
    said = heir.said or {}
    await tx.execute(
        HAND_OVER,
        (
            heir.conversation_id,
            heir.user_id,
            said.get("message_indexes", []),
            said.get("quote", ""),
            tx.tenant_id,
            memory_id,
        ),
    )


SHARED_BY = """
SELECT memory_id FROM memories
WHERE tenant_id = %s AND user_id = %s AND visibility = 'team' AND state = 'live'
ORDER BY memory_id FOR NO KEY UPDATE
"""


async def shared_by(tx: TenantTx, user_id: str) -> list[UUID]:
    """The live memories that the user has told teams, held until the transaction ends."""
    cursor = await tx.execute(SHARED_BY, (tx.tenant_id, user_id))
    return [row[0] for row in await cursor.fetchall()]


REWORD = """
UPDATE memories m
SET user_id = %(user_id)s, conversation_id = %(conversation_id)s, fact = %(fact)s,
    about = '', quote = %(quote)s, message_indexes = %(indexes)s, source = %(source)s,
    metadata = %(metadata)s, content_hash = %(hash)s,
    trust = coalesce(%(trust)s::real, trust), updated_at = clock_timestamp()
WHERE tenant_id = %(tenant_id)s AND memory_id = %(memory_id)s AND NOT EXISTS (
    SELECT FROM memories o
    WHERE o.tenant_id = m.tenant_id AND o.scope_key = m.scope_key AND o.state = 'live'
      AND o.content_hash = %(hash)s AND o.memory_id <> m.memory_id)
"""


async def reword(tx: TenantTx, memory_id: UUID, heir: Heir, content_hash: bytes) -> None:
    """Put the memory in its heir's words and name, with nothing left of who had said it first. A
    scope that holds these words already keeps them once: then this one stays as it is."""
    said = heir.said or {}
    await tx.execute(
        REWORD,
        {
            "tenant_id": tx.tenant_id,
            "memory_id": memory_id,
            "user_id": heir.user_id,
            "conversation_id": heir.conversation_id,
            "fact": said["fact"],
            "quote": said.get("quote", ""),
            "indexes": said.get("message_indexes", []),
            "source": heir.source,
            "metadata": Jsonb(heir.metadata or {}),
            "hash": content_hash,
            "trust": heir.trust,
        },
    )


OWNER_KEYS_OF = """
SELECT owner_key FROM conversations
WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
UNION
SELECT CASE WHEN visibility = 'team' THEN 'team:' || team_id ELSE 'user:' || user_id END
FROM memories
WHERE tenant_id = %(tenant_id)s AND conversation_id = %(conversation_id)s
ORDER BY owner_key
"""


async def owner_keys_of(tx: TenantTx, conversation_id: UUID) -> list[str]:
    """What to lock before the conversation is undone: its own owner, and those of its memories,
    which may have moved since. In order."""
    cursor = await tx.execute(
        OWNER_KEYS_OF, {"tenant_id": tx.tenant_id, "conversation_id": conversation_id}
    )
    return [row[0] for row in await cursor.fetchall()]


HAND_ON = """
UPDATE memories SET superseded_by = %(heir)s
WHERE tenant_id = %(tenant_id)s AND superseded_by = %(memory_id)s
  AND memory_id <> %(heir)s
"""

FIND_RETIRED = """
WITH retired AS (
    -- This one goes first: two live ones of the same words cannot be.
    UPDATE memories SET state = 'superseded' WHERE tenant_id = %(tenant_id)s
        AND memory_id = %(memory_id)s AND state = 'live'
    RETURNING memory_id
)
SELECT DISTINCT ON (old.scope_key, old.content_hash) old.memory_id
FROM memories old, retired
WHERE old.tenant_id = %(tenant_id)s AND old.superseded_by = %(memory_id)s
  AND old.conversation_id IS DISTINCT FROM %(conversation_id)s
  AND NOT EXISTS (
      SELECT FROM memories said
      WHERE said.tenant_id = old.tenant_id AND said.scope_key = old.scope_key
        AND said.content_hash = old.content_hash AND said.state = 'live'
        AND said.memory_id <> %(memory_id)s)
ORDER BY old.scope_key, old.content_hash, old.superseded_at DESC
"""

BRING_BACK = """
UPDATE memories
SET state = 'live', superseded_at = NULL, superseded_by = NULL, valid_until = NULL,
    updated_at = clock_timestamp()
WHERE tenant_id = %s AND memory_id = ANY(%s)
"""


async def bring_back(tx: TenantTx, conversation_id: UUID, born: Born) -> list[UUID]:
    """What the memory had replaced is as if it had never been there: alive again or, when something
    has replaced the memory meanwhile, replaced by that. Those that are alive again.

    One whose words are alive in its scope under another id stays superseded.
    """
    if born.state == "superseded" and born.superseded_by is not None:
        await tx.execute(
            HAND_ON,
            {
                "tenant_id": tx.tenant_id,
                "memory_id": born.memory_id,
                "heir": born.superseded_by,
            },
        )
        return []
    cursor = await tx.execute(
        FIND_RETIRED,
        {
            "tenant_id": tx.tenant_id,
            "memory_id": born.memory_id,
            "conversation_id": conversation_id,
        },
    )
    back = [row[0] for row in await cursor.fetchall()]
    await tx.execute(BRING_BACK, (tx.tenant_id, back))
    return back


FORGET_REPETITIONS = """
UPDATE memory_recalls r
SET reinforcements = r.reinforcements - 1, last_reinforced_at = NULL
FROM memory_events e
WHERE e.tenant_id = %(tenant_id)s AND e.conversation_id = %(conversation_id)s
  AND e.action = 'duplicate' AND r.tenant_id = e.tenant_id AND r.memory_id = e.memory_id
  AND r.last_reinforced_at = e.at AND r.reinforcements > 0
RETURNING r.memory_id
"""


async def forget_repetitions(tx: TenantTx, conversation_id: UUID) -> int:
    """Take back what the conversation's duplicates have added to memories of others, as far as
    nothing was added since; how many were weakened."""
    cursor = await tx.execute(
        FORGET_REPETITIONS, {"tenant_id": tx.tenant_id, "conversation_id": conversation_id}
    )
    return len(await cursor.fetchall())


DELETE_EDGES_OF = """
DELETE FROM memory_edges WHERE tenant_id = %s AND conversation_id = %s RETURNING edge_id
"""


async def delete_edges_of(tx: TenantTx, conversation_id: UUID) -> int:
    """Cut the edges that the conversation has drawn; how many there were."""
    cursor = await tx.execute(DELETE_EDGES_OF, (tx.tenant_id, conversation_id))
    return len(await cursor.fetchall())


MARK_REVERTED = """
UPDATE conversations SET reverted_at = clock_timestamp()
WHERE tenant_id = %s AND conversation_id = %s
"""


async def mark_reverted(tx: TenantTx, conversation_id: UUID) -> None:
    """Note on the conversation that it was undone."""
    await tx.execute(MARK_REVERTED, (tx.tenant_id, conversation_id))


LOCK_OWNER_OF = """
SELECT FROM memory_owners JOIN conversations USING (tenant_id, owner_key)
WHERE tenant_id = %s AND conversation_id = %s FOR NO KEY UPDATE OF memory_owners
"""

ERASE_TEXT = f"""
WITH found AS (
    SELECT tenant_id, conversation_id, state AS was FROM conversations
    WHERE tenant_id = %s AND conversation_id = %s FOR NO KEY UPDATE
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
"""

DELETE_EXTRACTIONS = "DELETE FROM extractions WHERE tenant_id = %s AND conversation_id = %s"

DELETE_VECTORS = "DELETE FROM kept_vectors WHERE tenant_id = %s AND conversation_id = %s"

EMPTY_QUOTES = """
UPDATE memories SET quote = ''
WHERE tenant_id = %s AND conversation_id = %s AND quote <> ''
"""


async def erase_text(tx: TenantTx, conversation_id: UUID) -> bool:
    """Cancel what is unfinished and remove the text: messages, extractions, quotes, and the
    receipt. What was learned stays. False when this tenant has no such conversation.

    The owner is locked, so a settle of this conversation either came before, or finds it
    cancelled. The names that were heard in the owner's conversations are forgotten.
    """
    key = (tx.tenant_id, conversation_id)
    found = await tx.execute(LOCK_OWNER_OF, key)
    await found.fetchall()
    erased = await tx.execute(ERASE_TEXT, key)
    await tx.execute(DELETE_EXTRACTIONS, key)
    await tx.execute(DELETE_VECTORS, key)
    await tx.execute(EMPTY_QUOTES, key)
    return await erased.fetchone() is not None


LOWER_AGAIN = """
UPDATE memories m
SET importance = (e.before ->> 'importance')::real, trust = (e.before ->> 'trust')::real,
    updated_at = clock_timestamp()
FROM memory_events e
WHERE e.tenant_id = %(tenant_id)s AND e.conversation_id = %(conversation_id)s
  AND e.action = 'raised' AND m.tenant_id = e.tenant_id AND m.memory_id = e.memory_id
  AND m.importance = (e.after ->> 'importance')::real AND m.trust = (e.after ->> 'trust')::real
"""


async def lower_again(tx: TenantTx, conversation_id: UUID) -> None:
    """Give memories that the conversation has repeated the importance and trust back that they had
    before, unless these have changed since."""
    await tx.execute(LOWER_AGAIN, {"tenant_id": tx.tenant_id, "conversation_id": conversation_id})
