"""The operators' commands about tenants, against a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    return make_database(LOCAL_MODEL)


def smara_server(database_url: str, *arguments: str, **env: str) -> tuple[int, str]:
    """Run the command; its exit code and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={**os.environ, "DATABASE_URL": database_url, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout.strip()


def test_a_tenant_is_made_with_a_key_and_can_be_put_on_another_plan(database_url: str) -> None:
    code, made = smara_server(database_url, "tenants", "create", "acme", "--plan", "free")
    assert code == 0, made
    tenant_id, api_key = made.split()
    assert api_key.startswith("smara_")

    assert smara_server(database_url, "tenants", "list") == (
        0,
        f"{tenant_id}  free  0 memories  acme",
    )
    pro = '{"pro": {"memories": 5}}'
    changed = smara_server(database_url, "tenants", "set-plan", tenant_id, "pro", SMARA_PLANS=pro)
    assert changed == (0, "On the plan pro.")


def test_a_plan_that_does_not_exist_is_refused_with_those_that_do(database_url: str) -> None:
    code, said = smara_server(database_url, "tenants", "create", "acme", "--plan", "gold")

    assert code == 1
    assert said == "smara-server: There is no plan 'gold'; there are self-hosted, free."
