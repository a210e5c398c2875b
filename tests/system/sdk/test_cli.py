"""The ``smara`` command, as a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.providers.server import Running
from tests.support.process import free_port
from tests.support.stack import Stack
from tests.system.sdk.misbehaving import FakeSmara

SDK = Path(__file__).resolve().parents[3] / "sdk"


class Command:
    """``smara`` with a key and an address in its environment."""

    def __init__(self, url: str, api_key: str) -> None:
        self._env = {
            **os.environ,
            "PYTHONPATH": str(SDK),
            "SMARA_API_URL": url,
            "SMARA_API_KEY": api_key,
        }

    def __call__(self, *arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "smara.cli", *arguments],
            env=self._env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def json(self, *arguments: str | Path, stdin: str = "") -> object:
        done = self(*arguments, "--json", stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def smara(stack: Stack, api_key: str) -> Command:
    return Command(stack.base_url, api_key)


def test_a_fact_is_stored_found_listed_and_put_into_a_prompt(smara: Command) -> None:
    stored = smara("store", "u", "Prefers tea over coffee", "-i", "0.8")
    assert stored.stdout.startswith("stored  ")
    assert smara("search", "u", "hot drinks").stdout.endswith("  Prefers tea over coffee\n")
    assert smara("context", "u").stdout == (
        "[1] (importance: 0.8, decay: 1.00, source: api) Prefers tea over coffee\n"
    )
    assert smara("list", "u").stdout.endswith("  0.80  Prefers tea over coffee\n")
    assert smara("usage").stdout.splitlines()[:2] == [
        "plan      self-hosted",
        "memories  1 no limit",
    ]


def test_json_is_for_programs(smara: Command) -> None:
    stored = smara.json("store", "u", "-", stdin="Likes tea\n")
    assert isinstance(stored, dict)
    assert stored["action"] == "stored"
    assert smara.json("search", "u", "tea")[0]["id"] == stored["id"]  # type: ignore[index]
    assert smara.json("list", "u", "--limit", "1")[0]["fact"] == "Likes tea"  # type: ignore[index]
    assert smara.json("context", "u")["degraded"] is False  # type: ignore[index]
    assert smara.json("usage")["memories_used"] == 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ('[{"role": "user", "content": "I live in Lisbon."}]', 1),
        (
            '{"role": "user", "content": "I live in Lisbon."}\n'
            '{"role": "assistant", "content": "Nice."}\n',
            2,
        ),
        ("User: I live in Lisbon.\nAssistant: Nice.\n", 2),
        ('{"messages": [{"role": "user", "content": "I live in Lisbon."}], "source": "x"}', 1),
    ],
    ids=["json list", "json lines", "transcript", "conversation"],
)
def test_conversations_come_in_every_form(
    smara: Command, tmp_path: Path, text: str, messages: int
) -> None:
    file = tmp_path / "chat"
    file.write_text(text)
    [conversation] = smara.json("ingest", file, "--user", "u", "--wait")  # type: ignore[misc]
    assert (conversation["status"], conversation["message_count"]) == ("done", messages)
    assert "Lisbon" in conversation["receipt"]["facts"][0]["fact"]


def test_several_files_and_standard_input_go_in_and_the_facts_come_out(
    smara: Command, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("User: I live in Lisbon.")
    done = smara("ingest", tmp_path / "a.txt", "-", "-u", "u", "--wait", stdin="User: I own a dog.")
    assert done.returncode == 0
    assert "Lisbon" in done.stdout
    assert "dog" in done.stdout
    assert "sent 2 of 2" in done.stderr


def conversation(status: str, **fields: object) -> dict[str, object]:
    return {"id": "c-1", "status": status, "state": status, **fields}


FACT = {"fact": "User lives in Lisbon.", "action": "stored", "reason": "no_neighbour"}
REFUSED = {"code": "provider_key_refused", "message": "Claude: the API key is refused."}
ENDS = [
    (conversation("done", receipt={"facts": [FACT]}), 0, "stored     User lives in Lisbon.\n"),
    (
        conversation("done", receipt={"facts": []}),
        0,
        "Nothing to remember was found.\n",
    ),
    (
        conversation(
            "dead",
            error={"code": "provider_rejected", "message": "Claude answered 400", "replayable": 1},
        ),
        1,
        "dead       c-1: Claude answered 400 [provider_rejected]\n",
    ),
    (
        conversation("dead", error=None),
        1,
        "dead       c-1\n",
    ),
    (conversation("cancelled"), 1, "cancelled  c-1\n"),
    (
        conversation("queued", error=REFUSED, waiting_for="provider"),
        4,
        "queued     c-1: not finished after 1 s; it waits for a provider that does not answer or "
        "refuses its key; Claude: the API key is refused. [provider_key_refused]\n",
    ),
    (
        conversation("queued", waiting_for="budget"),
        4,
        "queued     c-1: not finished after 1 s; it waits for the tenant's budget, which is used "
        "up\n",
    ),
    (
        conversation("queued", error={"code": "provider_timeout", "message": "No answer."}),
        4,
        "queued     c-1: not finished after 1 s; No answer. [provider_timeout]\n",
    ),
    (
        conversation("queued"),
        4,
        "queued     c-1: not finished after 1 s; it waits for its turn\n",
    ),
    (
        conversation("processing"),
        4,
        "processing  c-1: not finished after 1 s; a worker is at it\n",
    ),
]


@pytest.mark.parametrize(("ended", "code", "printed"), ENDS)
def test_how_a_conversation_ended_is_said_and_is_the_exit_code(
    ended: dict[str, object], code: int, printed: str
) -> None:
    provider = FakeSmara()
    provider.script(
        {"status": 202, "body": conversation("queued"), "when": "messages"},
        {"status": 200, "body": ended, "times": 0},
    )
    chat = '[{"role": "user", "content": "I live in Lisbon."}]'
    with Running(provider) as running:
        smara = Command(f"http://127.0.0.1:{running.port}", "key")
        done = smara("ingest", "-", "-u", "u", "--wait", "--wait-timeout", "1", stdin=chat)
        asked = smara("ingest", "-", "-u", "u", "--wait", "--wait-timeout=1", "--json", stdin=chat)
    assert (done.returncode, done.stdout) == (code, printed)
    assert asked.returncode == code
    assert json.loads(asked.stdout)[0]["status"] == ended["status"]
    assert (printed in asked.stderr) == (code > 0)


def test_one_that_failed_does_not_hide_what_the_others_came_to(tmp_path: Path) -> None:
    dead = conversation("dead", error={"code": "provider_rejected", "message": "No."})
    provider = FakeSmara()
    provider.script(
        {"status": 202, "body": conversation("queued"), "when": "messages"},
        {"status": 202, "body": conversation("queued"), "when": "messages"},
        {"status": 200, "body": dead},
        {"status": 200, "body": conversation("done", receipt={"facts": [FACT]}), "times": 0},
    )
    chats = '{"messages": [{"role": "user", "content": "a"}]}\n' * 2
    with Running(provider) as running:
        smara = Command(f"http://127.0.0.1:{running.port}", "key")
        done = smara("ingest", "-", "-u", "u", "--wait", stdin=chats)
    assert (done.returncode, done.stdout) == (
        1,
        "stored     User lives in Lisbon.\ndead       c-1: No. [provider_rejected]\n",
    )


def test_sending_a_file_again_changes_nothing(smara: Command, tmp_path: Path) -> None:
    file = tmp_path / "chat.txt"
    file.write_text("User: I live in Lisbon.")
    first = smara("ingest", file, "--user", "u")
    assert smara("ingest", file, "--user", "u").stdout.split()[1] == first.stdout.split()[1]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "holds no conversation"),
        ('[{"role": "user", "content": "x"}, {"no": 1}]', "record 2 is neither"),
        ('{"role": "user", "content": "x"}\n{"role": ', "line 2 is none"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_sent(
    smara: Command, tmp_path: Path, text: str, wrong: str
) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.json"
    good.write_text("User: I live in Lisbon.")
    bad.write_text(text)
    done = smara("ingest", good, bad, "--user", "u")
    assert done.returncode == 2
    assert wrong in done.stderr
    assert str(bad) in done.stderr
    assert smara.json("usage")["memories_used"] == 0  # type: ignore[index]


def test_a_missing_file_is_an_error_without_a_traceback(smara: Command) -> None:
    done = smara("ingest", "missing.txt", "--user", "u")
    assert (done.returncode, done.stderr) == (
        2,
        "smara: missing.txt cannot be read: No such file or directory\n",
    )


def test_a_user_is_exported_and_then_erased(smara: Command, tmp_path: Path) -> None:
    smara("store", "u", "Likes tea")
    target = tmp_path / "u.ndjson"
    assert smara("export", "u", "-o", target).returncode == 0
    records = [json.loads(line) for line in target.read_text().splitlines()]
    assert [record["fact"] for record in records if record["type"] == "memory"] == ["Likes tea"]
    assert len(smara("export", "u").stdout.splitlines()) == len(records)
    asked = smara("erase", "u")
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert "1 memories" in smara("erase", "u", "--yes").stdout
    assert smara("list", "u").stderr == "No memories.\n"


def test_an_export_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    provider = FakeSmara()
    provider.script({"status": 200, "body": '{"type": "memory"}\n' * 9, "cut": 120})
    with Running(provider) as running:
        smara = Command(f"http://127.0.0.1:{running.port}", "key")
        assert smara("export", "u", "-o", tmp_path / "u.ndjson").returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_each_kind_of_failure_has_its_exit_code(stack: Stack, smara: Command) -> None:
    unreachable = Command(f"http://127.0.0.1:{free_port()}", "key")
    done = unreachable("usage")
    assert done.returncode == 3
    assert "Is the service running?" in done.stderr
    refused = Command(stack.base_url, "smara_unknown")("usage")
    assert refused.returncode == 1
    assert "SMARA_API_KEY" in refused.stderr
    assert smara("search", "u").returncode == 2
    assert smara("store", "u", "x", "-i", "7").returncode == 1


def test_a_reader_that_has_seen_enough_is_no_error(smara: Command) -> None:
    smara("store", "u", "Likes tea")
    done = subprocess.run(
        f"{sys.executable} -m smara.cli list u | true",
        shell=True,
        env=smara._env,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_verb_has_help(smara: Command) -> None:
    verbs = ("context", "erase", "export", "ingest", "list", "search", "store", "usage")
    overview = smara("--help").stdout
    for verb in verbs:
        assert f"\n    {verb} " in overview
        assert f"usage: smara {verb}" in smara(verb, "--help").stdout
