"""Build the ASGI app: routers, the middleware before them, and error rendering."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

import app.mcp.http as mcp
from app import logs
from app.api import errors, openapi
from app.api.middleware.access_log import AccessLog
from app.api.middleware.authentication import Authentication
from app.api.middleware.body import Body
from app.api.middleware.client_address import ClientAddress
from app.api.middleware.encoding import Encoding
from app.api.middleware.rate_limits import TenantRateLimits
from app.api.middleware.refusals import Refusals
from app.api.routes import (
    agents,
    api_keys,
    audit,
    conversations,
    graph,
    health,
    memories,
    metrics,
    search,
    setup,
    skills,
    teams,
    tenant,
    tools,
    users,
    webhooks,
)
from app.api.stalled import watched
from app.ingest.wakeups import wake_with
from app.memories.recall import warm_up
from app.startup import runtime, settle_memory
from app.tenancy.audit_log import Recorder
from app.tenancy.installation import connect, disconnect
from app.workers.wakeup import Wakeup

DESCRIPTION = """
Memory for AI agents. POST a conversation when it ends; ask for the context before the next
LLM call.

Send `Authorization: Bearer smara_…` with every request under `/v1`. Every error has the same form:
`{"error": "<for people>", "code": "<stable, for programs>"}`.
"""

# Search comes before the memories by id, whose path would match it too.
PARTS = (
    conversations,
    search,
    memories,
    users,
    agents,
    skills,
    teams,
    graph,
    tools,
    tenant,
    api_keys,
    audit,
    webhooks,
    setup,
    health,
    metrics,
)

COMMON_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": errors.ErrorBody, "description": description}
    for status, description in {
        400: "The body is not JSON, or the address is not UTF-8.",
        401: "There is no API key, or it is unknown, expired or revoked.",
        403: "The key may not do this.",
        404: "It does not exist in your tenant.",
        408: "The body did not arrive in time.",
        409: "It exists, and its state does not allow this.",
        413: "The body is too large.",
        415: "The body is not application/json.",
        422: "Something in the request is not valid; `details` says where.",
        429: "More than a limit allows; `Retry-After` says when to try again.",
        503: "The database or a provider is away; `Retry-After` says when to try again.",
    }.items()
}


def create_app() -> FastAPI:
    """Build the app of one API process."""
    settings = runtime().settings
    app = FastAPI(
        title="Smara memory API",
        version=health.VERSION,
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for part in PARTS:
        app.include_router(part.router, responses=COMMON_ERRORS)
    openapi.install(app)
    mcp.mount(app)
    errors.install(app)
    recorder = app.state.recorder = Recorder()
    # A request meets the last one that is added first: read them upwards.
    app.add_middleware(Body, settings=settings)
    app.add_middleware(Encoding)
    app.add_middleware(TenantRateLimits, settings=settings)
    app.add_middleware(Authentication, settings=settings)
    app.add_middleware(ClientAddress, trusted=settings.trusted_proxies)
    app.add_middleware(Refusals)
    app.add_middleware(AccessLog, recorder=recorder if settings.audit_days else None)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    logs.configure(runtime().settings)
    await connect()
    wakeup = app.state.wakeup = Wakeup()
    wakeup.start()
    wake_with(wakeup.request)
    app.state.recorder.start()
    await warm_up()
    settle_memory()
    async with mcp.serving(app), watched(runtime().settings.api_stalled_seconds):
        yield
    wakeup.stop()
    await app.state.recorder.stop()
    await disconnect()
