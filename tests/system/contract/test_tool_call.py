"""Contract §1.6: the endpoint for function calls of a model.

What each tool does is tested in tests/system/api/test_tools.py; here, what the contract adds.
"""

from __future__ import annotations

from typing import Any

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import got, refused, restricted, store
from tests.system.contract.test_memories import DISTINCT


def called(client: Client, tool: str, **arguments: Any) -> Any:
    """The answer to a model's call."""
    body = {"name": tool, "arguments": arguments}
    return client.http.post("/v1/openai/tool-call", json=body)


def test_every_tool_of_the_table_is_there(client: Client) -> None:
    """§1.6: the five names; a search finds what was stored (source and namespace are not
    swapped)."""
    names = {tool["function"]["name"] for tool in got(client, "/v1/tools")["tools"]}
    assert names >= {
        "smara_store_memory",
        "smara_search_memories",
        "smara_get_context",
        "smara_delete_memory",
        "smara_get_usage",
    }
    store(client, "Likes tea", source="app", namespace="n")
    arguments = {"user_id": "ada", "q": "tea", "source": "app", "namespace": "n"}
    answer = called(client, "smara_search_memories", **arguments)
    assert [memory["fact"] for memory in answer.json()["results"]] == ["Likes tea"]


def test_a_store_through_a_tool_is_held_to_the_plan(free: Client) -> None:
    """§1.6 with §5.2: 402 here too, with the same body."""
    body = {"memories": [{"user_id": f"u{n}", "fact": "Likes tea"} for n in range(100)]}
    assert free.http.post("/v1/memories:batch", json=body).json()["stored"] == 100
    answer = called(free, "smara_store_memory", user_id="ada", fact=DISTINCT[1])
    refused(answer, 402, "plan_limit")
    assert answer.json().keys() >= {"plan", "limit", "used", "upgrade_url"}
    duplicate = called(free, "smara_store_memory", user_id="u1", fact="Likes tea")
    assert (duplicate.status_code, duplicate.json()["action"]) == (201, "duplicate")


def test_a_restricted_key_reaches_no_more_through_a_tool(stack: Stack, client: Client) -> None:
    """§1.6 with rule 12: storing, searching, context and deleting."""
    secret = store(client, "Keeps bees", "bob")["id"]
    key = restricted(stack, client, users=["ada"])
    for tool, arguments in (
        ("smara_store_memory", {"user_id": "bob", "fact": "x"}),
        ("smara_search_memories", {"user_id": "bob", "q": "x"}),
        ("smara_get_context", {"user_id": "bob"}),
    ):
        refused(called(key, tool, **arguments), 403, "out_of_reach")
    assert called(key, "smara_delete_memory", memory_id=secret).status_code == 404
    assert got(client, f"/v1/memories/{secret}")["state"] == "live"
