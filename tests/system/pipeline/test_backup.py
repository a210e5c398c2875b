"""F49: a database that is restored to an hour ago."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg

from app.cli.embedded import postgres
from tests.providers.anthropic import FakeAnthropic
from tests.support.stack import Stack
from tests.system.pipeline.conftest import MakeStack


def test_after_a_backup_is_restored_clients_ask_again_and_nothing_is_doubled_or_paid_twice(
    make_stack: MakeStack, fake_anthropic: tuple[FakeAnthropic, str], tmp_path: Path
) -> None:
    stack = make_stack().start()
    client = stack.client()
    before = client.post_conversation("ada", "User lives in Oslo.", key="k-1")
    assert client.finished(before)["state"] == "done"
    dump = tmp_path / "backup"
    run("pg_dump", "--format=custom", f"--file={dump}", stack.database_url)
    after = client.post_conversation("ada", "User has a cat named Miso.", key="k-2")
    assert client.finished(after)["state"] == "done"
    paid = fake_anthropic[0].count

    restore(stack, dump)

    assert client.facts("ada") == ["User lives in Oslo."]
    assert client.http.get(f"/v1/conversations/{after}").status_code == 404
    assert client.post_conversation("ada", "User lives in Oslo.", key="k-1") == before
    again = client.post_conversation("ada", "User has a cat named Miso.", key="k-2")
    assert client.finished(again)["state"] == "done"
    assert client.facts("ada") == ["User has a cat named Miso.", "User lives in Oslo."]
    assert fake_anthropic[0].count == paid + 1
    assert client.http.post(f"/v1/conversations/{before}/replay").status_code == 202
    assert client.finished(before)["state"] == "done"
    assert fake_anthropic[0].count == paid + 1, "its extraction came back with the backup"


def restore(stack: Stack, dump: Path) -> None:
    """Stop the service, put the backup in the database's place, and start it again."""
    stack.stop()
    name = stack.database_url.partition("@/")[2].partition("?")[0]
    maintenance = stack.database_url.replace(f"@/{name}?", "@/postgres?")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    run("pg_restore", "--exit-on-error", f"--dbname={stack.database_url}", str(dump))
    stack.start()


def run(tool: str, *arguments: str) -> None:
    done = subprocess.run(
        [postgres.binary(tool), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
