"""smara-mcp: the requests that its tools make, its environment, and what it says in trouble."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mcp import Client as McpClient

from app.mcp.environment import read_environment
from app.mcp.server import Unreachable
from app.mcp.stdio import deliver
from app.mcp.tools.table import GET_USAGE
from tests.support.process import free_port
from tests.system.mcp.connect import answer, by_stdio, failure, text
from tests.system.mcp.recorder import Recorder

pytestmark = pytest.mark.anyio

TEAM = "0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11"

REQUESTS: list[tuple[str, dict[str, Any], str, str, Any]] = [
    (
        "store_memory",
        {"user_id": "ada", "fact": "Likes tea"},
        "POST",
        "/v1/memories",
        {
            "user_id": "ada",
            "fact": "Likes tea",
            "importance": 0.5,
            "source": "mcp",
            "namespace": "default",
        },
    ),
    (
        "store_memory",
        {
            "user_id": "ada",
            "fact": "Likes tea",
            "importance": 0.9,
            "namespace": "work",
            "visibility": "private",
            "team_id": TEAM,
        },
        "POST",
        "/v1/memories",
        {
            "user_id": "ada",
            "fact": "Likes tea",
            "importance": 0.9,
            "source": "mcp",
            "namespace": "work",
            "team_id": TEAM,
            "visibility": "private",
        },
    ),
    (
        "store_memory",  # A visibility without a team is dropped, and so is what is empty or null.
        {
            "user_id": "ada",
            "fact": "Likes tea",
            "importance": 0,
            "visibility": "team",
            "namespace": "",
            "team_id": None,
        },
        "POST",
        "/v1/memories",
        {
            "user_id": "ada",
            "fact": "Likes tea",
            "importance": 0,
            "source": "mcp",
            "namespace": "default",
        },
    ),
    (
        "search_memories",
        {"user_id": "a/b c", "q": "what drinks?"},
        "GET",
        "/v1/memories/search?user_id=a%2Fb+c&q=what+drinks%3F&limit=5&namespace=default",
        None,
    ),
    (
        "search_memories",
        {"user_id": "ada", "q": "", "limit": 1.5, "include_team": True},
        "GET",
        "/v1/memories/search?user_id=ada&q=&limit=1.5&namespace=default",
        None,
    ),
    (
        "search_memories",
        {"user_id": "ada", "q": "tea", "limit": 50.0, "team_id": TEAM},
        "GET",
        "/v1/memories/search?user_id=ada&q=tea&limit=50&namespace=default"
        f"&team_id={TEAM}&include_team=true",
        None,
    ),
    (
        "search_memories",
        {"user_id": "ada", "q": "tea", "team_id": TEAM, "include_team": False},
        "GET",
        "/v1/memories/search?user_id=ada&q=tea&limit=5&namespace=default"
        f"&team_id={TEAM}&include_team=false",
        None,
    ),
    (
        "get_user_context",
        {"user_id": "a/b c", "q": "", "include_team": False},
        "GET",
        "/v1/users/a%2Fb%20c/context?top_n=5&namespace=default",
        None,
    ),
    (
        "get_user_context",
        {"user_id": "..", "q": "tea & cake", "top_n": 20, "team_id": TEAM},
        "GET",
        "/v1/users/%2E%2E/context?q=tea+%26+cake&top_n=20&namespace=default"
        f"&team_id={TEAM}&include_team=true",
        None,
    ),
    (
        "update_memory",
        {"id": TEAM, "importance": 0.2},
        "PATCH",
        f"/v1/memories/{TEAM}",
        {"importance": 0.2},
    ),
    (
        "update_memory",
        {"id": TEAM, "visibility": "team", "importance": None},
        "PATCH",
        f"/v1/memories/{TEAM}",
        {"visibility": "team"},
    ),
    (
        "list_memories",
        {"user_id": "ada"},
        "GET",
        "/v1/memories?user_id=ada&limit=20&offset=0&namespace=default",
        None,
    ),
    (
        "list_memories",
        {
            "user_id": "ada",
            "limit": 100,
            "offset": -1,
            "namespace": "work",
            "visibility": "team",
            "team_id": TEAM,
        },
        "GET",
        f"/v1/memories?user_id=ada&limit=100&offset=-1&namespace=work&visibility=team&team_id={TEAM}",
        None,
    ),
    ("delete_memory", {"id": TEAM}, "DELETE", f"/v1/memories/{TEAM}", None),
    ("get_usage", {}, "GET", "/v1/usage", None),
    (
        "ingest_conversation",
        {"user_id": "ada", "messages": [{"role": "user", "content": "I like tea."}]},
        "POST",
        "/v1/conversations",
        {
            "user_id": "ada",
            "messages": [{"role": "user", "content": "I like tea."}],
            "source": "mcp",
            "namespace": "default",
        },
    ),
    (
        "ingest_conversation",
        {
            "user_id": "ada",
            "transcript": "Ada: I like tea.",
            "namespace": "work",
            "occurred_at": "2026-04-02T10:00:00Z",
            "instructions": "Drinks only.",
            "external_id": "chat-7",
            "metadata": {"channel": "phone"},
            "team_id": TEAM,
        },
        "POST",
        "/v1/conversations",
        {
            "user_id": "ada",
            "transcript": "Ada: I like tea.",
            "source": "mcp",
            "namespace": "work",
            "external_id": "chat-7",
            "occurred_at": "2026-04-02T10:00:00Z",
            "instructions": "Drinks only.",
            "metadata": {"channel": "phone"},
            "team_id": TEAM,
            "visibility": "team",
        },
    ),
]


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder().start()
    yield recorder
    recorder.stop()


async def test_each_tool_makes_the_request_of_the_contract(recorder: Recorder) -> None:
    async with by_stdio(SMARA_API_KEY="smara_key", SMARA_API_URL=recorder.url) as client:
        for tool, arguments, method, target, body in REQUESTS:
            result = await client.call_tool(tool, arguments)

            assert answer(result) == {"ok": True}
            request = recorder.last
            assert (request.method, request.target, request.body) == (method, target, body)
            assert list(request.body or {}) == list(body or {}), "the fields keep their order"
            assert request.headers["authorization"] == "Bearer smara_key"
            assert request.headers.get("content-type") == (
                "application/json" if body is not None else None
            )
    assert {tool for tool, *_ in REQUESTS} == {
        "store_memory",
        "search_memories",
        "get_user_context",
        "update_memory",
        "list_memories",
        "delete_memory",
        "get_usage",
        "ingest_conversation",
    }


async def test_the_environment_fills_in_what_the_call_leaves_out(recorder: Recorder) -> None:
    async with by_stdio(
        SMARA_API_KEY=" smara_key ",
        SMARA_API_URL=f"{recorder.url}/",
        SMARA_SOURCE="editor",
        SMARA_NAMESPACE="code",
        SMARA_TEAM_ID=TEAM,
        SMARA_USER_ID="ada",
    ) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        instructions = client.instructions
        await client.call_tool("store_memory", {"fact": "Uses tabs"})
        stored = recorder.last
        await client.call_tool("search_memories", {"user_id": "bob", "q": "tabs"})
        searched = recorder.last
        await client.call_tool("list_memories", {"user_id": ""})
        listed = recorder.last
        await client.call_tool("get_user_context", {"include_team": False})
        context = recorder.last

    assert tools["store_memory"].input_schema["required"] == ["fact"]
    properties = tools["store_memory"].input_schema["properties"]
    assert properties["user_id"]["default"] == "ada"
    assert properties["namespace"]["default"] == "code"
    assert "'ada'" in (instructions or "")
    assert stored.target == "/v1/memories"
    assert stored.headers["authorization"] == "Bearer smara_key"
    assert stored.body == {
        "user_id": "ada",
        "fact": "Uses tabs",
        "importance": 0.5,
        "source": "editor",
        "namespace": "code",
        "team_id": TEAM,
        "visibility": "team",
    }
    assert searched.target == (
        f"/v1/memories/search?user_id=bob&q=tabs&limit=5&namespace=code&team_id={TEAM}"
        "&include_team=true"
    )
    assert listed.target == (
        f"/v1/memories?user_id=ada&limit=20&offset=0&namespace=code&team_id={TEAM}"
    )
    assert context.target == (
        f"/v1/users/ada/context?top_n=5&namespace=code&team_id={TEAM}&include_team=false"
    )


async def test_without_a_key_it_starts_and_each_call_says_what_to_set(recorder: Recorder) -> None:
    async with by_stdio(SMARA_API_URL=recorder.url) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        said = failure(await client.call_tool("get_usage", {}))

    assert len(names) == 8
    assert said.startswith("SMARA_API_KEY is not set. Set it to an API key")
    assert recorder.requests == []


async def test_a_key_that_no_header_can_carry_is_named(recorder: Recorder) -> None:
    async with by_stdio(SMARA_API_KEY="smara_“key”", SMARA_API_URL=recorder.url) as client:
        said = failure(await client.call_tool("get_usage", {}))

    assert said.startswith("SMARA_API_KEY is not valid.")


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("store_memory", {}, "user_id: Field required; fact: Field required"),
        ("store_memory", {"user_id": 7, "fact": "x"}, "user_id: Input should be a string"),
        (
            "search_memories",
            {"user_id": "ada", "q": ["tea"], "limit": True},
            "q: Input should be a string; limit: Input should be a number",
        ),
        ("delete_memory", {"id": ""}, "id: must not be empty"),
        (
            "update_memory",
            {"id": TEAM, "importance": None},
            "arguments: give at least one of visibility, importance; nothing was changed",
        ),
        (
            "update_memory",
            {"id": "a/b", "importance": 0.2},
            "id: is not an id of a memory; ids look like 0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11: "
            "take the `id` that a search or a list gives",
        ),
        (
            "ingest_conversation",
            {"user_id": "ada", "messages": "hello", "metadata": []},
            "messages: Input should be an array; metadata: Input should be an object",
        ),
        (
            "store_memory",
            {"user_id": "ada", "wording": "x", "source": "agent:1"},
            "fact: Field required (store_memory has no wording, source; it takes user_id, fact, "
            "importance, namespace, visibility, team_id)",
        ),
    ],
)
async def test_arguments_that_cannot_be_sent_are_named(
    recorder: Recorder, tool: str, arguments: dict[str, Any], said: str
) -> None:
    async with by_stdio(SMARA_API_KEY="smara_key", SMARA_API_URL=recorder.url) as client:
        assert failure(await client.call_tool(tool, arguments)) == said
    assert recorder.requests == []


async def test_what_the_service_answers_is_shown_whatever_it_is(recorder: Recorder) -> None:
    async def usage(client: McpClient, status: int, body: bytes) -> Any:
        recorder.status, recorder.answer = status, body
        return await client.call_tool("get_usage", {})

    async with by_stdio(SMARA_API_KEY="smara_key", SMARA_API_URL=recorder.url) as client:
        listed = await usage(client, 200, '{"fact": "Mag Käse", "n": [1]}'.encode())
        bare = await usage(client, 200, b"[1]")
        empty = await usage(client, 204, b"")
        refused = await usage(client, 402, b'{"error": "full", "code": "plan_limit"}')
        moved = await usage(client, 307, b"")
        page = await usage(client, 200, b"<html>")

    assert text(listed) == '{\n  "fact": "Mag Käse",\n  "n": [\n    1\n  ]\n}'
    assert listed.structured_content == {"fact": "Mag Käse", "n": [1]}
    assert (text(bare), bare.structured_content) == ("[\n  1\n]", None)
    assert (text(empty), empty.is_error) == ("{}", False)
    assert failure(refused) == 'HTTP 402: {"error": "full", "code": "plan_limit"}'
    assert failure(moved) == "HTTP 307: "
    assert failure(page) == (
        "HTTP 200, but the answer is not JSON. Does SMARA_API_URL name the memory service?"
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "localhost:3010",
            "SMARA_API_URL (localhost:3010) is not an address such as http://localhost:3010.",
        ),
        (
            "http://localhost:port",
            "SMARA_API_URL (http://localhost:port) is not an address such as http://localhost:3010.",
        ),
        (
            None,
            "Cannot connect to the memory service at {url}. Is it running, and is "
            "SMARA_API_URL its address?",
        ),
    ],
)
async def test_a_service_that_cannot_be_reached_is_explained(url: str | None, said: str) -> None:
    url = url or f"http://127.0.0.1:{free_port()}"
    async with by_stdio(SMARA_API_KEY="smara_key", SMARA_API_URL=url) as client:
        assert failure(await client.call_tool("get_usage", {})) == said.format(url=url)


def test_the_address_has_a_default_and_an_empty_one_counts_as_none() -> None:
    assert read_environment({}).url == "http://localhost:3010"
    assert read_environment({"SMARA_API_URL": ""}).url == "http://localhost:3010"
    assert read_environment({"SMARA_API_URL": "https://m.example/"}).url == "https://m.example"


def test_it_needs_nothing_of_the_server() -> None:
    """It runs beside an editor, where the server's packages are not installed."""
    shown = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; import app.mcp.stdio; "
            "print(*sorted({name.split('.')[0] for name in sys.modules})); "
            "print(*sorted(name for name in sys.modules if name.startswith('app')))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    packages, ours = (line.split() for line in shown.stdout.splitlines())

    heavy = {"fastapi", "psycopg", "onnxruntime", "numpy", "celery", "redis", "sqlalchemy"}
    assert heavy.isdisjoint(packages)
    assert {"anthropic", "voyageai", "structlog", "pydantic_settings"}.isdisjoint(packages)
    assert ours == [
        "app",
        "app.mcp",
        "app.mcp.environment",
        "app.mcp.instructions",
        "app.mcp.server",
        "app.mcp.stdio",
        "app.mcp.tools",
        "app.mcp.tools.calls",
        "app.mcp.tools.requests",
        "app.mcp.tools.table",
        "app.mcp.tools.tool",
    ]


async def test_a_slow_service_and_a_broken_connection_are_told_apart(recorder: Recorder) -> None:
    environment = read_environment({"SMARA_API_KEY": "smara_key", "SMARA_API_URL": recorder.url})
    async with httpx2.AsyncClient(timeout=0.2, trust_env=False) as client:
        recorder.delay_seconds = 1.0
        with pytest.raises(Unreachable, match="did not answer in time"):
            await deliver(client, environment, GET_USAGE.call({}))
        recorder.delay_seconds, recorder.cuts_off = 0.0, True
        with pytest.raises(Unreachable, match=r"broke \(RemoteProtocolError\). Try again"):
            await deliver(client, environment, GET_USAGE.call({}))


@pytest.mark.parametrize(
    ("tool", "arguments", "target"),
    [
        (
            "search_memories",
            {"user_id": "ada", "q": "tea", "task_progress": "- [ ] x", "team_id": "null"},
            "/v1/memories/search?user_id=ada&q=tea&limit=5&namespace=default",
        ),
        (
            "search_memories",
            {"user_id": "ada", "query": "null", "limit": "None"},
            "/v1/memories/search?user_id=ada&q=null&limit=5&namespace=default",
        ),
    ],
)
async def test_arguments_as_clients_really_send_them_are_understood(
    recorder: Recorder, tool: str, arguments: dict[str, Any], target: str
) -> None:
    async with by_stdio(SMARA_API_KEY="smara_key", SMARA_API_URL=recorder.url) as client:
        await client.call_tool(tool, arguments)

    assert [request.target for request in recorder.requests] == [target]


async def test_arrays_and_objects_may_come_as_text(recorder: Recorder) -> None:
    turns = [{"role": "user", "content": "I moved to Porto."}]
    async with by_stdio(SMARA_API_KEY="smara_key", SMARA_API_URL=recorder.url) as client:
        await client.call_tool(
            "ingest_conversation",
            {"user_id": "ada", "messages": json.dumps(turns), "metadata": '{"a": 1}'},
        )

    [request] = recorder.requests
    sent = request.body
    assert (sent["messages"], sent["metadata"]) == (turns, {"a": 1})
