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
from fastapi import FastAPI, Request
from pgvector import HalfVector
from pgvector.psycopg import register_vector_async
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from app.db import search as search_sql
from app.db.search_filters import NO_BOUNDS
from app.rules.types import Scope

TABLE = """
CREATE TABLE IF NOT EXISTS floor_inserts (id uuid PRIMARY KEY DEFAULT uuidv7(), body jsonb NOT NULL)
"""


class Body(BaseModel):
    """The same conversation as the service is sent, taken as it is."""

    user_id: str
    messages: list[dict[str, Any]]


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
