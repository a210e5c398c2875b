"""Rule 1 (docs/reference/contract.md): the published examples with plain ``requests``.

Those of the SDK are in tests/system/sdk/test_guide.py.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import store


@pytest.fixture
def smara(stack: Stack, client: Client) -> tuple[str, dict[str, str]]:
    """The examples' BASE and HEADERS."""
    return stack.base_url, {"Authorization": client.http.headers["authorization"]}


def test_the_context_endpoint(smara: tuple[str, dict[str, str]], client: Client) -> None:
    """Rule 1: the example `The Context Endpoint`."""
    base, headers = smara
    store(client, "Prefers Python over JavaScript for backend work", "user-123", importance=0.7)

    response = requests.get(
        f"{base}/v1/users/user-123/context",
        headers=headers,
        params={"q": "coding preferences", "top_n": "5"},
        timeout=10,
    )

    assert response.json()["context"] == (
        "[1] (importance: 0.7, decay: 1.00, source: api) "
        "Prefers Python over JavaScript for backend work"
    )


def test_agent_scoped_memory(smara: tuple[str, dict[str, str]]) -> None:
    """Rule 1: the example `Agent-Scoped Memory`."""
    base, headers = smara
    agent = requests.post(
        f"{base}/v1/agents",
        headers=headers,
        json={
            "name": "CodeAssist",
            "description": "A coding assistant with persistent memory",
            "owner_id": "developer-sri",
            "model": "claude-sonnet-4-20250514",
        },
        timeout=10,
    ).json()
    requests.post(
        f"{base}/v1/agents/{agent['id']}/memories",
        headers=headers,
        json={
            "user_id": "user-123",
            "fact": "Prefers functional programming patterns",
            "importance": 0.8,
        },
        timeout=10,
    )
    results = requests.get(
        f"{base}/v1/agents/{agent['id']}/memories",
        headers=headers,
        params={"user_id": "user-123", "q": "programming style"},
        timeout=10,
    ).json()

    assert [each["fact"] for each in results["results"]] == [
        "Prefers functional programming patterns"
    ]
    assert results["memories"] == results["results"]


def test_graph_memory(smara: tuple[str, dict[str, str]], client: Client) -> None:
    """Rule 1: the example `Graph Memory: Connecting Facts`; `depth`, `fact` and the edge's
    type are read."""
    base, headers = smara
    mem1 = store(client, "Works at Stripe on payment systems", "user-123")
    mem2 = store(client, "Building a payment reconciliation service", "user-123")
    mem3 = store(client, "Needs to handle idempotency in payment retries", "user-123")
    assert len({mem["id"] for mem in (mem1, mem2, mem3)}) == 3
    requests.post(
        f"{base}/v1/graph/connect",
        headers=headers,
        json={
            "from_memory_id": mem1["id"],
            "to_memory_id": mem2["id"],
            "relationship_type": "context_for",
            "weight": 0.9,
        },
        timeout=10,
    )
    graph = requests.get(
        f"{base}/v1/graph/traverse/{mem1['id']}",
        headers=headers,
        params={"depth": 3},
        timeout=10,
    ).json()

    [node] = graph["nodes"]
    assert f"[depth {node['depth']}] {node['fact']}" == (
        "[depth 1] Building a payment reconciliation service"
    )
    assert (node["edge"]["relationship_type"], node["edge"]["weight"]) == ("context_for", 0.9)


def test_team_memory(smara: tuple[str, dict[str, str]]) -> None:
    """Rule 1: the example `Team Memory for Multi-Agent Systems`; rule 8: its last line
    holds for a member, and asking as anybody else is refused."""
    base, headers = smara
    team = requests.post(
        f"{base}/v1/teams",
        headers=headers,
        json={"name": "Engineering", "slug": "engineering", "user_id": "sri"},
        timeout=10,
    ).json()
    requests.post(
        f"{base}/v1/memories",
        headers=headers,
        json={
            "user_id": "sri",
            "fact": "The API migration deadline is May 15",
            "team_id": team["id"],
            "visibility": "team",
            "importance": 0.9,
        },
        timeout=10,
    )

    def search() -> requests.Response:
        return requests.get(
            f"{base}/v1/memories/search",
            headers=headers,
            params={
                "user_id": "agent-codeassist",
                "q": "migration deadline",
                "team_id": team["id"],
                "include_team": "true",
            },
            timeout=10,
        )

    assert search().status_code == 403
    requests.post(
        f"{base}/v1/teams/{team['id']}/members",
        headers=headers,
        json={"user_id": "agent-codeassist", "added_by": "sri"},
        timeout=10,
    )
    assert [each["fact"] for each in search().json()["results"]] == [
        "The API migration deadline is May 15"
    ]


def test_namespaces_and_organization(client: Client) -> None:
    """Rule 1: the example `Namespaces and Organization`."""
    store(client, "Prefers dark mode", "user-123", namespace="preferences")
    store(client, "Sprint 42 ends Friday", "user-123", namespace="work")
    store(client, "Allergic to shellfish", "user-123", namespace="personal")

    answer = client.http.get(
        "/v1/memories/search",
        params={"user_id": "user-123", "q": "current sprint", "namespace": "work"},
    )
    assert [each["fact"] for each in answer.json()["results"]] == ["Sprint 42 ends Friday"]


def test_the_agent_loop_stores_what_the_model_returned(
    smara: tuple[str, dict[str, str]],
) -> None:
    """Rule 1: the example `Putting It All Together` around the model's two calls."""
    base, headers = smara

    def get_memory_context(user_id: str, message: str) -> Any:
        response = requests.get(
            f"{base}/v1/users/{user_id}/context",
            headers=headers,
            params={"q": message, "top_n": "10"},
            timeout=10,
        )
        return response.json().get("context", "No previous context.")

    assert get_memory_context("user-123", "Hello") == "No memories of this user yet."
    answered = "Prefers TypeScript | 0.8\nno rating here\nIs working on Atlas | 1.7"
    for line in answered.split("\n"):
        if "|" not in line:
            continue
        fact, imp = line.rsplit("|", 1)
        stored = requests.post(
            f"{base}/v1/memories",
            headers=headers,
            json={
                "user_id": "user-123",
                "fact": fact.strip(),
                "importance": min(max(float(imp.strip()), 0.0), 1.0),
                "source": "conversation-extraction",
            },
            timeout=10,
        )
        assert stored.status_code == 201
    context = get_memory_context("user-123", "Which language do I prefer?")
    assert "(importance: 0.8, decay: 1.00, source: conversation-extraction) Prefers Type" in context
    assert "(importance: 1, decay: 1.00, source: conversation-extraction) Is working" in context
