"""`smara-server up` on a real folder: it starts, heals, and leaves nothing behind.

The tests share one running `up`, in the order in which they read; each sees to it that it runs.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psycopg
import pytest

from app.cli.embedded.runtime import socket_folder
from tests.support.client import Client
from tests.support.operator import smara_server
from tests.support.process import eventually, free_port
from tests.support.up import Up, alive, command_line, descendants_of

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="session")
def up(workspace: Path, models: Path) -> Iterator[Up]:
    """In a folder that only its owner may enter, under a path too long for a Unix socket."""
    private = workspace / "private"
    private.mkdir(mode=0o700)
    data_dir = private / ("a-long-name-" * 6) / ("another-long-name-" * 4)
    data_dir.mkdir(parents=True)
    assert len(str(data_dir)) > 107
    (data_dir / "models").symlink_to(models)
    up = Up(data_dir, workspace / "up.log")
    yield up
    up.stop()
    shutil.rmtree(socket_folder(data_dir.resolve()))


def test_it_starts_in_a_long_path_and_a_private_folder_and_says_what_is_embedded(up: Up) -> None:
    health = httpx2.get(f"{up.running().base_url}/health", trust_env=False).json()

    assert sorted(health["embedded"]) == ["embedder", "extractor", "postgres", "redis"]
    eventually(lambda: "Smara memory service is up" in up.log.read_text())


def test_the_first_key_is_for_its_owners_eyes_only_and_works(up: Up) -> None:
    up.running()
    key_file = up.data_dir / "api_key"

    assert key_file.stat().st_mode & 0o777 == 0o600
    client = up.client()
    conversation_id = client.post_conversation("ada", "I live in Lisbon.")
    assert client.finished(conversation_id)["state"] == "done"
    assert client.facts("ada") == ["User lives in Lisbon."]


def test_it_serves_through_a_login_without_the_owners_rights(up: Up) -> None:
    up.running()
    owner = f"postgresql://smara@/smara?host={socket_folder(up.data_dir.resolve())}"

    with psycopg.connect(owner) as connection:
        logins = connection.execute(
            "SELECT DISTINCT usename LIKE 'smara\\_service\\_%', rolsuper"
            " FROM pg_stat_activity JOIN pg_roles ON rolname = usename"
            " WHERE datname = 'smara' AND pid <> pg_backend_pid()"
        ).fetchall()

    assert logins == [(True, False)]


def test_nobody_else_may_enter_the_folder_of_the_sockets(up: Up) -> None:
    up.running()
    temporary = Path(tempfile.gettempdir())
    folders = [redis.parent for redis in temporary.glob(f"smara-{os.getuid()}-*/redis.sock")]

    assert folders
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_second_one_on_the_same_folder_is_refused_and_told_what_to_do(up: Up) -> None:
    up.running()

    code, said = up.refused()

    assert code == 1
    assert str(up.data_dir) in said
    assert "--data-dir" in said
    assert "Traceback" not in said
    assert up.healthy()


@pytest.mark.parametrize("port", [None, 65_535], ids=["a port", "the last port"])
def test_a_taken_port_is_named_with_what_to_change(port: int | None, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port or free_port()))
        taken.listen()
        number = taken.getsockname()[1]

        ended = smara_server("up", "--host=127.0.0.1", f"--data-dir={tmp_path}", f"--port={number}")

    assert ended.code == 1
    assert f"Port {number} cannot be used" in ended.said
    assert "--port" in ended.said
    assert "65536" not in ended.said  # There is no such port to choose.


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    ended = smara_server("up", f"--data-dir={tmp_path}/file/data", f"--port={free_port()}")

    assert ended.code == 1
    assert ended.said.startswith("smara-server: ")
    assert f"{tmp_path}/file" in ended.said


def test_the_operators_commands_find_its_database_by_the_data_folder(up: Up) -> None:
    """Given SMARA_DATA_DIR alone, each works beside it as beside a database of one's own."""
    client = up.running().client()
    conversation_id = client.post_conversation("cleo", "I live in Lisbon.")
    client.finished(conversation_id)

    def ran(*arguments: str) -> str:
        ended = smara_server(*arguments, SMARA_DATA_DIR=str(up.data_dir))
        assert ended.code == 0, ended.said
        return ended.said.strip()

    assert "The schema is up to date" in ran("migrate")
    key = ran("keys", "create", "--label", "laptop")
    other = Client(up.base_url, key)
    assert "User lives in Lisbon." in other.facts("cleo")
    [line] = [line for line in ran("keys", "list").splitlines() if "laptop" in line]
    assert ran("keys", "revoke", line.split()[0]) == "Revoked."

    tenant_id = ran("tenants", "create", "Acme").split()[0]
    assert "Acme" in ran("tenants", "list")
    assert ran("tenants", "set-plan", tenant_id, "free") == "On the plan free."
    assert "hard 5.00 USD" in ran("tenants", "set-budget", tenant_id, "--hard=5")
    assert ran("tenants", "set-transcript-days", tenant_id, "30") == "For 30 days."

    assert ran("replay", conversation_id).startswith("Queued")
    assert client.finished(conversation_id, seconds=30)["state"] == "done"


@pytest.mark.parametrize("command", ["api", "worker", "beat"])
def test_the_parts_of_a_service_want_an_address(command: str, up: Up) -> None:
    """They need Redis too, and are run by `up` already."""
    ended = smara_server(command, SMARA_DATA_DIR=str(up.data_dir))
    assert ended.code == 1
    assert ended.said.startswith("smara-server: DATABASE_URL is not set.")


@pytest.mark.parametrize("part", ["worker", "api", "redis", "postgres"])
def test_a_part_that_is_killed_is_back_within_seconds_and_nothing_is_lost(
    up: Up, part: str
) -> None:
    up.running()
    before = up.pid_of(part)
    assert before is not None

    os.kill(before, signal.SIGKILL)

    eventually(lambda: up.pid_of(part) not in (None, before), seconds=15)
    eventually(up.healthy, seconds=30)
    client = up.client()
    conversation_id = eventually(lambda: posted(client, f"part-{part}"), seconds=20)
    assert client.finished(conversation_id, seconds=60)["state"] == "done"
    assert client.facts(f"part-{part}") == ["User lives in Lisbon."]


def test_sigterm_ends_it_with_exit_code_0_and_leaves_no_process_behind(up: Up) -> None:
    process = up.running().process
    assert process is not None
    family = descendants_of(process.pid)
    assert len(family) >= 5

    process.terminate()

    assert process.wait(timeout=40) == 0
    assert [command_line(pid) for pid in family if alive(pid)] == []


@pytest.mark.parametrize(
    "command", [("keys", "list"), ("tenants", "list"), ("replay", NOBODY), ("migrate",)]
)
def test_without_a_running_one_the_operators_commands_say_what_to_do(
    command: tuple[str, ...], up: Up, tmp_path: Path
) -> None:
    assert up.process is not None
    assert up.process.poll() is not None, "the test before has stopped it"
    stopped = smara_server(*command, SMARA_DATA_DIR=str(up.data_dir))
    assert stopped.code == 1
    assert stopped.said == (
        f"smara-server: The database in {up.data_dir} is not running. Start it with `smara-server "
        "up` (make up), and repeat this while that runs.\n"
    )

    nothing = smara_server(*command, SMARA_DATA_DIR=str(tmp_path / "none"))
    assert nothing.code == 1
    assert "DATABASE_URL is not set" in nothing.said
    assert f"{tmp_path / 'none'} holds no database" in nothing.said
    assert not (tmp_path / "none").exists()


def test_a_restart_on_the_same_folder_has_the_memories_and_the_key(up: Up) -> None:
    key = (up.data_dir / "api_key").read_text()

    up.running()

    assert (up.data_dir / "api_key").read_text() == key
    assert up.client().facts("ada") == ["User lives in Lisbon."]


def test_when_it_is_killed_itself_no_process_stays_and_the_next_one_starts(up: Up) -> None:
    process = up.running().process
    assert process is not None
    family = descendants_of(process.pid)
    client = up.client()
    client.finished(client.post_conversation("bob", "I live in Lisbon."))

    process.kill()
    process.wait(timeout=10)

    eventually(lambda: not [pid for pid in family if alive(pid)], seconds=30)
    up.running()
    assert up.client().facts("bob") == ["User lives in Lisbon."]


def posted(client: Client, user_id: str) -> str | None:
    """The id of a conversation, or None while the service cannot take one."""
    body = {"user_id": user_id, "messages": [{"role": "user", "content": "I live in Lisbon."}]}
    answer = client.http.post("/v1/conversations", json=body)
    assert answer.status_code in (202, 503), answer.text
    return answer.json()["id"] if answer.status_code == 202 else None
