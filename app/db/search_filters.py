"""Which memories a search or a list is about: conditions in Core, and the values that they read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Boolean

from app.db.schema import memories, memory_recalls
from app.db.statements import own
from app.rules.filters import Filters
from app.rules.types import Scope

Wanted: TypeAlias = frozenset[str]
"""The shape of filters: the names of the bounds that are given."""

NO_BOUNDS: Wanted = frozenset()

SCOPES = bindparam("scope_keys", type_=ARRAY(Uuid))

REINFORCED = (
    select(memory_recalls.c.memory_id, memory_recalls.c.reinforcements)
    .where(own(memory_recalls), memory_recalls.c.scope_key == any_(SCOPES))
    .subquery("r")
)
"""How often the memories of the scopes were said again; one that never was has no row."""

_IN_SCOPE = own(memories) & (memories.c.scope_key == any_(SCOPES))

LIVE = _IN_SCOPE & (memories.c.state == "live")

_VALID_AT = bindparam("valid_at", type_=memories.c.valid_from.type)
_TRUE_THEN = and_(
    _IN_SCOPE,
    memories.c.state.in_(["live", "superseded"]),
    memories.c.valid_from <= _VALID_AT,
    or_(memories.c.valid_until.is_(None), memories.c.valid_until > _VALID_AT),
)

_wanted = (
    func.unnest(
        bindparam("keys", type_=ARRAY(Text)),
        bindparam("operators", type_=ARRAY(Text)),
        bindparam("values", type_=ARRAY(JSONB)),
    )
    .table_valued(column("key", Text), column("operator", Text), column("value", JSONB))
    .render_derived("wanted")
)
_field: ColumnElement[Any] = memories.c.metadata.op("->", return_type=JSONB())(_wanted.c.key)
_each = (
    func.jsonb_array_elements(_wanted.c.value)
    .table_valued(column("value", JSONB))
    .render_derived("each")
)
_IS = {
    "eq": _field == _wanted.c.value,
    "ne": _field.is_distinct_from(_wanted.c.value),
    "in": exists(
        select().select_from(_each).where(_field == _each.c.value).correlate(memories, _wanted)
    ),
    "contains": _field.op("@>", is_comparison=True)(_wanted.c.value),
}
_ORDERED = {
    "gt": _field > _wanted.c.value,
    "gte": _field >= _wanted.c.value,
    "lt": _field < _wanted.c.value,
    "lte": _field <= _wanted.c.value,
}
_METADATA = not_(
    exists(
        select()
        .select_from(_wanted)
        .where(
            not_(
                func.coalesce(
                    case(
                        *((_wanted.c.operator == name, met) for name, met in _IS.items()),
                        else_=and_(
                            func.jsonb_typeof(_field) == func.jsonb_typeof(_wanted.c.value),
                            case(
                                *(
                                    (_wanted.c.operator == name, met)
                                    for name, met in _ORDERED.items()
                                ),
                            ),
                        ),
                    ),
                    false(),
                    type_=Boolean,
                )
            )
        )
        .correlate(memories)
    )
)
"""No condition is unmet. Values of different JSON types are never in order."""

_BOUNDS = {
    "source": memories.c.source == bindparam("source"),
    "created_after": memories.c.created_at >= bindparam("created_after"),
    "created_before": memories.c.created_at < bindparam("created_before"),
    "valid_after": memories.c.valid_from >= bindparam("valid_after"),
    "valid_before": memories.c.valid_from < bindparam("valid_before"),
    "metadata": _METADATA,
}


def shape_of(filters: Filters) -> Wanted:
    """Name the bounds that are given."""
    return frozenset(
        name
        for name in (*_BOUNDS, "valid_at", "quarantined")
        if getattr(filters, name) not in (None, (), False)
    )


def where(wanted: Wanted) -> ColumnElement[bool]:
    """The condition on memories: of the scopes, alive (or in quarantine, or true at the time asked
    for), and as the filters want them. Values: ``bounds``."""
    condition = _TRUE_THEN if "valid_at" in wanted else LIVE
    if "quarantined" in wanted:
        condition = _IN_SCOPE & (memories.c.state == "quarantined")
    return and_(condition, *(bound for name, bound in _BOUNDS.items() if name in wanted))


def bounds(scopes: Sequence[Scope], filters: Filters) -> dict[str, Any]:
    """The values that ``where`` reads."""
    values: dict[str, Any] = {"scope_keys": [scope.key for scope in scopes]}
    for name in shape_of(filters) - {"metadata", "quarantined"}:
        value: str | datetime = getattr(filters, name)
        values[name] = value
    if filters.quarantined:
        values.pop("valid_at", None)
    if filters.metadata:
        values["keys"] = [condition.key for condition in filters.metadata]
        values["operators"] = [condition.operator for condition in filters.metadata]
        values["values"] = [condition.value for condition in filters.metadata]
    return values
