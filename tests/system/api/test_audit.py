"""Who did what, on whom, and when: noted once, without anybody's id, and gone in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from app.db.pool import close_pool, open_pool
from app.privacy.purge import purge_expired
from app.rules.types import Caller
from app.settings import Settings
from app.startup import runtime, start_runtime
from app.tenancy.audit_log import Recorder
from tests.support.client import Client, new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.process import eventually
from tests.support.stack import Stack
from tests.system.mcp.connect import answer, over_http

Seen = list[tuple[str, str, str | None, int]]


def accesses(client: Client, **filters: Any) -> list[dict[str, Any]]:
    """Newest first, but for what reading the log leaves in it."""
    listed = client.http.get("/v1/audit", params={"limit": 1000, **filters})
    assert listed.status_code == 200, listed.text
    return [each for each in listed.json()["accesses"] if each["route"] != "/v1/audit"]


def seen(client: Client, number: int, **filters: Any) -> Seen:
    """What was noted, oldest first, once there are so many."""

    def enough() -> list[dict[str, Any]] | None:
        found = accesses(client, **filters)
        return found if len(found) >= number else None

    return [
        (each["method"], each["route"], each["via"], each["status"])
        for each in reversed(eventually(enough, seconds=5))
    ]


def test_each_request_is_noted_by_its_template(client: Client) -> None:
    stored = client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"})
    client.http.get(f"/v1/memories/{stored.json()['id']}")
    client.http.get("/v1/memories/search", params={"user_id": "ada", "q": "a secret question"})
    client.http.get("/v1/users/ada/context")
    client.http.get(f"/v1/memories/{uuid4()}")
    client.http.post("/v1/memories", json={"user_id": "ada"})
    client.http.get("/v1/nothing-there")

    assert seen(client, 6) == [
        ("POST", "/v1/memories", None, 201),
        ("GET", "/v1/memories/{memory_id}", None, 200),
        ("GET", "/v1/memories/search", None, 200),
        ("GET", "/v1/users/{user_id}/context", None, 200),
        ("GET", "/v1/memories/{memory_id}", None, 404),
        ("POST", "/v1/memories", None, 422),
    ]


def test_whom_it_was_about_is_found_by_who_knows_the_id(client: Client) -> None:
    client.http.post("/v1/memories", json={"user_id": "ada", "fact": "Likes tea"})
    client.http.get("/v1/memories/search", params={"user_id": "grace", "q": "tea"})
    client.http.get("/v1/users/ada/export")
    batch = [{"user_id": user, "fact": "Likes tea"} for user in ("ada", "alan", "alan")]
    client.http.post("/v1/memories:batch", json={"memories": batch})
    client.http.get("/v1/usage")
    assert len(seen(client, 6)) == 6

    assert seen(client, 3, user_id="ada") == [
        ("POST", "/v1/memories", None, 201),
        ("GET", "/v1/users/{user_id}/export", None, 200),
        ("POST", "/v1/memories:batch", None, 200),
    ]
    assert seen(client, 1, user_id="grace") == [("GET", "/v1/memories/search", None, 200)]
    assert seen(client, 1, user_id="alan") == [("POST", "/v1/memories:batch", None, 200)]
    assert accesses(client, user_id="nobody") == []


def test_nobodys_id_or_words_are_kept(stack: Stack, client: Client) -> None:
    user = f"quetzalcoatlus-{uuid4()}"
    client.http.post("/v1/memories", json={"user_id": user, "fact": f"Is {user}"})
    client.http.get("/v1/memories/search", params={"user_id": user, "q": user})
    client.http.get(f"/v1/users/{user}/context")
    client.http.delete(f"/v1/users/{user}")
    assert len(seen(client, 4)) == 4

    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute("SELECT row_to_json(accesses)::text FROM accesses").fetchall()
    assert len(rows) >= 4
    assert [row for (row,) in rows if user in row] == []
    digests = {each["user_hash"] for each in accesses(client, user_id=user)}
    assert [len(digest) for digest in digests] == [64]


def test_the_same_user_has_another_digest_in_another_tenant(stack: Stack, client: Client) -> None:
    other = stack.client()
    for each in (client, other):
        each.http.get("/v1/memories", params={"user_id": "ada"})
        assert len(seen(each, 1, user_id="ada")) == 1

    mine, theirs = (accesses(each, user_id="ada") for each in (client, other))
    assert mine[0]["user_hash"] != theirs[0]["user_hash"]


def test_a_tool_call_is_noted_once_as_what_it_does(stack: Stack, client: Client) -> None:
    arguments = {"user_id": "ada", "q": "tea"}
    client.http.post(
        "/v1/openai/tool-call", json={"name": "smara_search_memories", "arguments": arguments}
    )
    client.http.post("/v1/openai/tool-call", json={"name": "no_such_tool", "arguments": {}})
    assert seen(client, 2) == [
        ("GET", "/v1/memories/search", "/v1/openai/tool-call", 200),
        ("POST", "/v1/openai/tool-call", None, 422),
    ]

    async def search() -> None:
        key = client.http.headers["authorization"].removeprefix("Bearer ")
        async with over_http(stack.base_url, key) as mcp:
            answer(await mcp.call_tool("search_memories", arguments))

    asyncio.run(search())
    assert seen(client, 2, route="/v1/memories/search")[1:] == [
        ("GET", "/v1/memories/search", "/mcp", 200)
    ]
    assert [each["via"] for each in accesses(client, user_id="ada")] == [
        "/mcp",
        "/v1/openai/tool-call",
    ]


def test_it_is_asked_by_key_route_and_time_page_by_page(stack: Stack, client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"scopes": ["read"]}).json()
    reader = Client(stack.base_url, issued["api_key"])
    for _ in range(3):
        reader.http.get("/v1/usage")
    client.http.get("/v1/agents")
    assert len(seen(client, 5)) == 5

    assert seen(client, 3, key_id=issued["id"]) == [("GET", "/v1/usage", None, 200)] * 3
    assert seen(client, 1, route="/v1/agents") == [("GET", "/v1/agents", None, 200)]
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert accesses(client, since=soon) == []
    assert len(accesses(client, until=soon, route="/v1/usage")) == 3

    pages: list[list[str]] = []
    cursor: dict[str, str] = {}
    while len(pages) < 4:
        page = client.http.get(
            "/v1/audit", params={"route": "/v1/usage", "limit": 2, **cursor}
        ).json()
        pages.append([each["id"] for each in page["accesses"]])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert [len(page) for page in pages] == [2, 1]
    assert len({each for page in pages for each in page}) == 3


def test_it_needs_the_scope_admin(stack: Stack, client: Client) -> None:
    issued = client.http.post("/v1/keys", json={"scopes": ["read", "write"]}).json()
    refused = Client(stack.base_url, issued["api_key"]).http.get("/v1/audit")

    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")


def test_another_tenants_accesses_are_not_seen(stack: Stack, client: Client) -> None:
    stranger = stack.client()
    stranger.http.get("/v1/memories", params={"user_id": "ada"})
    assert len(seen(stranger, 1)) == 1

    assert accesses(client) == []
    assert accesses(client, user_id="ada") == []
    theirs = accesses(stranger)[0]["key_id"]
    for key_id in (theirs, str(uuid4())):
        assert client.http.get("/v1/audit", params={"key_id": key_id}).status_code == 404


@pytest.fixture
def database(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of this test's own, in this process's settings."""
    url = make_database(LOCAL_MODEL)
    monkeypatch.setenv("DATABASE_URL", url)
    start_runtime()
    yield url
    start_runtime()


def statuses(database: str) -> list[int]:
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT status FROM accesses ORDER BY access_id").fetchall()
    return [status for (status,) in rows]


def note(recorder: Recorder, tenant_id: UUID, status: int) -> None:
    caller = Caller(tenant_id, uuid4(), frozenset())
    recorder.note(caller, method="GET", route="/v1/usage", via=None, users=set(), status=status)


def test_what_is_noted_last_is_written_when_the_process_stops(database: str) -> None:
    tenant_id, _ = new_tenant(database)

    async def stop_at_once() -> None:
        await open_pool(Settings(database_url=database))
        recorder = Recorder()
        recorder.start()
        note(recorder, tenant_id, 200)
        note(recorder, tenant_id, 404)
        await recorder.stop()
        await close_pool()

    asyncio.run(stop_at_once())
    assert statuses(database) == [200, 404]


def test_when_there_is_too_much_the_oldest_goes_and_is_counted(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant_id, _ = new_tenant(database)

    async def overflow() -> None:
        await open_pool(Settings(database_url=database))
        recorder = Recorder(most=3)
        for status in range(200, 205):
            note(recorder, tenant_id, status)
        await recorder.stop()
        await close_pool()

    asyncio.run(overflow())
    assert statuses(database) == [202, 203, 204]
    said = capsys.readouterr()
    assert "accesses_dropped" in said.out + said.err


def test_what_the_database_did_not_take_waits_for_it(database: str) -> None:
    tenant_id, _ = new_tenant(database)

    async def be_refused_first() -> None:
        settings = Settings(database_url=database, statement_timeout_seconds=0.4)
        await open_pool(settings)
        recorder = Recorder()
        with psycopg.connect(database) as leaked:
            leaked.execute("LOCK TABLE accesses IN ACCESS EXCLUSIVE MODE")
            note(recorder, tenant_id, 200)
            stopping = asyncio.create_task(recorder.stop())
            await asyncio.sleep(0.5)  # Longer than a lock is waited for.
            assert not stopping.done()
        await stopping
        await close_pool()

    asyncio.run(be_refused_first())
    assert statuses(database) == [200]


@pytest.mark.parametrize(("days", "left"), [("30", [202]), ("0", []), ("90", [201, 202])])
def test_it_is_kept_for_as_long_as_the_settings_say(
    database: str, monkeypatch: pytest.MonkeyPatch, days: str, left: list[int]
) -> None:
    tenant_id, _ = new_tenant(database)
    with psycopg.connect(database) as connection:
        for status, age in ((201, 31), (202, 29)):
            connection.execute(
                "INSERT INTO accesses (tenant_id, at, key_id, method, route, status)"
                " VALUES (%s, now() - %s * interval '1 day', %s, 'GET', '/v1/usage', %s)",
                (tenant_id, age, uuid4(), status),
            )
    monkeypatch.setenv("SMARA_AUDIT_DAYS", days)
    start_runtime()

    async def purge() -> None:
        await open_pool(runtime().settings)
        await purge_expired()
        await close_pool()

    asyncio.run(purge())
    assert statuses(database) == left


def test_switched_off_nothing_is_noted(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> None:
    database = make_database(LOCAL_MODEL)
    stack = Stack(workspace / "unaudited", database, redis_url, models, SMARA_AUDIT_DAYS="0")
    stack.start(workers=False)
    try:
        assert stack.client().http.get("/v1/usage").status_code == 200
    finally:
        stack.stop()
    assert statuses(database) == []
