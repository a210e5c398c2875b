"""Rule 1 (docs/reference/contract.md): the published examples with the SDK."""

from __future__ import annotations

import json

import pytest
from smara import Smara

from tests.support.stack import Stack
from tests.system.sdk.conftest import Connect


def test_the_quick_start_prints_what_the_guide_prints(
    smara: Smara, capsys: pytest.CaptureFixture[str]
) -> None:
    client = smara
    result = client.store(
        user_id="user-123", fact="Prefers Python over JavaScript for backend work", importance=0.7
    )
    print(result)
    said = capsys.readouterr().out
    assert json.loads(said) == {"action": "stored", "id": result["id"]}
    assert said.startswith('{"action": "stored", "id": "')


def test_importance_is_taken_by_keyword(smara: Smara) -> None:
    client = smara
    client.store("user-123", "Is a senior backend engineer at Stripe", importance=1.0)
    client.store("user-123", "Currently building a payment reconciliation service", importance=0.7)
    client.store("user-123", "Had a meeting with the team today", importance=0.2)
    kept = {memory.fact: memory.importance for memory in client.list("user-123")}
    assert kept == {
        "Is a senior backend engineer at Stripe": 1.0,
        "Currently building a payment reconciliation service": 0.7,
        "Had a meeting with the team today": 0.2,
    }


def test_a_contradiction_names_what_it_replaced(smara: Smara) -> None:
    client = smara
    first = client.store("user-123", "Lives in New York")
    again = client.store("user-123", "Lives in New York")
    assert again == {"action": "duplicate", "id": first["id"]}
    moved = client.store("user-123", "Lives in San Francisco")
    assert moved["action"] == "replaced"
    assert moved["replaced_id"] == first["id"]
    assert json.loads(str(moved)) == {
        "action": "replaced",
        "id": moved.id,
        "replaced_id": first.id,
    }


def test_the_search_loop_prints_scores(smara: Smara, capsys: pytest.CaptureFixture[str]) -> None:
    client = smara
    client.store("user-123", "Runs everything on Kubernetes", namespace="infrastructure")
    results = client.search(
        user_id="user-123",
        q="cloud infrastructure preferences",
        limit=5,
        namespace="infrastructure",
    )
    for r in results:
        print(f"[{r.score:.3f}] {r.fact}")
        print(f"  similarity: {r.similarity}, decay: {r.decay_score}")
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"[{results[0].score:.3f}] Runs everything on Kubernetes"
    assert second == f"  similarity: {results[0].similarity}, decay: 1.0"


def test_namespaces_keep_facts_apart(smara: Smara) -> None:
    client = smara
    client.store("user-123", "Prefers dark mode", namespace="preferences")
    client.store("user-123", "Sprint 42 ends Friday", namespace="work")
    client.store("user-123", "Allergic to shellfish", namespace="personal")
    work_results = client.search("user-123", q="current sprint", namespace="work")
    assert [r.fact for r in work_results] == ["Sprint 42 ends Friday"]


def test_the_graph_is_walked_by_subscript(smara: Smara) -> None:
    client = smara
    mem1 = client.store("user-123", "Works at Stripe on payment systems")
    mem2 = client.store("user-123", "Building a payment reconciliation service")
    client.graph.connect(mem1["id"], mem2["id"], "context_for", 0.9)
    graph = client.graph.traverse(mem1["id"], depth=3)
    lines = [f"[depth {node['depth']}] {node['fact']}" for node in graph["nodes"]]
    assert lines == ["[depth 1] Building a payment reconciliation service"]


def test_context_is_text_for_a_prompt(smara: Smara) -> None:
    client = smara
    client.store("user-123", "Prefers functional programming", importance=0.8)
    context = client.context("user-123", q="coding preferences", top_n=5)
    assert isinstance(context, str)
    assert context == (
        "[1] (importance: 0.8, decay: 1.00, source: api) Prefers functional programming"
    )
    assert [memory["fact"] for memory in context.memories] == ["Prefers functional programming"]
    assert context.degraded is False


def test_key_and_address_come_from_the_environment(
    connect: Connect, stack: Stack, api_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMARA_API_KEY", api_key)
    monkeypatch.setenv("SMARA_API_URL", stack.base_url + "//")
    assert connect().store("u", "Likes tea").action == "stored"


def test_an_empty_variable_counts_as_unset(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMARA_API_URL", "")
    monkeypatch.setenv("SMARA_API_KEY", " ")
    config = connect().config
    assert (config.base_url, config.api_key) == ("http://localhost:3010", None)
