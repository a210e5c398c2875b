"""The picture of the database (app/db/schema.py) against what the migrations lay down, and its
marks."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import ARRAY, Column, LargeBinary, Text, create_engine
from sqlalchemy.dialects.postgresql import JSONB

from app.db.marks import Erasure, erased_by, grants, parts_of
from app.db.migrate import bind_embedding_model, migrate
from app.db.schema import DIMENSION, conversations, memories, metadata
from tests.integration.db.catalog import Catalog, differences, read_catalog
from tests.integration.db.laid_down import lay_down

TABLES = metadata.tables.values()
ERASED_BUT_NOT_EXPORTED = {"webhook_deliveries"}
"""A user's rows there repeat what the other tables hold."""


def make(maintenance_url: str, name: str) -> str:
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return maintenance_url.replace("@/postgres?", f"@/{name}?")


@pytest.fixture(scope="module")
def migrated_url(maintenance_url: str) -> str:
    url = make(maintenance_url, "migrated")
    migrate(url)
    return url


@pytest.fixture(scope="module")
def migrated(migrated_url: str) -> Catalog:
    return read_catalog(migrated_url)


def columns() -> Iterator[Column[object]]:
    for table in TABLES:
        yield from table.columns


def may_read(role: str) -> set[tuple[str, str]]:
    """The columns that the role may read, by the marks."""
    return {
        (table.name, column.name)
        for table in TABLES
        for who, privilege, granted in grants(table)
        if (who, privilege) == (role, "SELECT")
        for column in table.columns
        if granted in (None, column.name)
    }


def test_the_migrations_lay_down_the_schema_with_its_storage_policies_and_grants(
    maintenance_url: str, migrated: Catalog
) -> None:
    url = make(maintenance_url, "laid_down")
    lay_down(url)

    found = [
        line
        for line in differences(read_catalog(url), migrated)
        if "functions:" not in line and "triggers:" not in line
    ]

    assert found == []
    assert len(migrated["columns"]) > 250, "the catalogue was read"
    assert len(migrated["grants on columns"]) > 50


def test_the_migrations_make_no_other_functions_and_triggers_than_these(migrated: Catalog) -> None:
    names = {name for name, *_ in migrated["functions"]}

    # Postgres 18 has uuidv7() itself.
    assert names - {"uuidv7"} == {"check_role", "keep_queue_head"}
    assert {row[:2] for row in migrated["triggers"]} == {
        ("conversations", "keep_queue_head"),
        ("conversations", "keep_queue_head_of_gone"),
        ("conversations", "keep_queue_head_of_new"),
    }


def test_alembic_sees_no_difference_either(migrated_url: str) -> None:
    engine = create_engine(migrated_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()

    assert found == []


def test_binding_the_embedding_model_changes_the_length_of_vectors_and_nothing_else(
    maintenance_url: str, migrated: Catalog
) -> None:
    url = make(maintenance_url, "bound")
    migrate(url)
    bind_embedding_model(url, "a model", 384)

    bound = {
        kind: [tuple(_as_migrated(value) for value in row) for row in rows]
        for kind, rows in read_catalog(url).items()
    }

    assert differences(migrated, bound) == []


def _as_migrated(value: object) -> object:
    return value.replace("(384)", f"({DIMENSION})") if isinstance(value, str) else value


def test_a_table_belongs_to_tenants_or_is_marked_as_the_installations_own() -> None:
    sealed = {table.name for table in TABLES if table.info["sealed"]}

    assert sealed == {table.name for table in TABLES if "tenant_id" in table.columns}


def test_every_column_that_could_name_or_quote_somebody_says_what_it_holds() -> None:
    """Without it, a new table's text is neither erased nor exported nor hidden from the system, and
    nobody notices."""
    could = [
        column
        for column in columns()
        for type_ in [column.type.item_type if isinstance(column.type, ARRAY) else column.type]
        if isinstance(type_, Text | LargeBinary | JSONB) or column.name in ("embedding", "code")
    ]

    assert len(could) > 100
    assert [str(column) for column in could if "holds" not in column.info] == []
    assert {column.info["holds"] for column in could} == {
        "plain",
        "words",
        "tenants",
        "secret",
        "person",
    }


def test_a_name_of_a_person_says_how_it_is_erased() -> None:
    named = [column for column in columns() if column.info.get("holds") == "person"]

    assert len(named) > 10
    assert all(isinstance(column.info["erasure"], Erasure) for column in named)


def test_ids_that_lead_to_a_persons_rows_belong_to_them_or_to_nobodys_words() -> None:
    """A row that hangs on a user's memory or conversation, and holds words, goes with it: as a part
    of it, through a foreign key, or because it names the user itself."""
    for table in TABLES:
        leads = {"memory_id", "conversation_id"} & set(table.columns.keys())
        holds_words = any(column.info.get("holds") == "words" for column in table.columns)
        if not (leads and holds_words and table.info["sealed"]):
            continue
        parts = [*parts_of(table, "memories"), *parts_of(table, "conversations")]
        assert parts or [*erased_by(table, Erasure.ROW)], table.name


def test_what_an_erasure_deletes_an_export_lists() -> None:
    users = {table.name for table in TABLES if [*erased_by(table, Erasure.ROW)]}
    listed = {table.name for table in TABLES if table.info["export"] is not None}
    through_others = {
        table.name
        for table in TABLES
        for whole in (memories, conversations)
        if [*parts_of(table, whole.name, exported=True)] and table.info["export"]
    }

    assert users - listed == ERASED_BUT_NOT_EXPORTED
    assert listed - users == through_others == {"memory_events", "memory_edges"}


def test_the_system_may_read_nobodys_words() -> None:
    seen = may_read("smara_system")
    words = {
        (column.table.name, column.name)
        for column in columns()
        if column.info.get("holds") in ("words", "tenants")
    }

    assert ("conversations", "state") in seen
    assert words & seen == set()
