"""Contradictions that are stored at the same moment: each is true since the moment at which it had
its turn, so the last one holds, whichever request began first."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.client import Client
from tests.support.stack import Stack
from tests.system.contract.calls import at_once, got, sql

CITIES = (
    "Oslo",
    "Rome",
    "Lisbon",
    "Paris",
    "Berlin",
    "Madrid",
    "Vienna",
    "Prague",
    "Athens",
    "Bern",
)


@pytest.mark.parametrize("time", range(8))
def test_of_ten_contradictions_stored_at_once_the_last_one_holds(
    stack: Stack, client: Client, time: int
) -> None:
    """§1.6 One is live, the one that nobody replaced; the others were replaced one after another,
    and each was answered as what it was."""
    bodies = [{"user_id": "ada", "fact": f"User lives in {city}"} for city in CITIES]
    said = [
        answer.json()
        for answer in at_once(
            *(partial(client.http.post, "/v1/memories", json=body) for body in bodies)
        )
    ]
    assert sorted(each["action"] for each in said) == ["replaced"] * 9 + ["stored"]
    [first] = [each["id"] for each in said if each["action"] == "stored"]
    after = {each["replaced_id"]: each["id"] for each in said if each["action"] == "replaced"}
    order = [first]
    while order[-1] in after:
        order.append(after[order[-1]])
    assert len(order) == 10

    assert [each["id"] for each in got(client, "/v1/memories", user_id="ada")["memories"]] == [
        order[-1]
    ]
    memory = got(client, f"/v1/memories/{order[-1]}")
    assert [each["id"] for each in memory["versions"]] == order[-2::-1]
    rows = sql(
        stack,
        """
        SELECT m.memory_id::text, created_at, valid_from, superseded_at, valid_until, e.at
        FROM memories m JOIN memory_events e USING (tenant_id, memory_id)
        WHERE memory_id = ANY(%s::uuid[]) ORDER BY created_at
        """,
        order,
    )
    assert [row[0] for row in rows] == order
    for (_, created_at, valid_from, superseded_at, valid_until, at), newer in zip(
        rows, [*rows[1:], None], strict=True
    ):
        assert created_at == valid_from == at
        assert superseded_at == valid_until == (newer and newer[1])
