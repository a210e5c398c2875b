"""Statements of SQLAlchemy Core, compiled once and run by psycopg.

docs/decisions/0013-core-and-sql.md has why, and where SQL stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, Generic, ParamSpec, TypeVar

import psycopg
from pgvector import HalfVector
from pgvector.sqlalchemy import HALFVEC
from psycopg.rows import args_row, class_row
from psycopg.types.json import Jsonb
from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    ColumnElement,
    Double,
    Executable,
    FromClause,
    Insert,
    Interval,
    Uuid,
    bindparam,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.types import NullType, TypeEngine

from app.db.pool import AsyncCursor, TenantTx, Tx

Row = TypeVar("Row")
Shape = ParamSpec("Shape")


class _Compiler(PGCompiler_psycopg):
    """Writes constants into the text, and gives every parameter its type.

    A partial index is only used where the planner sees its predicate: with ``state = $3`` a generic
    plan scans the table. And a None without a type would be sent without one.
    """

    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **context: Any) -> str:
        context["literal_binds"] = literal = not bindparam.required
        text: str = super().visit_bindparam(bindparam, *args, **context)  # type: ignore[no-untyped-call]
        return text if literal else self._typed(text, bindparam)

    def _typed(self, text: str, bindparam: BindParameter[Any]) -> str:
        of, array = bindparam.type, isinstance(bindparam.type, ARRAY)
        if isinstance(of, NullType):
            raise TypeError(f"the parameter {bindparam.key} has no type")
        if isinstance(of.item_type if isinstance(of, ARRAY) else of, HALFVEC):
            # In binary, and of whatever length the installation's model has.
            return f"{text[:-1]}b::halfvec{'[]' if array else ''}"
        return f"{text}::{self.dialect.type_compiler_instance.process(of)}"


class _Dialect(PGDialect_psycopg):
    statement_compiler = _Compiler
    bind_typing = BindTyping.NONE  # The compiler above names the types, of all of them.


DIALECT = _Dialect()  # type: ignore[no-untyped-call]


class Statement:
    """One statement: its text never changes, so that psycopg prepares it on the server.

    Values are given by name; the tenant is the transaction's. JSON, lists and vectors may be given
    as they are. With ``binary`` rows are read in binary.
    """

    def __init__(self, statement: Executable, *, binary: bool = False) -> None:
        if isinstance(statement, Insert) and not statement._returning:
            statement = statement.inline()  # Otherwise the primary key would be returned.
        compiled = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
        self.text: str = compiled.string
        self.names = frozenset(compiled.binds) - {"tenant_id"}
        self._of_a_tenant = "tenant_id" in compiled.binds
        self._adapters = {
            name: adapter
            for name, value in compiled.binds.items()
            if (adapter := _adapter(value.type)) is not None
        }
        self._columns = tuple(statement.exported_columns.keys())  # type: ignore[attr-defined]
        self._binary = binary

    async def run(self, tx: Tx, /, **values: Any) -> AsyncCursor:
        """Send the statement; the cursor has its rows, if it returns any."""
        bound = self._bound(tx, values)
        return await tx.execute(self.text, bound)

    async def one(self, tx: Tx, into: type[Row], /, **values: Any) -> Row | None:
        """Read the first row, or None."""
        async with self._cursor(tx, into) as cursor:
            await cursor.execute(self.text, self._bound(tx, values))
            return await cursor.fetchone()

    async def all(self, tx: Tx, into: type[Row], /, **values: Any) -> list[Row]:
        """Read every row."""
        async with self._cursor(tx, into) as cursor:
            await cursor.execute(self.text, self._bound(tx, values))
            return await cursor.fetchall()

    async def rows(self, tx: Tx, /, **values: Any) -> list[tuple[Any, ...]]:
        """Read every row as a tuple."""
        return await (await self.run(tx, **values)).fetchall()

    async def scalar(self, tx: Tx, /, **values: Any) -> Any:
        """Read the first column of the first row; None when there is no row."""
        row = await (await self.run(tx, **values)).fetchone()
        return None if row is None else row[0]

    async def rowcount(self, tx: Tx, /, **values: Any) -> int:
        """Count the rows that the statement returns; one that changes rows has a RETURNING."""
        return len(await self.rows(tx, **values))

    def _cursor(self, tx: Tx, into: type[Row]) -> psycopg.AsyncCursor[Row]:
        by_position = _has_fields(into, self._columns)  # type: ignore[arg-type]
        row_factory = args_row(into) if by_position else class_row(into)
        return tx.cursor(row_factory=row_factory, binary=self._binary)

    def _bound(self, tx: Tx, values: dict[str, Any]) -> dict[str, Any]:
        if values.keys() != self.names:
            raise TypeError(f"values for {sorted(values)}, wanted are {sorted(self.names)}")
        for name, adapter in self._adapters.items():
            if values[name] is not None:
                values[name] = adapter(values[name])
        if self._of_a_tenant:
            assert isinstance(tx, TenantTx), "a statement about one tenant, in its transaction"
            values["tenant_id"] = tx.tenant_id
        return values


class Shapes(Generic[Shape]):
    """Statements whose text depends on arguments: each is compiled at its first use.

    ``examples`` are arguments of every kind, for the test that prepares them.
    """

    def __init__(
        self, build: Callable[Shape, Statement], examples: Sequence[tuple[Any, ...]]
    ) -> None:
        self.build, self.examples = build, examples
        self._kept: Callable[..., Statement] = lru_cache(maxsize=1_000)(build)

    def __call__(self, *args: Shape.args, **kwargs: Shape.kwargs) -> Statement:
        return self._kept(*args, **kwargs)


def shapes(
    *examples: tuple[Any, ...],
) -> Callable[[Callable[Shape, Statement]], Shapes[Shape]]:
    """Keep the statements that the function makes, one for each combination of arguments."""
    return lambda build: Shapes(build, examples)


OWN_ID = bindparam("tenant_id", type_=Uuid)
"""The transaction's tenant."""


def own(table: FromClause) -> ColumnElement[bool]:
    """The rows of the transaction's tenant."""
    return table.c.tenant_id == OWN_ID


def columns_of(into: type[Any], table: FromClause) -> list[ColumnElement[Any]]:
    """The columns that the fields of the dataclass are named after."""
    return [table.c[field.name] for field in fields(into)]


def parameters(names: Iterable[str]) -> dict[str, BindParameter[Any]]:
    """A parameter for each of the columns, of the column's name."""
    return {name: bindparam(name) for name in sorted(names)}


def seconds(parameter: str) -> ColumnElement[Any]:
    """An interval of as many seconds as the parameter says."""
    return bindparam(parameter, type_=Double) * literal_column("interval '1 second'", Interval)


def days(parameter: str) -> ColumnElement[Any]:
    """An interval of as many days of 24 hours as the parameter says."""
    return bindparam(parameter, type_=Double) * literal_column("interval '24 hours'", Interval)


TENANT = select(OWN_ID).scalar_subquery()
"""The tenant in statements that look rows up by id: see ``pool.TENANT``."""


@lru_cache(maxsize=1_000)
def _has_fields(into: type[Any], columns: tuple[str, ...]) -> bool:
    """Whether the columns are the dataclass's fields, in order: by position a row takes half as
    long as by name."""
    return columns == tuple(field.name for field in fields(into))


def _adapter(of: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """How a value of the type is given to psycopg, where that is not as it is."""
    if isinstance(of, JSON):
        return lambda value: value if isinstance(value, Jsonb) else Jsonb(value)
    if isinstance(of, HALFVEC):
        return lambda vector: HalfVector(list(vector))
    if isinstance(of, ARRAY):
        each = _adapter(of.item_type)
        return list if each is None else lambda values: [each(value) for value in values]
    return None
