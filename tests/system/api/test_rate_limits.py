"""A tenant may send so many requests in a minute; another is not touched by that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.client import Client, new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL
from tests.support.stack import Stack

LIMIT = 30
CALL = {"name": "smara_search_memories", "arguments": {"user_id": "ada", "q": "tea"}}


@pytest.fixture(scope="module")
def limited(
    workspace: Path, make_database: MakeDatabase, redis_url: str, models: Path
) -> Iterator[Stack]:
    stack = Stack(
        workspace / "limited",
        make_database(LOCAL_MODEL),
        redis_url,
        models,
        SMARA_REQUESTS_PER_MINUTE=str(LIMIT),
        SMARA_PLANS=json.dumps({"fast": {"requests_per_minute": 6_000}}),
    )
    yield stack.start(workers=False)
    stack.stop()


def statuses(client: Client, requests: int) -> list[int]:
    return [client.http.get("/v1/usage").status_code for _ in range(requests)]


def test_beyond_the_limit_it_is_429_and_says_when_to_come_back(limited: Stack) -> None:
    client = limited.client()
    answers = statuses(client, LIMIT + 10)

    # The window slides, so that a minute's turn may let one more in.
    assert LIMIT <= answers.count(200) <= LIMIT + 2
    assert answers.count(200) + answers.count(429) == LIMIT + 10
    refused = client.http.get("/v1/usage")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-policy"] == '"tenant";q=30;w=60'
    assert refused.headers["ratelimit"].startswith('"tenant";r=0;t=')


def test_another_tenant_is_not_touched(limited: Stack) -> None:
    busy, calm = limited.client(), limited.client()

    assert 429 in statuses(busy, LIMIT + 5)
    assert statuses(calm, 3) == [200, 200, 200]


def test_a_plan_has_its_own_limit(limited: Stack) -> None:
    tenant_id, api_key = new_tenant(limited.database_url)
    with psycopg.connect(limited.database_url) as connection:
        connection.execute("UPDATE tenants SET plan = 'fast' WHERE tenant_id = %s", (tenant_id,))

    assert statuses(Client(limited.base_url, api_key), 150) == [200] * 150


def test_a_tool_call_is_one_request(limited: Stack) -> None:
    client = limited.client()
    answers = [
        client.http.post("/v1/openai/tool-call", json=CALL).status_code for _ in range(LIMIT + 5)
    ]

    assert LIMIT <= answers.count(200) <= LIMIT + 2
    assert answers[:LIMIT] == [200] * LIMIT


def test_what_is_open_is_not_limited(limited: Stack) -> None:
    client = limited.client()
    statuses(client, LIMIT + 5)

    assert client.http.get("/health").status_code == 200
