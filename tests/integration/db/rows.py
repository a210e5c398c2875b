"""Rows for the tests of the SQL: short to write, and each with every column that matters."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils

from app.db import conversations, memories, tenants
from app.db.pool import Connection, system, transaction
from app.rules.content_hash import content_hash
from app.rules.types import Accepted, Message, Named, NewConversation, NewMemory, Scope

NOBODY = Named((), (), 0.0)
"""Nobody was erased who is named."""

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def unit(numbers: Sequence[float]) -> list[float]:
    """The vector of these numbers, of length 1."""
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def random_unit(rng: random.Random, dimension: int = 384) -> list[float]:
    return unit([rng.gauss(0, 1) for _ in range(dimension)])


def at_angle(similarity: float, dimension: int = 384) -> list[float]:
    """A unit vector whose cosine with the first axis is ``similarity``."""
    return [similarity, math.sqrt(1 - similarity * similarity), *([0.0] * (dimension - 2))]


def new_memory(scope: Scope, fact: str, vector: Sequence[float], **fields: Any) -> NewMemory:
    return NewMemory(
        **{
            "memory_id": uuid_utils.uuid7(),
            "scope": scope,
            "user_id": scope.user_id or "somebody",
            "visibility": "private",
            "fact": fact,
            "about": "User",
            "importance": 0.5,
            "source": "test",
            "metadata": {},
            "conversation_id": None,
            "message_indexes": (0,),
            "quote": "a quote",
            "valid_from": NEW_YEAR,
            "created_at": datetime.now(UTC),
            "content_hash": content_hash(fact),
            "embedding_model": "test",
            "vector": vector,
            **fields,
        }
    )


async def remember(scope: Scope, fact: str, vector: Sequence[float], **fields: Any) -> UUID:
    """Store one memory; its id."""
    new = new_memory(scope, fact, vector, **fields)
    async with transaction(scope.tenant_id) as tx:
        await memories.insert(tx, [new])
    return new.memory_id


def new_conversation(
    tenant_id: UUID, user_id: str = "ada", key: str | None = None, **fields: Any
) -> NewConversation:
    return NewConversation(
        **{
            "owner_key": f"user:{user_id}",
            "scope": Scope(tenant_id, "default", user_id),
            "user_id": user_id,
            "visibility": "private",
            "messages": [Message("user", "I live in Oslo.")],
            "occurred_at": None,
            "instructions": None,
            "source": "test",
            "external_id": None,
            "metadata": {},
            "priority": 0,
            "idempotency_key": key,
            "body_sha256": b"body",
            **fields,
        }
    )


async def queue_up(
    tenant_id: UUID, user_id: str = "ada", key: str | None = None, **fields: Any
) -> Accepted:
    """Accept a conversation of the user."""
    async with transaction(tenant_id) as tx:
        new = new_conversation(tenant_id, user_id, key, **fields)
        accepted = await conversations.accept(tx, new, NOBODY)
        assert accepted is not None
        return accepted


async def new_tenant(name: str = "test") -> UUID:
    """A tenant that no other test knows."""
    tenant_id = tenants.new_id()
    async with transaction(tenant_id) as tx:
        await tenants.create_tenant(tx, name)
    return tenant_id


@asynccontextmanager
async def owner() -> AsyncIterator[Connection]:
    """A transaction of the login itself, here a superuser, for whom no policy holds."""
    async with system() as tx:
        await tx.execute("SET LOCAL ROLE NONE")
        yield tx.connection


async def execute(statement: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Run one statement past every policy; its rows, if it has any."""
    async with owner() as conn:
        async with conn.pipeline():  # At its end the cursor knows whether there are rows.
            cursor = await conn.execute(statement, parameters)
        return await cursor.fetchall() if cursor.description else []
