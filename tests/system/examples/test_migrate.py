"""Exports of other services become memories, and what cannot is counted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.client import Client
from tests.system.examples.conftest import Run

Lines = Callable[..., list[str]]

MEM0 = {
    "results": [
        {
            "id": "m2",
            "memory": "Lives in Porto",
            "user_id": "ada",
            "metadata": {"topic": "home"},
            "categories": ["personal_details"],
            "created_at": "2025-06-01T09:00:00.000000-07:00",
            "updated_at": None,
        },
        {
            "id": "m1",
            "memory": "Lives in Lisbon",
            "user_id": "ada",
            "metadata": None,
            "created_at": "2024-01-01T09:00:00+00:00",
        },
        {"id": "m3", "memory": "Repeats itself", "user_id": "bob", "agent_id": "coach"},
        {"id": "m4", "memory": "Belongs to nobody", "agent_id": "coach"},
        {"id": "m5", "memory": "x" * 2001, "user_id": "ada"},
        {"id": "m6", "memory": " ", "user_id": "ada"},
        {"id": "m7", "memory": "Was late", "user_id": "ada", "created_at": "yesterday"},
    ]
}

ZEP = [
    {
        "uuid": "e1",
        "name": "WORKS_AT",
        "fact": "Ada works at the harbour",
        "created_at": "2025-03-01T00:00:00Z",
        "valid_at": "2025-02-01T00:00:00Z",
        "invalid_at": None,
        "expired_at": None,
    },
    {
        "uuid": "e2",
        "name": "WORKS_AT",
        "fact": "Ada works at the mill",
        "created_at": "2024-03-01T00:00:00Z",
        "valid_at": "2024-03-01T00:00:00Z",
        "invalid_at": "2025-02-01T00:00:00Z",
    },
]


def memories(client: Client, user_id: str) -> list[dict[str, Any]]:
    answer = client.http.get("/v1/memories", params={"user_id": user_id})
    found: list[dict[str, Any]] = answer.json()["memories"]
    return found


def test_memories_of_mem0_arrive_in_the_order_of_their_time(
    run: Lines, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "mem0.json"
    file.write_text(json.dumps(MEM0))

    assert run("migrate", "mem0", str(file)) == [
        "2 stored, 0 known already, 1 replaced an older one, 0 over the plan",
        "1 left out: longer than 2000 characters",
        "1 left out: nobody's: give --user",
        "1 left out: with a time that cannot be read",
        "1 left out: without a text",
    ]
    [home] = memories(client, "ada")
    assert home["fact"] == "Lives in Porto"
    assert home["source"] == "mem0"
    assert home["valid_from"] == "2025-06-01T16:00:00.000Z"
    assert home["metadata"] == {
        "topic": "home",
        "categories": ["personal_details"],
        "mem0_id": "m2",
    }
    assert memories(client, "bob")[0]["metadata"] == {"agent_id": "coach", "mem0_id": "m3"}


def test_a_second_run_changes_nothing(run: Lines, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "mem0.json"
    file.write_text(json.dumps(MEM0))
    first = run("migrate", "mem0", str(file))
    before = client.http.get("/v1/users/ada/export").text.splitlines()

    assert run("migrate", "mem0", str(file)) == first
    assert client.http.get("/v1/users/ada/export").text.splitlines() == before


def test_of_facts_of_zep_only_the_current_ones_come_along(
    run: Lines, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "zep.json"
    file.write_text(json.dumps({"edges": ZEP}))

    assert run("migrate", "zep", str(file), "--user", "ada", "--namespace", "from-zep") == [
        "1 stored, 0 known already, 0 replaced an older one, 0 over the plan",
        "1 left out: no longer true",
    ]
    answer = client.http.get("/v1/memories", params={"user_id": "ada", "namespace": "from-zep"})
    [fact] = answer.json()["memories"]
    assert fact["fact"] == "Ada works at the harbour"
    assert fact["valid_from"] == "2025-02-01T00:00:00.000Z"
    assert fact["metadata"] == {"relation": "WORKS_AT", "zep_uuid": "e1"}


def test_a_dry_run_needs_no_service(run_anywhere: Run, tmp_path: Path) -> None:
    file = tmp_path / "zep.json"
    file.write_text(json.dumps(ZEP))

    done = run_anywhere("migrate", "zep", str(file), "--user", "ada", "--dry-run")
    assert done.stdout.splitlines() == ["1 would be sent", "1 left out: no longer true"]


def test_a_file_of_another_shape_is_refused_in_a_sentence(
    run_anywhere: Run, tmp_path: Path
) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"users": []}')

    done = run_anywhere("migrate", "mem0", str(file))
    assert done.returncode == 1
    assert done.stderr == f"{file} holds neither a list of records nor results, edges or facts\n"
