"""The ASGI app: routers, the gate before them, error rendering."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

import app.mcp.http as mcp
from app import logs
from app.api import (
    account,
    agents,
    audit,
    conversations,
    docs,
    errors,
    graph,
    keys,
    memories,
    metrics,
    operations,
    people,
    recall,
    setup,
    skills,
    teams,
    tools,
    webhooks,
)
from app.api.backpressure import Backpressure
from app.api.gate import Gate
from app.audit import Recorder
from app.db.pool import close_pool, open_pool
from app.providers import get_providers
from app.settings import get_settings
from app.workers.doorbell import Doorbell

DESCRIPTION = """
Memory for AI agents. POST a conversation when it ends; ask for the context before the next
LLM call.

Send `Authorization: Bearer smara_…` with every request under `/v1`. Every refusal has the same
shape: `{"error": "<for people>", "code": "<stable, for programs>"}`.
"""

# Search comes before the memories by id, whose path would take it for one.
PARTS = (
    conversations,
    recall,
    memories,
    people,
    agents,
    skills,
    teams,
    graph,
    tools,
    account,
    keys,
    audit,
    webhooks,
    setup,
    operations,
    metrics,
)

COMMON_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": errors.ErrorBody, "description": description}
    for status, description in {
        400: "The body is not JSON.",
        401: "No API key, or none that is known.",
        403: "The key may not do this.",
        404: "There is no such thing in your tenant.",
        408: "The body did not come in time.",
        409: "The thing is there, and its state does not allow this.",
        413: "The body is too large.",
        415: "The body is not application/json.",
        422: "Something in the request is not valid; `details` says where.",
        429: "More than a limit allows; `Retry-After` says when to try again.",
        503: "The database or a provider is away; `Retry-After` says when to try again.",
    }.items()
}


def create_app() -> FastAPI:
    """The app of one API process."""
    settings = get_settings()
    app = FastAPI(
        title="Smara memory API",
        version=operations.VERSION,
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for part in PARTS:
        app.include_router(part.router, responses=COMMON_ERRORS)
    docs.install(app)
    mcp.mount(app)
    errors.install(app)
    app.state.backpressure = Backpressure(settings)
    app.state.recorder = Recorder()
    app.add_middleware(
        Gate, settings=settings, recorder=app.state.recorder if settings.audit_days else None
    )
    app.add_middleware(metrics.Measured)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = get_settings()
    logs.configure(settings)
    await open_pool(settings, serving=True)
    app.state.doorbell = Doorbell()
    app.state.doorbell.start()
    app.state.recorder.start()
    # The first question should not wait for a model to load; a paid embedder is not called for
    # this.
    providers = get_providers()
    if not providers.paid_embedder:
        await providers.query_embedder.embed_query("warm-up")
    # What start-up has left in memory stays: a full collection that walks all of it would hold up
    # every request for a quarter of a second.
    gc.collect()
    gc.freeze()
    async with mcp.serving(app):
        yield
    app.state.doorbell.stop()
    await app.state.recorder.stop()
    await close_pool()
