"""Health checks for machines, queue figures for operators."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.api.auth import Reader
from app.api.kept import Kept
from app.api.schemas.types import IsoTime, Lenient
from app.errors import DatabaseUnavailable
from app.ingest.blocked import BlockedBy
from app.ingest.status import QueueHealth, pipeline, queue_health
from app.providers.registry import get_providers
from app.rules.types import Key, OpenCircuit
from app.startup import runtime

router = APIRouter(tags=["operations"])

VERSION = version("smara-server")


class Part(BaseModel):
    """The extractor or the embedder in use."""

    model: str
    embedded: bool = Field(description="True for the built-in part, which is of demo quality.")


class CircuitOut(BaseModel):
    """The circuit of a paid provider. `closed`: the provider is called; `open`: it is not, until
    the pause is over; `half_open`: one call probes it."""

    provider: str
    model: str
    state: Literal["closed", "open", "half_open"]
    since: IsoTime | None = Field(description="Since when it is not called.")
    retry_in_seconds: float | None = Field(
        description="Seconds until the next probe, if it is not called."
    )
    reason: str | None = Field(description="The code of the failure that opened the circuit.")


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
    circuits: list[CircuitOut] = Field(
        description="The circuits of the paid providers; `status` is `degraded` while one of"
        " them is not closed."
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
    waiting_for: dict[BlockedBy, int] = Field(
        description="How many conversations are queued and blocked: until a `provider` answers"
        " again, or until the `budget` is renewed or raised."
    )
    at: IsoTime


@router.head("/health", include_in_schema=False)
@router.get(
    "/health",
    responses={503: {"model": Health, "description": "The database does not answer."}},
)
async def health() -> JSONResponse:
    """Report whether the service can work. Open to anyone: 200 when the database answers, 503 with
    the same body when it does not.

    `degraded` with a 200: a paid provider is not called at present. Conversations are accepted and
    wait; searches use words. The answer is kept for a second.
    """
    settings, providers = runtime().settings, get_providers()
    db: Literal["ok", "error"] = "ok"
    waited: float | None = None
    open_: Sequence[OpenCircuit] = ()
    try:
        queue = await runtime().one(_queue).get()
        waited, open_ = round(queue.oldest_due_seconds, 1), queue.open_circuits
    except DatabaseUnavailable:
        db = "error"
    shown = _circuits(providers.circuits, open_)
    calm = db == "ok" and all(circuit.state == "closed" for circuit in shown)
    body = Health(
        status="ok" if calm else "degraded",
        db=db,
        version=VERSION,
        embedded=settings.embedded_parts,
        extractor=Part(model=providers.extraction_model, embedded=not providers.paid_extractor),
        embedder=Part(model=providers.embedder.model, embedded=not providers.paid_embedder),
        queue_oldest_due_seconds=waited,
        circuits=shown,
    )
    return JSONResponse(body.model_dump(mode="json"), 200 if db == "ok" else 503)


def _queue() -> Kept[QueueHealth]:
    return Kept(queue_health)


def _circuits(in_use: Sequence[Key], open_: Sequence[OpenCircuit]) -> list[CircuitOut]:
    by_key = {circuit.key: circuit for circuit in open_}
    shown = []
    for key in in_use:
        found = by_key.get(key)
        shown.append(
            CircuitOut(
                provider=key[0],
                model=key[1],
                state=found.state if found else "closed",
                since=found.opened_at if found else None,
                retry_in_seconds=round(max(found.retry_in_seconds, 0.0), 1) if found else None,
                reason=found.reason if found else None,
            )
        )
    return shown


@router.get("/v1/pipeline")
async def read_pipeline(
    caller: Reader,
    minutes: Annotated[
        int,
        Lenient(1, 1_440),
        Query(description="Over how many minutes throughput and times are computed."),
    ] = 5,
) -> PipelineOut:
    """Report the tenant's queue: counts by state, how long the oldest due conversation has waited,
    throughput, stage times, the dead by reason. A restricted key is refused."""
    found, blocked = await pipeline(caller, window_minutes=minutes)
    waiting_for: dict[BlockedBy, int] = {"provider": 0, "budget": 0}
    if blocked is not None:
        waiting_for[blocked] = found.by_state["queued"]
    return PipelineOut(
        by_state=found.by_state,
        oldest_due_seconds=round(found.oldest_due_seconds, 3),
        window_minutes=found.window_minutes,
        done_in_window=found.done_in_window,
        per_second=round(found.done_in_window / (found.window_minutes * 60), 3),
        stages=found.stages,
        dead_by_reason=found.dead_by_reason,
        waiting_for=waiting_for,
        at=found.at,
    )
