"""The floors: what FastAPI, psycopg's async pool and Postgres take by themselves.

Serve with: python -m benchmarks.floors PORT
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import uvicorn
import voyageai
from fastapi import FastAPI, Request
from pgvector import HalfVector
from pgvector.psycopg import register_vector_async
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel
from uuid_utils.compat import uuid7

from app.db import events, memories, memory_owners, quotas, tenants, tombstones
from app.db import search as search_sql
from app.db.pool import TenantTx
from app.db.search_filters import NO_BOUNDS
from app.rules.content_hash import content_hash
from app.rules.types import Action, Fact, NewMemory, Reconciled, Scope

TABLE = """
CREATE TABLE IF NOT EXISTS floor_inserts (id uuid PRIMARY KEY DEFAULT uuidv7(), body jsonb NOT NULL)
"""


class Body(BaseModel):
    """The same conversation as the service is sent, taken as it is."""

    user_id: str
    messages: list[dict[str, Any]]


class Stated(BaseModel):
    """A fact as a client states it."""

    user_id: str
    fact: str


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.pool = AsyncConnectionPool(
        os.environ["DATABASE_URL"],
        min_size=2,
        max_size=10,
        open=False,
        configure=register_vector_async,
        kwargs={
            "options": "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"
        },
    )
    await app.state.pool.open()
    app.state.vector = HalfVector(json.loads(os.environ["FLOOR_VECTOR"]))
    app.state.voyage = voyageai.AsyncClient("floor", base_url=os.environ["BENCH_VOYAGE_URL"])
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=_lifespan)


@app.post("/insert", status_code=202)
async def insert(body: Body, request: Request) -> dict[str, Any]:
    """One INSERT + COMMIT."""
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(
            "INSERT INTO floor_inserts (body) VALUES (%s) RETURNING id", (Jsonb(body.model_dump()),)
        )
        (identifier,) = await cursor.fetchone()
    return {"id": identifier}


@app.get("/search")
async def search(user_id: str, request: Request) -> dict[str, Any]:
    """The one statement that an exact search of the service runs, and its rows."""
    scope = Scope(UUID(os.environ["FLOOR_TENANT"]), "default", user_id)
    async with (
        request.app.state.pool.connection() as connection,
        connection.cursor(binary=True) as cursor,
    ):
        await cursor.execute(
            search_sql.by_vector(NO_BOUNDS).text,
            {
                "tenant_id": scope.tenant_id,
                "scope_keys": [scope.key],
                "limit": 10,
                "vector": request.app.state.vector,
            },
        )
        return {"results": await cursor.fetchall()}


@app.get("/context")
async def context(user_id: str, request: Request) -> dict[str, Any]:
    """The one statement of a context without a question, and its rows."""
    scope = Scope(UUID(os.environ["FLOOR_TENANT"]), "default", user_id)
    async with (
        request.app.state.pool.connection() as connection,
        connection.cursor(binary=True) as cursor,
    ):
        await cursor.execute(
            search_sql.unasked(NO_BOUNDS, "score").text,
            {"tenant_id": scope.tenant_id, "scope_keys": [scope.key], "limit": 10},
        )
        return {"memories": await cursor.fetchall()}


@app.post("/store", status_code=201)
async def store(body: Stated, request: Request) -> dict[str, Any]:
    """The statements that storing one new fact takes, in one transaction, with an embedding of
    the plain client."""
    tenant_id = UUID(os.environ["FLOOR_TENANT"])
    scope, owner = Scope(tenant_id, "default", body.user_id), memory_owners.of_user(body.user_id)
    embedded = await request.app.state.voyage.embed([body.fact], "voyage-4", "document")
    digest = content_hash(body.fact)
    async with request.app.state.pool.connection() as connection:
        tx = TenantTx(connection, tenant_id)
        lock = await memory_owners.lock(tx, owner)
        await tenants.installation_secret(tx)
        await tombstones.any_since(tx, [digest], within_seconds=0.01)
        large = await search_sql.is_large(tx, [scope])
        await search_sql.nearest(
            tx, scope, embedded.embeddings, [digest], floor=0.8, limit=8, large=large
        )
        new = NewMemory(
            memory_id=uuid7(),
            scope=scope,
            user_id=body.user_id,
            visibility="private",
            fact=body.fact,
            about="",
            importance=0.5,
            source="api",
            metadata={},
            conversation_id=None,
            message_indexes=[],
            quote="",
            valid_from=lock.now,
            created_at=lock.now,
            content_hash=digest,
            embedding_model="voyage-4",
            vector=embedded.embeddings[0],
        )
        await memories.insert(tx, [new])
        stored = Reconciled(Fact(body.fact, 0.5), Action.STORED, "new", new.memory_id)
        await events.record(tx, [stored], at=lock.now, conversation_id=None, run=0)
        await quotas.add(tx, "memories", 1)
    return {"action": "stored", "id": new.memory_id}


@app.get("/nearest")
async def nearest(user_id: str, request: Request) -> dict[str, Any]:
    """The least that a search could be: the ten nearest by cosine, without age and importance."""
    scope = Scope(UUID(os.environ["FLOOR_TENANT"]), "default", user_id)
    async with (
        request.app.state.pool.connection() as connection,
        connection.cursor(binary=True) as cursor,
    ):
        await cursor.execute(
            """
            SELECT memory_id, fact, 1 - (embedding <=> %(vector)b) FROM memories
            WHERE tenant_id = %(tenant_id)s AND scope_key = %(scope_key)s AND state = 'live'
            ORDER BY embedding <=> %(vector)b LIMIT 10
            """,
            {
                "tenant_id": scope.tenant_id,
                "scope_key": scope.key,
                "vector": request.app.state.vector,
            },
        )
        return {"results": await cursor.fetchall()}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
