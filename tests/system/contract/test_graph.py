"""Contract §1.11: the graph. What a replacement does to it is rule 10 in test_decisions.py."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import (
    NOBODY,
    at_once,
    batch,
    edge,
    got,
    made,
    refused,
    sql,
    statuses,
    store,
    team,
    walked,
)
from tests.system.contract.test_memories import DISTINCT

NODE = {"memory_id", "fact", "importance", "source", "namespace", "created_at", "edge"}


def test_two_memories_are_connected(client: Client) -> None:
    """§1.11 POST connect: fields and defaults; free text as relationship."""
    a, b = batch(client, DISTINCT[:2])
    body = {"from_memory_id": a, "to_memory_id": b, "relationship_type": "hängt ab von →"}
    created = made(client, "/v1/graph/connect", **body)
    assert created.keys() == {*body, "id", "weight", "metadata", "created_at"}
    assert created.items() >= {**body, "weight": 1.0, "metadata": {}}.items()
    other = made(
        client,
        "/v1/graph/connect",
        **{**body, "relationship_type": "r", "weight": 0.35, "metadata": {"a": 1}},
    )
    assert (other["weight"], other["metadata"]) == (0.35, {"a": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"relationship_type": ""},
        {"relationship_type": "x" * 101},
        {"weight": 1.1},
        {"weight": -0.1},
        {"metadata": []},
        {"to_memory_id": "x"},
    ],
)
def test_an_edge_that_makes_no_sense_is_refused(client: Client, changes: dict[str, Any]) -> None:
    """§1.11 POST connect and §5.3: 422; a self-edge too."""
    a, b = batch(client, DISTINCT[:2])
    body = {"from_memory_id": a, "to_memory_id": b, "relationship_type": "r"}
    answer = client.http.post("/v1/graph/connect", json={**body, **changes})
    refused(answer, 422, "validation")
    refused(
        client.http.post("/v1/graph/connect", json={**body, "to_memory_id": a}), 422, "validation"
    )


def test_both_ends_must_be_live(client: Client) -> None:
    """§1.11 POST connect: 404 for an end that is missing, superseded or deleted."""
    a = store(client, "Likes tea")["id"]
    old = store(client, "Lives in New York")["id"]
    store(client, "Lives in San Francisco")
    gone = store(client, "Plays the cello")["id"]
    client.http.delete(f"/v1/memories/{gone}")
    for start, end in ((a, NOBODY), (NOBODY, a), (a, old), (old, a), (a, gone)):
        body = {"from_memory_id": start, "to_memory_id": end, "relationship_type": "r"}
        refused(client.http.post("/v1/graph/connect", json=body), 404, "not_found")


def test_the_same_triple_exists_once(client: Client) -> None:
    """§1.11 POST connect: 409 for the same triple, under concurrency too; other types and the
    other direction are other edges."""
    a, b = batch(client, DISTINCT[:2])
    body = {"from_memory_id": a, "to_memory_id": b, "relationship_type": "r"}
    answers = at_once(*[lambda: client.http.post("/v1/graph/connect", json=body)] * 6)
    assert statuses(answers) == [201] + [409] * 5
    edge(client, b, a, "r")
    edge(client, a, b, "s")
    assert len(got(client, f"/v1/graph/related/{a}")["related"]) == 3


def test_a_walk_goes_both_ways_nearest_first(client: Client) -> None:
    """§1.11 GET traverse: fields, `depth` 2 by default and 5 at most, root not in nodes, each
    memory once at its smallest depth, ordered by depth."""
    ids = batch(client, DISTINCT[:8])
    for start, end in itertools.pairwise(ids):
        edge(client, *((start, end) if ids.index(start) % 2 else (end, start)))
    edge(client, ids[0], ids[2], "short", weight=0.5)

    answer = got(client, f"/v1/graph/traverse/{ids[0]}")
    assert answer.keys() >= {"root_memory_id", "max_depth", "node_count", "nodes"}
    assert (answer["root_memory_id"], answer["max_depth"]) == (ids[0], 2)
    assert answer["nodes"][0].keys() >= NODE | {"depth"}
    assert answer["nodes"][0]["edge"].keys() >= {"id", "relationship_type", "weight", "metadata"}
    assert walked(client, ids[0]) == {ids[1]: 1, ids[2]: 1, ids[3]: 2}
    deep = got(client, f"/v1/graph/traverse/{ids[0]}", depth=99)
    assert deep["max_depth"] == 5
    assert [node["depth"] for node in deep["nodes"]] == [1, 1, 2, 3, 4, 5]
    assert walked(client, ids[0], relationship_type="short", depth=5) == {ids[2]: 1}
    assert walked(client, ids[7], depth=1) == {ids[6]: 1}
    cut = got(client, f"/v1/graph/traverse/{ids[0]}", depth=5, limit=2)
    assert (cut["node_count"], cut["truncated"]) == (2, True)
    assert deep["truncated"] is False
    refused(client.http.get(f"/v1/graph/traverse/{NOBODY}"), 404, "not_found")


def test_a_fully_connected_graph_is_one_step_deep(stack: Stack, client: Client) -> None:
    """§1.11 GET traverse: 60 memories, all connected, depth 5: 59 nodes at depth 1, in no time."""
    answer = client.http.post(
        "/v1/memories:batch",
        json={"memories": [{"user_id": f"u{n}", "fact": "Likes tea"} for n in range(60)]},
    )
    ids = [each["id"] for each in answer.json()["results"]]
    [[tenant_id]] = sql(stack, "SELECT tenant_id FROM memories WHERE memory_id = %s", ids[0])
    sql(
        stack,
        "INSERT INTO memory_edges (tenant_id, from_memory_id, to_memory_id, relationship_type)"
        " SELECT %s, a, b, 'r' FROM unnest(%s::uuid[]) a, unnest(%s::uuid[]) b WHERE a < b",
        tenant_id,
        ids,
        ids,
    )
    answer = client.http.get(f"/v1/graph/traverse/{ids[30]}", params={"depth": 5})
    depths = {node["memory_id"]: node["depth"] for node in answer.json()["nodes"]}
    assert depths == dict.fromkeys(set(ids) - {ids[30]}, 1)
    assert answer.elapsed.total_seconds() < 2


def test_what_is_related_comes_by_weight(client: Client) -> None:
    """§1.11 GET related: fields, `relationship_type`, `limit` 20 and at most 100, by weight."""
    ids = batch(client, DISTINCT[:4])
    for end, weight in zip(ids[1:], (0.2, 0.9, 0.5), strict=True):
        edge(client, ids[0], end, f"r{weight}", weight=weight)
    answer = got(client, f"/v1/graph/related/{ids[0]}")
    assert answer["memory_id"] == ids[0]
    assert [each["edge"]["weight"] for each in answer["related"]] == [0.9, 0.5, 0.2]
    assert answer["related"][0].keys() == NODE
    assert answer["related"][0]["edge"].keys() >= {"relationship_type", "weight", "created_at"}
    one = got(client, f"/v1/graph/related/{ids[0]}", relationship_type="r0.5")["related"]
    assert [each["memory_id"] for each in one] == [ids[3]]
    assert len(got(client, f"/v1/graph/related/{ids[0]}", limit=2)["related"]) == 2
    assert [
        each["memory_id"] for each in got(client, f"/v1/graph/related/{ids[1]}")["related"]
    ] == [ids[0]]
    refused(client.http.get(f"/v1/graph/related/{NOBODY}"), 404, "not_found")


def test_an_edge_is_cut_once(client: Client) -> None:
    """§1.11 DELETE edge: 204, then 404; the memories stay."""
    a, b = batch(client, DISTINCT[:2])
    edge_id = edge(client, a, b)
    assert client.http.delete(f"/v1/graph/edge/{edge_id}").status_code == 204
    refused(client.http.delete(f"/v1/graph/edge/{edge_id}"), 404, "not_found")
    refused(client.http.delete("/v1/graph/edge/x"), 422, "validation")
    assert walked(client, a) == {}
    assert edge(client, a, b) != edge_id


def test_a_batch_of_contradictions_leaves_a_whole_graph(client: Client) -> None:
    """§1.11 with rule 10: a chain of replacements in one request hands the edge to the last
    one, and the same edge of two ancestors is there once."""
    dog = store(client, "Has a dog named Rex")["id"]
    red = store(client, "The favourite color is red")["id"]
    edge(client, red, dog, "r")
    facts = [f"The favourite color is {color}" for color in ("blue", "green", "white")]
    body = {"memories": [{"user_id": "ada", "fact": fact} for fact in facts]}
    results = client.http.post("/v1/memories:batch", json=body).json()["results"]
    assert [each["action"] for each in results] == ["replaced"] * 3
    last = results[-1]["id"]
    assert walked(client, dog) == {last: 1}
    edge(client, dog, last, "r")
    assert len(got(client, f"/v1/graph/related/{last}")["related"]) == 2


def test_edges_follow_a_memory_between_scopes(client: Client) -> None:
    """§1.11: edges may lead anywhere in the tenant, and stay when a memory moves."""
    a, b = batch(client, DISTINCT[:2])
    team(client)
    edge(client, a, b)
    for changes in ({"visibility": "team"}, {"namespace": "n"}, {"fact": "Keeps bees"}):
        assert client.http.patch(f"/v1/memories/{b}", json=changes).status_code == 200
        assert walked(client, a) == {b: 1}
