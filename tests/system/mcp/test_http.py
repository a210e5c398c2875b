"""/mcp of the API process: who may come in, and what it answers on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from app.api import errors
from app.mcp.http import mount, serving
from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.mcp.connect import answer, over_http

LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@pytest.mark.parametrize("authorization", ["", "Bearer smara_wrong", "Basic c21hcmE6"])
def test_without_a_valid_key_nothing_is_shown(stack: Stack, authorization: str) -> None:
    for method, path in (("POST", "/mcp"), ("POST", "/mcp/"), ("GET", "/mcp"), ("DELETE", "/mcp")):
        refused = httpx2.request(
            method,
            stack.base_url + path,
            json=LIST_TOOLS if method == "POST" else None,
            headers={**HEADERS, "Authorization": authorization},
            trust_env=False,
        )
        assert refused.status_code == 401, (method, path)
        assert refused.json()["code"] == "unauthenticated"
        assert refused.headers["www-authenticate"] == "Bearer"


def test_one_request_is_enough_and_leaves_no_session(client: Client) -> None:
    listed = client.http.post("/mcp", json=LIST_TOOLS, headers=HEADERS)

    assert listed.status_code == 200
    assert listed.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in listed.headers
    assert len(listed.json()["result"]["tools"]) == 8


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
@pytest.mark.parametrize("host", ["memory.example.com", "localhost:3010", "10.0.0.7"])
def test_any_host_and_origin_will_do(client: Client, path: str, host: str) -> None:
    headers = {**HEADERS, "Host": host, "Origin": "https://chat.example.com"}
    assert client.http.post(path, json=LIST_TOOLS, headers=headers).status_code == 200


def test_a_client_that_accepts_json_only_is_served(client: Client) -> None:
    headers = {**HEADERS, "Accept": "application/json"}
    assert client.http.post("/mcp", json=LIST_TOOLS, headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_stream_to_open_and_no_session_to_end(client: Client, method: str) -> None:
    refused = client.http.request(method, "/mcp", headers=HEADERS)

    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.json()["code"] == "method_not_allowed"


def test_a_body_that_is_no_json_is_refused(client: Client) -> None:
    as_text = client.http.post("/mcp", content=b"{}", headers={"Content-Type": "text/plain"})
    broken = client.http.post(
        "/mcp", content=b"{", headers={**HEADERS, "Content-Type": "application/json"}
    )

    assert (as_text.status_code, as_text.json()["code"]) == (415, "unsupported_media_type")
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, -32700)


@pytest.fixture
def clients(stack: Stack) -> list[Client]:
    """Of three tenants."""
    return [stack.client() for _ in range(3)]


@pytest.mark.anyio
async def test_tenants_do_not_see_each_other(stack: Stack, clients: list[Client]) -> None:
    """They share the process and its MCP server; only the key tells them apart."""

    async def store_and_search(name: str, one: Client) -> list[str]:
        key = one.http.headers["authorization"].removeprefix("Bearer ")
        async with over_http(stack.base_url, key) as mcp:
            await mcp.call_tool("store_memory", {"user_id": "ada", "fact": f"Is called {name}"})
            found = answer(await mcp.call_tool("search_memories", {"user_id": "ada", "q": "name"}))
        return [memory["fact"] for memory in found["results"]]

    names = ["Ada", "Bob", "Cleo"]
    found = await asyncio.gather(*map(store_and_search, names, clients))

    assert found == [["Is called Ada"], ["Is called Bob"], ["Is called Cleo"]]


@pytest.mark.anyio
async def test_a_fault_of_the_service_keeps_its_words_to_itself() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with serving(app):
            yield

    app = FastAPI(lifespan=lifespan)

    @app.middleware("http")
    async def gate(request: Request, go_on: RequestResponseEndpoint) -> Response:
        request.state.caller = "known"
        return await go_on(request)

    @app.get("/v1/usage")
    async def broken() -> None:
        raise ValueError("select secret from people")

    errors.install(app)
    mount(app)
    call = {**LIST_TOOLS, "method": "tools/call", "params": {"name": "get_usage"}}
    headers = {**HEADERS, "Authorization": "Bearer x"}
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        answered = await client.post("/mcp", json=call, headers=headers)

    result = answered.json()["result"]
    assert result["isError"]
    assert result["content"][0]["text"] == "HTTP 500: Internal Server Error"
