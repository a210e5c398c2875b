"""The MCP tools against the running service, by stdio and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from mcp import Client as McpClient
from mcp.shared.exceptions import MCPError

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.mcp.connect import Mode, answer, by_stdio, failure, over_http

pytestmark = pytest.mark.anyio

Connect = Callable[..., AbstractAsyncContextManager[McpClient]]


@pytest.fixture(params=["stdio", "http"])
def connect(request: pytest.FixtureRequest, stack: Stack, client: Client) -> Connect:
    """Opens an MCP client of the tenant, or with another key."""
    own_key = client.http.headers["authorization"].removeprefix("Bearer ")

    def open_client(
        api_key: str = own_key, mode: Mode = "auto"
    ) -> AbstractAsyncContextManager[McpClient]:
        if request.param == "http":
            return over_http(stack.base_url, api_key, mode)
        return by_stdio(mode, SMARA_API_KEY=api_key, SMARA_API_URL=stack.base_url)

    return open_client


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_both_protocols_show_the_same_tools(connect: Connect, mode: Mode) -> None:
    async with connect(mode=mode) as mcp:
        tools = (await mcp.list_tools()).tools
        assert "call get_user_context at the start" in (mcp.instructions or "")
        assert answer(await mcp.call_tool("get_usage"))["memories_used"] == 0

    assert [tool.name for tool in tools] == [
        "store_memory",
        "search_memories",
        "get_user_context",
        "update_memory",
        "list_memories",
        "delete_memory",
        "get_usage",
        "ingest_conversation",
    ]
    hints = {tool.name: tool.annotations for tool in tools}
    assert [name for name, hint in hints.items() if hint and hint.read_only_hint] == [
        "search_memories",
        "get_user_context",
        "list_memories",
        "get_usage",
    ]
    assert [name for name, hint in hints.items() if hint and hint.destructive_hint] == [
        "update_memory",
        "delete_memory",
    ]


async def test_a_memory_is_stored_found_changed_listed_and_deleted(connect: Connect) -> None:
    user = "team a/b c"
    async with connect() as mcp:
        stored = answer(
            await mcp.call_tool(
                "store_memory", {"user_id": user, "fact": "Drinks green tea", "importance": 0.8}
            )
        )
        again = answer(
            await mcp.call_tool("store_memory", {"user_id": user, "fact": "Drinks green tea"})
        )
        found = answer(
            await mcp.call_tool(
                "search_memories", {"user_id": user, "q": "what to drink?", "limit": 1.5}
            )
        )
        context = answer(await mcp.call_tool("get_user_context", {"user_id": user, "q": "tea"}))
        whole = answer(await mcp.call_tool("get_user_context", {"user_id": user}))
        identifier = stored["id"]
        changed = answer(
            await mcp.call_tool("update_memory", {"id": identifier, "importance": 0.3})
        )
        listed = answer(await mcp.call_tool("list_memories", {"user_id": user, "limit": 1.5}))
        used = answer(await mcp.call_tool("get_usage"))
        deleted = answer(await mcp.call_tool("delete_memory", {"id": identifier}))
        gone = failure(await mcp.call_tool("delete_memory", {"id": identifier}))
        empty = answer(await mcp.call_tool("list_memories", {"user_id": user}))

    assert (stored["action"], stored["source"], stored["namespace"]) == (
        "stored",
        "mcp",
        "default",
    )
    assert (again["action"], again["id"]) == ("duplicate", identifier)
    assert [memory["fact"] for memory in found["results"]] == ["Drinks green tea"]
    assert "Drinks green tea" in context["context"]
    assert [memory["id"] for memory in context["memories"]] == [identifier]
    assert [memory["id"] for memory in whole["memories"]] == [identifier]
    assert changed["importance"] == 0.3
    assert (listed["total"], listed["limit"], listed["offset"]) == (1, 1, 0)
    assert listed["memories"][0]["importance"] == 0.3
    assert used["memories_used"] == 1
    assert deleted == {"id": identifier, "deleted": True}
    assert gone.startswith("HTTP 404: ")
    assert empty["memories"] == []


async def test_an_ingested_conversation_becomes_memories(connect: Connect, client: Client) -> None:
    async with connect() as mcp:
        accepted = answer(
            await mcp.call_tool(
                "ingest_conversation",
                {
                    "user_id": "ada",
                    "messages": [
                        {"role": "user", "content": "I live in Lisbon."},
                        {"role": "assistant", "content": "A fine place."},
                    ],
                },
            )
        )
    assert accepted["status"] == "queued"
    assert client.finished(accepted["id"])["state"] == "done"
    assert any("Lisbon" in fact for fact in client.facts("ada"))


async def test_what_the_service_refuses_is_shown_to_the_model(connect: Connect) -> None:
    async with connect() as mcp:
        blank = failure(await mcp.call_tool("search_memories", {"user_id": "ada", "q": ""}))
        words = failure(
            await mcp.call_tool("search_memories", {"user_id": "ada", "q": "tea", "limit": "many"})
        )
        below = failure(await mcp.call_tool("list_memories", {"user_id": "ada", "offset": -1}))
        above = failure(
            await mcp.call_tool(
                "store_memory", {"user_id": "ada", "fact": "Likes tea", "importance": 7}
            )
        )
        nothing = failure(
            await mcp.call_tool("update_memory", {"id": "0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11"})
        )
        elsewhere = failure(await mcp.call_tool("delete_memory", {"id": "a/b"}))
        unsaid = failure(await mcp.call_tool("ingest_conversation", {"user_id": "ada"}))
        missing = failure(await mcp.call_tool("store_memory", {"fact": "Likes tea"}))
        with pytest.raises(MCPError, match="There is no tool `forget_everything`; there are"):
            await mcp.call_tool("forget_everything", {})

    assert blank.startswith('HTTP 422: {"error":"q: ')
    assert words.startswith('HTTP 422: {"error":"limit: must be a number"')
    assert below.startswith('HTTP 422: {"error":"offset: ')
    assert above.startswith('HTTP 422: {"error":"importance: ')
    assert nothing == (
        "arguments: give at least one of visibility, importance; nothing was changed"
    )
    assert elsewhere.startswith("id: is not an id of a memory; ")
    assert "give either messages or transcript" in unsaid
    assert missing == "user_id: Field required"


async def test_a_team_shares_what_is_not_private(connect: Connect, client: Client) -> None:
    team = client.http.post(
        "/v1/teams", json={"name": "Engineering", "slug": "engineering", "user_id": "sri"}
    ).json()["id"]
    client.http.post(
        f"/v1/teams/{team}/members", json={"user_id": "ada", "added_by": "sri"}
    ).raise_for_status()

    async with connect() as mcp:
        for fact, private in (
            ("The deadline is in May", {}),
            ("Is tired", {"visibility": "private"}),
        ):
            answer(
                await mcp.call_tool(
                    "store_memory", {"user_id": "sri", "fact": fact, "team_id": team, **private}
                )
            )
        with_team = answer(
            await mcp.call_tool("search_memories", {"user_id": "ada", "q": "news", "team_id": team})
        )
        alone = answer(
            await mcp.call_tool(
                "search_memories",
                {"user_id": "ada", "q": "news", "team_id": team, "include_team": False},
            )
        )
        context = answer(
            await mcp.call_tool("get_user_context", {"user_id": "ada", "team_id": team})
        )
        listed = answer(await mcp.call_tool("list_memories", {"user_id": "ada", "team_id": team}))
        stranger = failure(
            await mcp.call_tool("search_memories", {"user_id": "bob", "q": "news", "team_id": team})
        )

    assert [memory["fact"] for memory in with_team["results"]] == ["The deadline is in May"]
    assert alone["results"] == []
    assert [memory["fact"] for memory in context["memories"]] == ["The deadline is in May"]
    assert [memory["fact"] for memory in listed["memories"]] == ["The deadline is in May"]
    assert stranger.startswith("HTTP 403: ")
    assert '"code":"not_a_member"' in stranger


async def test_a_key_that_may_only_read_stores_nothing(connect: Connect, client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"scopes": ["read"]}).json()
    async with connect(issued["api_key"]) as mcp:
        refused = failure(
            await mcp.call_tool("store_memory", {"user_id": "ada", "fact": "Likes tea"})
        )
    assert refused.startswith("HTTP 403: ")
    assert '"code":"missing_scope"' in refused


async def test_by_stdio_a_wrong_key_is_the_services_refusal(stack: Stack) -> None:
    async with by_stdio(SMARA_API_KEY="smara_wrong", SMARA_API_URL=stack.base_url) as mcp:
        refused = failure(await mcp.call_tool("get_usage"))
    assert refused.startswith("HTTP 401: ")
    assert '"code":"unauthenticated"' in refused
