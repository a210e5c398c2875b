"""Health for machines, the pipeline for operators."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Literal

import psycopg
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.api.caller import may
from app.api.serial import IsoTime
from app.api.text import Lenient
from app.db import pipeline
from app.db.pool import system, transaction
from app.providers import get_providers
from app.settings import get_settings

router = APIRouter(tags=["operations"])

VERSION = version("smara-server")


class Part(BaseModel):
    """A part that a key could replace."""

    model: str
    embedded: bool = Field(description="True for the built-in stand-in, which is of demo quality.")


class Health(BaseModel):
    """Whether the service can do its work."""

    status: Literal["ok", "degraded"]
    db: Literal["ok", "error"]
    version: str
    embedded: list[str] = Field(description="The parts that this installation runs itself.")
    extractor: Part
    embedder: Part
    queue_oldest_due_seconds: float | None = Field(
        description="How long the oldest due conversation has waited."
    )


class PipelineOut(BaseModel):
    """The caller's queue."""

    by_state: dict[str, int]
    oldest_due_seconds: float
    window_minutes: int
    done_in_window: int
    per_second: float = Field(description="Conversations done per second, over the window.")
    stages: dict[str, dict[str, float]] = Field(
        description="p50 and p95 in milliseconds by stage, over the window."
    )
    dead_by_reason: dict[str, int]
    at: IsoTime


@router.get(
    "/health",
    openapi_extra={"security": []},
    responses={503: {"model": Health, "description": "The database does not answer."}},
)
async def health() -> JSONResponse:
    """Open to anyone. 200 when the database answers, 503 with the same body when it does not."""
    settings, providers = get_settings(), get_providers()
    db: Literal["ok", "error"] = "ok"
    waited: float | None = None
    try:
        async with system() as conn:
            waited = round(await pipeline.oldest_due_seconds(conn), 1)
    except psycopg.OperationalError:
        db = "error"
    body = Health(
        status="ok" if db == "ok" else "degraded",
        db=db,
        version=VERSION,
        embedded=settings.embedded_parts,
        extractor=Part(model=providers.extractor.model, embedded=not providers.paid_extractor),
        embedder=Part(model=providers.embedder.model, embedded=not providers.paid_embedder),
        queue_oldest_due_seconds=waited,
    )
    return JSONResponse(body.model_dump(), 200 if db == "ok" else 503)


@router.get("/v1/pipeline")
async def read_pipeline(
    request: Request,
    minutes: Annotated[
        int, Lenient(1, 1_440), Query(description="How far back throughput and times look.")
    ] = 5,
) -> PipelineOut:
    """Counts by state, how long the oldest due conversation has waited, throughput, stage times,
    the dead by reason."""
    caller = may(request, "read")
    async with transaction(caller.tenant_id) as conn:
        found = await pipeline.read(conn, caller.tenant_id, window_minutes=minutes)
    return PipelineOut(
        by_state=found.by_state,
        oldest_due_seconds=round(found.oldest_due_seconds, 3),
        window_minutes=found.window_minutes,
        done_in_window=found.done_in_window,
        per_second=round(found.done_in_window / (found.window_minutes * 60), 3),
        stages=found.stages,
        dead_by_reason=found.dead_by_reason,
        at=found.at,
    )
