"""Figures for Prometheus."""

from __future__ import annotations

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from tests.providers.anthropic import FakeAnthropic
from tests.support.client import Client
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack, make_stack, redis

__all__ = ["make_stack", "redis"]

UNKNOWN = "019a0000-0000-7000-8000-000000000000"


def figures(base_url: str, **headers: str) -> dict[str, float]:
    """Each sample by its name and labels, as a Prometheus reads it."""
    answer = httpx2.get(f"{base_url}/metrics", headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    return {
        sample.name
        + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_not_by_id(stack: Stack, client: Client) -> None:
    counted = (
        "smara_http_request_seconds_count method=GET route=/v1/memories/{memory_id} status=404"
    )
    before = figures(stack.base_url).get(counted, 0)

    client.http.get(f"/v1/memories/{UNKNOWN}")
    client.http.get("/nowhere/quetzalcoatlus")

    after = figures(stack.base_url)
    assert after[counted] == before + 1
    assert after["smara_http_request_seconds_count method=GET route=none status=404"] >= 1
    assert not [name for name in after if UNKNOWN in name or "quetzalcoatlus" in name]
    assert after["smara_database_up"] == 1
    assert after["process_resident_memory_bytes"] > 0
    assert after["smara_wakeups_total outcome=published"] >= 0


def test_circuits_and_the_queue_are_shown_to_who_has_the_token(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str]
) -> None:
    stack = make_stack(SMARA_METRICS_TOKEN="scrape", SMARA_CIRCUIT_PAUSE_SECONDS="60").start()
    client, bearer = stack.client(), {"authorization": "Bearer scrape"}
    circuit = "smara_circuit_state model=claude-haiku-5-5 provider=anthropic state="
    calm = figures(stack.base_url, **bearer)
    assert (calm[f"{circuit}closed"], calm[f"{circuit}open"]) == (1, 0)
    fake_anthropic[0].script({"status": 401, "times": 0})
    client.post_conversation("ada", "User lives in Oslo.")

    eventually(lambda: figures(stack.base_url, **bearer)[f"{circuit}open"] == 1)

    assert figures(stack.base_url, **bearer)["smara_conversations state=queued"] == 1
    for headers in ({}, {"authorization": "Bearer wrong"}):
        answer = httpx2.get(f"{stack.base_url}/metrics", headers=headers, trust_env=False)
        assert answer.status_code == 401
