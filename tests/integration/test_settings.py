"""Settings: what cannot be is refused in a sentence that names the variable."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from app.db import migrate as migrations
from app.settings import Settings
from tests.support.operator import smara_server

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def read(**env: str) -> Settings:
    with patch.dict(os.environ, env, clear=True):
        return Settings()


def test_an_empty_environment_is_enough() -> None:
    settings = read()

    assert settings.database_url is None
    assert (settings.port, settings.max_attempts, settings.lease_seconds) == (3010, 8, 300.0)


def test_an_empty_variable_counts_as_not_given() -> None:
    settings = read(VOYAGE_API_KEY="", DATABASE_URL="", PORT="", SMARA_LEASE_SECONDS="")

    assert (settings.voyage_api_key, settings.database_url, settings.port) == (None, None, 3010)


def test_a_key_never_shows_in_the_settings_text() -> None:
    settings = read(VOYAGE_API_KEY="pa-hidden", ANTHROPIC_API_KEY="sk-hidden")

    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    "env",
    [
        {"SMARA_EXTRACTION_TIMEOUT_SECONDS": "150"},
        {"SMARA_CONVERSATION_TIMEOUT_SECONDS": "240"},
        {"SMARA_SOFT_TIME_LIMIT_SECONDS": "270"},
        {"SMARA_HARD_TIME_LIMIT_SECONDS": "300"},
        {"SMARA_LEASE_SECONDS": "270"},
        {"SMARA_CLAIM_WINDOW_SECONDS": "90"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_clocks_out_of_order_end_with_a_sentence_that_names_them(env: dict[str, str]) -> None:
    ended = smara_server("keys", "list", DATABASE_URL=NOWHERE, **env)

    assert ended.code == 2
    assert next(iter(env)) in ended.said
    assert "must be below" in ended.said
    assert ended.said.startswith(
        "smara-server: SMARA_"
    )  # No empty "setting :" before it, no "Value error".


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("SMARA_MAX_ATTEMPTS", "0"),
        ("SMARA_LEASE_SECONDS", "soon"),
        ("SMARA_LOG_LEVEL", "LOUD"),
        ("SMARA_DUPLICATE_SIMILARITY", "1.1"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_variable(
    variable: str, value: str
) -> None:
    ended = smara_server("keys", "list", **{"DATABASE_URL": NOWHERE, variable: value})

    assert ended.code == 2
    assert ended.said.startswith(f"smara-server: setting {variable}: ")
    assert ended.said.count("\n") == 1


@pytest.mark.parametrize("command", [["api"], ["worker"], ["beat"]])
def test_without_a_database_each_process_says_what_to_do(command: list[str]) -> None:
    ended = smara_server(*command)

    assert ended.code == 1
    assert ended.said == (
        "smara-server: DATABASE_URL is not set. Set it, or use `smara-server up`, which brings a "
        "database along.\n"
    )


@pytest.mark.parametrize("command", [["migrate"], ["keys", "list"]])
def test_without_any_database_an_operators_command_says_where_it_looked(
    command: list[str], tmp_path: Path
) -> None:
    ended = smara_server(*command, SMARA_DATA_DIR=str(tmp_path))

    assert ended.code == 1
    assert ended.said == (
        f"smara-server: DATABASE_URL is not set, and {tmp_path} holds no database of `smara-server "
        "up`. Set DATABASE_URL, or SMARA_DATA_DIR to the folder that `up` has.\n"
    )


@pytest.mark.parametrize("command", [["migrate"], ["keys", "create"]])
def test_a_database_that_is_away_is_said_in_a_sentence(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "WAIT_SECONDS", 0.0)

    ended = smara_server(*command, DATABASE_URL=NOWHERE)

    assert ended.code == 1
    assert "database cannot be reached" in ended.said


@pytest.mark.parametrize("url", ["mysql://u@h/db", "localhost:5432", "postgresql://u:p@h:port/db"])
def test_an_address_that_is_no_postgres_is_said_in_a_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "WAIT_SECONDS", 0.0)

    ended = smara_server("migrate", DATABASE_URL=url)

    assert ended.code == 1
    assert ended.said.startswith("smara-server: ")
