"""The receipt of a conversation with other facts in it: an expression for updates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.db.schema import conversations

_FACTS: ColumnElement[str] = literal_column("'facts'")


def with_facts(
    changed: Callable[[ColumnElement[Any]], ColumnElement[Any]],
) -> ColumnElement[Any]:
    """The receipt with each of its facts as ``changed`` makes it, in the order that they had."""
    receipt = conversations.c.receipt
    each = (
        func.jsonb_array_elements(receipt.op("->")(_FACTS))
        .table_valued(column("fact", JSONB), with_ordinality="nth")
        .render_derived("f")
    )
    facts = select(
        func.coalesce(
            func.jsonb_agg(aggregate_order_by(changed(each.c.fact), each.c.nth)),
            literal_column("'[]'::jsonb"),
        )
    ).scalar_subquery()
    return func.jsonb_set(receipt, literal_column("'{facts}'::text[]"), facts)


def without(fact: ColumnElement[Any], *fields: str) -> ColumnElement[Any]:
    """The fact with these fields emptied."""
    emptied = ", ".join(f'"{field}": ""' for field in fields)
    return fact.op("||")(literal_column(f"'{{{emptied}}}'::jsonb"))
