"""API keys: their form, how they are kept, and the commands that make, list and revoke them."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import api_keys as stored_keys
from app.db import tenants
from app.db.pool import close_pool, open_pool, system, transaction
from app.rules.key_reach import KeyRestriction
from app.settings import Settings
from app.tenancy import api_keys
from tests.support.client import new_tenant
from tests.support.fixtures import MakeDatabase
from tests.support.operator import smara_server
from tests.support.postgres import LOCAL_MODEL

KEY = "smara_0123456789abcdefghijklmnopqrstuvwxyzABCD2a0lzz"
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_a_key_is_smara_and_46_letters_and_figures_and_no_two_are_alike() -> None:
    made = {api_keys.generate() for _ in range(100)}

    assert len(made) == 100
    assert all(
        re.fullmatch(r"smara_[0-9A-Za-z]{46}", key) and api_keys.well_formed(key) for key in made
    )


def test_the_checksum_of_a_key_never_changes() -> None:
    assert api_keys.well_formed(KEY)


def test_the_label_of_a_key_that_was_made_for_one_user_goes_with_the_user(
    make_database: MakeDatabase,
) -> None:
    url = make_database(LOCAL_MODEL)
    tenant_id, _ = new_tenant(url, "first")

    async def labels() -> list[str]:
        await open_pool(Settings(database_url=url))
        try:
            async with transaction(tenant_id) as tx:
                for users in (["ada"], ["ada", "bob"], ["bob"], None):
                    reach = KeyRestriction.of(users, None, None)
                    issued = await api_keys.issue(tx, label=f"for {users}", restriction=reach)
                await stored_keys.retire(tx, issued.info.key_id)
                await stored_keys.forget_label_of(tx, "ada")
                return [key.label for key in await stored_keys.list_all(tx)]
        finally:
            await close_pool()

    assert asyncio.run(labels()) == ["first", "", "for ['ada', 'bob']", "for ['bob']", "for None"]


@given(st.integers(0, 51), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed_without_the_database(place: int, other: str) -> None:
    key = api_keys.generate()
    typo = key[:place] + other + key[place + 1 :]

    assert api_keys.well_formed(typo) is (typo == key)


@given(st.text() | st.text(ALPHABET, min_size=46, max_size=46).map("smara_".__add__))
def test_no_text_that_somebody_makes_up_is_well_formed(text: str) -> None:
    assert not api_keys.well_formed(text)


def test_the_stored_hash_depends_on_the_installation() -> None:
    assert len(api_keys.key_hash(KEY, b"one")) == 32
    assert (
        api_keys.key_hash(KEY, b"one")
        == api_keys.key_hash(KEY, b"one")
        != api_keys.key_hash(KEY, b"two")
    )


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    return make_database(LOCAL_MODEL)


def caller_of(database_url: str, key: str) -> tenants.Caller | None:
    async def look() -> tenants.Caller | None:
        await open_pool(Settings(database_url=database_url), size=1)
        try:
            async with system() as tx:
                secret = await tenants.installation_secret(tx)
                return await stored_keys.caller_of(tx, api_keys.key_hash(key, secret))
        finally:
            await close_pool()

    return asyncio.run(look())


def test_a_key_is_created_listed_without_its_secret_and_revoked(database_url: str) -> None:
    nobody = smara_server("keys", "list", DATABASE_URL=database_url)
    assert (nobody.code, "keys create" in nobody.said) == (1, True)

    created = smara_server(
        "keys",
        "create",
        "--label",
        "grafana",
        "--scope",
        "read",
        "--scope",
        "write",
        DATABASE_URL=database_url,
    )
    key = created.said.strip()
    assert (created.code, api_keys.well_formed(key)) == (0, True)
    caller = caller_of(database_url, key)
    assert caller is not None
    assert caller.scopes == {"read", "write"}

    listed = smara_server("keys", "list", DATABASE_URL=database_url)
    assert listed.said == f"{caller.key_id}  {key[:10]}…  live  read,write  grafana\n"

    revoked = smara_server("keys", "revoke", str(caller.key_id), DATABASE_URL=database_url)
    assert (revoked.code, revoked.said) == (0, "Revoked.\n")
    assert caller_of(database_url, key) is None
    assert "  revoked 20" in smara_server("keys", "list", DATABASE_URL=database_url).said


def test_what_cannot_be_revoked_is_said_with_exit_code_1(database_url: str) -> None:
    smara_server("keys", "create", DATABASE_URL=database_url)

    ended = smara_server("keys", "revoke", str(uuid4()), DATABASE_URL=database_url)

    assert (ended.code, ended.said) == (
        1,
        "smara-server: There is no live key of this id; see `smara-server keys list`.\n",
    )


@pytest.mark.parametrize(
    "arguments", [["create", "--scope", "root"], ["revoke", "not-an-id"], ["revoke"]]
)
def test_an_argument_that_cannot_be_ends_with_exit_code_2(
    database_url: str, arguments: list[str]
) -> None:
    assert smara_server("keys", *arguments, DATABASE_URL=database_url).code == 2


def test_an_expired_key_opens_nothing(database_url: str) -> None:
    key = smara_server("keys", "create", "--label", "old", DATABASE_URL=database_url).said.strip()
    assert caller_of(database_url, key) is not None

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE label = 'old'"
        )

    assert caller_of(database_url, key) is None


def test_before_the_schema_is_there_the_command_says_to_migrate(maintenance_url: str) -> None:
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE not_migrated")

    ended = smara_server(
        "keys", "create", DATABASE_URL=maintenance_url.replace("@/postgres?", "@/not_migrated?")
    )

    assert ended.code == 1
    assert "smara-server migrate" in ended.said
