"""Every statement of app/db, of both kinds: Postgres can plan it, and no module mixes the two."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import psycopg
import pytest
from psycopg import _queries
from sqlalchemy import Text, bindparam, insert, select, update

from app import db
from app.db import schema
from app.db.statements import Shapes, Statement, own
from tests.support.fixtures import MakeDatabase
from tests.support.postgres import LOCAL_MODEL

SQL = re.compile(r"\s*(--.*\s+)*(WITH|SELECT|INSERT|UPDATE|DELETE)\b")
LATE = {"app.db.statements", "app.db.schema"}


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(db.__path__, "app.db."):
        if not found.ispkg and found.name not in LATE:
            yield importlib.import_module(found.name)


def core_of(module: ModuleType) -> Iterator[tuple[str, Statement]]:
    for name, value in vars(module).items():
        if isinstance(value, Statement):
            yield f"{module.__name__}.{name}", value
        if isinstance(value, Shapes) and value.build.__module__ == module.__name__:
            for nth, example in enumerate(value.examples):
                yield f"{module.__name__}.{name} {nth}", value(*example)


def sql_of(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Constants that are whole statements; members of a WITH and conditions are none."""
    for name, value in vars(module).items():
        if isinstance(value, str) and name.isupper() and SQL.match(value):
            yield f"{module.__name__}.{name}", value


STATEMENTS = {
    name: text
    for module in modules()
    for name, text in (
        *((name, statement.text) for name, statement in core_of(module)),
        *sql_of(module),
    )
}


@pytest.fixture(scope="module")
def connection(make_database: MakeDatabase) -> Iterator[psycopg.Connection]:
    with psycopg.connect(make_database(LOCAL_MODEL), autocommit=True) as connection:
        yield connection


def numbered(text: str) -> str:
    """The statement with $1, $2, … as the server is sent it."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        return f"${names.setdefault(match[1] or str(match.start()), len(names) + 1)}"

    return re.sub(r"%(?:\((\w+)\))?[sbt]", number, text).replace("%%", "%")


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_postgres_can_plan_the_statement(name: str, connection: psycopg.Connection) -> None:
    connection.execute(f"PREPARE planned AS {numbered(STATEMENTS[name])}")
    connection.execute("DEALLOCATE planned")


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_no_statement_holds_rows_against_those_that_refer_to_them(name: str) -> None:
    """FOR UPDATE waits for each transaction that has inserted a row with a foreign key to it."""
    assert not re.search(r"\bFOR UPDATE\b", STATEMENTS[name])


def test_there_are_statements_of_both_kinds() -> None:
    core = [name for module in modules() for name, _ in core_of(module)]
    sql = [name for module in modules() for name, _ in sql_of(module)]

    assert len(core) > 100
    assert len(sql) > 40


def test_a_search_is_short_enough_for_psycopg_to_read_it_once() -> None:
    """A longer text is parsed anew at each use."""
    assert len(STATEMENTS["app.db.search._BY_CODE"]) <= _queries.MAX_CACHED_STATEMENT_LENGTH


def test_no_module_has_both_kinds() -> None:
    for module in modules():
        assert not ([*core_of(module)] and [*sql_of(module)]), module.__name__


def test_constants_are_written_into_the_text_and_parameters_have_a_type() -> None:
    memories = schema.memories
    statement = Statement(
        update(memories)
        .where(own(memories), memories.c.state == "live", memories.c.source.in_(["a", "50%"]))
        .values(superseded_by=bindparam("by"), embedding=bindparam("vector"))
    )

    assert " ".join(statement.text.split()) == (
        "UPDATE memories SET superseded_by=%(by)s::UUID, embedding=%(vector)b::halfvec"
        " WHERE memories.tenant_id = %(tenant_id)s::UUID AND memories.state = 'live'"
        " AND memories.source IN ('a', '50%%')"
    )


def test_an_insert_returns_nothing_unless_it_says_so() -> None:
    statement = Statement(insert(schema.circuits).values(provider=bindparam("provider"), model="m"))

    assert (
        statement.text == "INSERT INTO circuits (provider, model) VALUES (%(provider)s::TEXT, 'm')"
    )


def test_a_parameter_without_a_type_is_refused_when_the_module_is_imported() -> None:
    with pytest.raises(TypeError, match="the parameter what has no type"):
        Statement(select(bindparam("what")))


@pytest.mark.anyio
async def test_values_that_the_statement_does_not_have_are_refused() -> None:
    statement = Statement(select(bindparam("word", type_=Text)))

    with pytest.raises(TypeError, match=r"values for \['words'\], wanted are \['word'\]"):
        await statement.run(None, words="x")  # type: ignore[arg-type]
