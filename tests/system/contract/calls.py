"""What the tests of the contract say over and over: store, form a team, ask at once, look behind
the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Self
from uuid import UUID

import httpx2
import psycopg

from tests.support.client import Client, new_tenant
from tests.support.process import eventually
from tests.support.stack import Stack

NOBODY = "00000000-0000-7000-8000-000000000000"
"""An id that nothing has."""

SEARCHED = {
    "id",
    "fact",
    "importance",
    "decay_score",
    "similarity",
    "score",
    "source",
    "namespace",
    "created_at",
}
"""What the contract promises of a memory that a question brought back; ours adds to it."""


def store(client: Client, fact: str, user_id: str = "ada", **fields: Any) -> dict[str, Any]:
    """The answer to a POST /v1/memories that stores, replaces or finds a duplicate."""
    answer = client.http.post("/v1/memories", json={"user_id": user_id, "fact": fact, **fields})
    assert answer.status_code in (200, 201), answer.text
    stored: dict[str, Any] = answer.json()
    return stored


def made(client: Client, path: str, **body: Any) -> dict[str, Any]:
    """What a POST has created."""
    answer = client.http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def got(client: Client, path: str, **query: Any) -> dict[str, Any]:
    """What a GET answers."""
    answer = client.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def found(client: Client, user_id: str = "ada", q: str = "what is known", **query: Any) -> set[str]:
    """The facts that a search brings back."""
    answer = got(client, "/v1/memories/search", user_id=user_id, q=q, limit=50, **query)
    return {memory["fact"] for memory in answer["results"]}


def listed(client: Client, user_id: str = "ada", **query: Any) -> list[str]:
    """The facts of a list, in its order."""
    return [
        memory["fact"]
        for memory in got(client, "/v1/memories", user_id=user_id, limit=100, **query)["memories"]
    ]


def batch(client: Client, facts: Sequence[str], user_id: str = "ada", **fields: Any) -> list[str]:
    """The ids of facts stored together, all of them new."""
    body = {"memories": [{"user_id": user_id, "fact": fact, **fields} for fact in facts]}
    answer = client.http.post("/v1/memories:batch", json=body)
    assert answer.status_code == 200, answer.text
    assert [each["action"] for each in answer.json()["results"]] == ["stored"] * len(facts)
    return [each["id"] for each in answer.json()["results"]]


def team(client: Client, admin: str = "ada", slug: str = "crew", **members: str) -> str:
    """The id of a new team; ``members`` are roles by user id."""
    team_id = made(client, "/v1/teams", name="Crew", slug=slug, user_id=admin)["id"]
    for user_id, role in members.items():
        made(client, f"/v1/teams/{team_id}/members", user_id=user_id, added_by=admin, role=role)
    return str(team_id)


def agent(client: Client, name: str = "Helper") -> str:
    """The id of a new agent."""
    return str(made(client, "/v1/agents", name=name, owner_id="ada")["id"])


def edge(client: Client, start: str, end: str, kind: str = "relates_to", **fields: Any) -> str:
    """The id of a new edge."""
    body = {"from_memory_id": start, "to_memory_id": end, "relationship_type": kind, **fields}
    return str(made(client, "/v1/graph/connect", **body)["id"])


def walked(client: Client, root: str, **query: Any) -> dict[str, int]:
    """The depth of each memory that a walk reaches."""
    answer = got(client, f"/v1/graph/traverse/{root}", **query)
    assert answer["node_count"] == len(answer["nodes"])
    return {node["memory_id"]: node["depth"] for node in answer["nodes"]}


def used(client: Client) -> int:
    """How many live memories the plan counts."""
    return int(got(client, "/v1/usage")["memories_used"])


def restricted(stack: Stack, client: Client, **reach: Any) -> Client:
    """A client with a key of the same tenant that reaches less."""
    key = made(client, "/v1/keys", scopes=["read", "write"], **reach)["api_key"]
    return Client(stack.base_url, key)


def keyless(stack: Stack) -> httpx2.Client:
    """What somebody without a key calls the service with."""
    return httpx2.Client(base_url=stack.base_url, trust_env=False, timeout=30)


def at_once(*calls: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    """The answers to calls that start together."""
    start = Barrier(len(calls))

    def go(call: Callable[[], httpx2.Response]) -> httpx2.Response:
        start.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(go, calls))


class OwnerLock:
    """A lock that everybody else waits for while the ``with`` block lasts."""

    def __init__(self, stack: Stack, statement: str, *parameters: Any) -> None:
        self._stack, self._lock = stack, (statement, parameters)

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._stack.database_url)
        self._connection.execute(*self._lock)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def wait_for(self, number: int) -> None:
        """Return when so many statements wait, for this or behind one that does."""
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        eventually(lambda: sql(self._stack, blocked)[0][0] >= number)


def all_behind(lock: OwnerLock, *calls: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    """The answers to calls that wait for one lock and are let go together."""
    with ThreadPoolExecutor(len(calls)) as pool:
        with lock:
            going = [pool.submit(call) for call in calls]
            lock.wait_for(len(calls))
        return [each.result(20) for each in going]


def statuses(answers: Sequence[httpx2.Response]) -> list[int]:
    """The statuses in ascending order."""
    return sorted(answer.status_code for answer in answers)


def refused(answer: httpx2.Response, status: int, code: str) -> None:
    """Assert that it is this refusal, in the one shape that all of them have."""
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code, answer.text
    assert isinstance(answer.json()["error"], str)
    assert answer.json()["error"]


def on_plan(stack: Stack, plan: str) -> Client:
    """A client of a fresh tenant on the plan."""
    tenant_id, key = new_tenant(stack.database_url)
    sql(stack, "UPDATE tenants SET plan = %s WHERE tenant_id = %s", plan, tenant_id)
    return Client(stack.base_url, key)


def age(stack: Stack, memory_id: str, days: float) -> None:
    """Make a memory look as if it had been stored ``days`` ago."""
    sql(
        stack,
        "UPDATE memories SET created_at = now() - make_interval(secs => %s) WHERE memory_id = %s",
        days * 86_400,
        UUID(memory_id),
    )


def sql(stack: Stack, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Rows of the test's database, behind the API's back."""
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
