"""Metrics for Prometheus: of this process, and of the whole installation."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.api.kept import Kept
from app.api.middleware.access_log import PROCESS
from app.errors import DatabaseUnavailable, Unauthenticated
from app.ingest.status import installation
from app.providers.registry import get_providers
from app.rules.circuit_breaker import State
from app.rules.types import OpenCircuit, Standing
from app.startup import runtime
from app.workers.wakeup import Wakeup

router = APIRouter(tags=["operations"])

ProcessCollector(registry=PROCESS)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Report the metrics in Prometheus' text format. Open, or with `SMARA_METRICS_TOKEN` for
    whoever sends it as a bearer token. Those of the installation are the same from every API
    process, and are kept for a second."""
    _admit(request)
    wakeup: Wakeup = request.app.state.wakeup
    shown = CollectorRegistry()
    shown.register(_Families([*_of_the_wakeups(wakeup), *await _of_the_installation()]))
    return Response(
        generate_latest(PROCESS) + generate_latest(shown), media_type=CONTENT_TYPE_LATEST
    )


def _admit(request: Request) -> None:
    token = runtime().settings.metrics_token
    if token is None:
        return
    expected = f"Bearer {token.get_secret_value()}".encode()
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
        raise Unauthenticated("Send SMARA_METRICS_TOKEN as a bearer token.")


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def _of_the_wakeups(wakeup: Wakeup) -> Iterator[Metric]:
    wakeups = CounterMetricFamily(
        "smara_wakeups",
        "Wake-up messages to the workers: accepted by Redis, or failed.",
        labels=["outcome"],
    )
    wakeups.add_metric(["published"], wakeup.published)
    wakeups.add_metric(["failed"], wakeup.failed)
    yield wakeups


def _installation() -> Kept[tuple[Standing, Sequence[OpenCircuit]]]:
    return Kept(installation)


async def _of_the_installation() -> list[Metric]:
    try:
        standing, circuits = await runtime().one(_installation).get()
    except DatabaseUnavailable:
        return [GaugeMetricFamily("smara_database_up", "Whether the database answers.", value=0)]
    states = GaugeMetricFamily(
        "smara_circuit_state",
        "1 for the state of a paid provider's circuit; while it is open, no call is made.",
        labels=["provider", "model", "state"],
    )
    open_ = {each.key: each.state for each in circuits}
    for provider, model in get_providers().circuits:
        found = open_.get((provider, model), "closed")
        for state in get_args(State):
            states.add_metric([provider, model, state], float(state == found))
    return [
        GaugeMetricFamily("smara_database_up", "Whether the database answers.", value=1),
        states,
        *_of_the_queue(standing),
    ]


def _of_the_queue(standing: Standing) -> Iterator[Metric]:
    conversations = GaugeMetricFamily(
        "smara_conversations", "Conversations that are not done, by state.", labels=["state"]
    )
    for state, count in standing.conversations.items():
        conversations.add_metric([state], count)
    yield conversations
    yield GaugeMetricFamily(
        "smara_oldest_due_seconds",
        "How long the oldest due conversation has waited.",
        value=standing.oldest_due_seconds,
    )
    yield GaugeMetricFamily(
        "smara_webhook_deliveries_pending",
        "Deliveries that are not sent yet, retries too.",
        value=standing.pending_deliveries,
    )
