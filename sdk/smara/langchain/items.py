"""Convert a LangGraph item to a memory and back.

An item is one memory. Its user is one label of the namespace tuple, and all items are in one Smara
namespace, apart from the facts that are drawn from conversations. The text to search is the fact;
the value itself is stored in the metadata as JSON text, so it comes back exactly as it was put
(except for secrets, which the service masks), and its top-level texts, numbers and flags are stored
a second time as fields, so that a filter can use them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from langgraph.store.base import (
    InvalidNamespaceError,
    MatchCondition,
    PutOp,
    SearchItem,
    SearchOp,
    get_text_at_path,
    tokenize_path,
)

from smara.models import FoundMemory, Memory

PATH, KEY, VALUE, INDEXED, UPDATED = (
    f"langgraph.{name}" for name in ("path", "key", "value", "indexed", "updated_at")
)
MOST_FACT_CHARACTERS = 2_000
MOST_METADATA_BYTES = 16_000
MOST_FOUND = 50
"""The service's limits, a little rounded."""

MOST_FILTER_CHARACTERS = 200
"""A longer text is no label; a filter for one is decided here."""

MASKED = "masked"
"""The field of a value whose JSON the service's masking of secrets has broken: its text as kept."""

Path = tuple[str, ...]

_TEXT_OR_MASK = re.compile(r'"(?:[^"\\]|\\.)*"|\[masked: [a-z ]{1,20}\]')

_OPERATORS = {"$eq": "eq", "$ne": "ne", "$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where items are. ``user_label`` is the place of the user in a namespace tuple, from 0."""

    namespace: str = "langgraph"
    user_label: int = 0
    fields: Sequence[str] | None = None

    def user_of(self, path: Path) -> str:
        """Give the user to whom a namespace belongs; one too short to name one is shared."""
        return path[self.user_label] if len(path) > self.user_label else f"{self.namespace}.shared"

    @property
    def registry(self) -> tuple[str, str]:
        """Give the user and namespace under which the namespaces in use are registered."""
        return f"{self.namespace}.shared", f"{self.namespace}.namespaces"


def at(path: Path, key: str) -> dict[str, Any]:
    """Build the metadata filter for one item."""
    return {PATH: joined(path), KEY: key}


def name_of(op: PutOp) -> str:
    """Give a short name that every writer of the item gives it, and no other item has."""
    return hashlib.sha256(json.dumps([*op.namespace, op.key]).encode()).hexdigest()[:32]


def joined(path: Path) -> str:
    """Join the namespace into one text; LangGraph allows no full stop in a label."""
    if not path:
        raise InvalidNamespaceError("a namespace needs at least one label")
    return ".".join(path)


def below(prefix: Path) -> dict[str, Any]:
    """Build the metadata filter for everything under a prefix."""
    return {f"langgraph.{place}": label for place, label in enumerate(prefix)}


def metadata_of(op: PutOp) -> dict[str, Any]:
    """Build the metadata of an item's memory. Raises ValueError when it is too large."""
    exact = json.dumps(op.value, allow_nan=False)
    metadata: dict[str, Any] = {
        **at(op.namespace, op.key),
        **below(op.namespace),
        VALUE: exact,
        INDEXED: op.index is not False,
        UPDATED: datetime.now(UTC).isoformat(),
    }
    for name, value in (op.value or {}).items():
        if _can_filter(value):
            metadata[_field(name)] = value
    size = len(json.dumps(metadata, ensure_ascii=False).encode(errors="replace"))
    if size > MOST_METADATA_BYTES:
        raise ValueError(
            f"the value of {op.key!r} takes {size} bytes as JSON, with what filters need; the "
            f"store keeps {MOST_METADATA_BYTES}"
        )
    return metadata


def fact_of(op: PutOp, layout: Layout) -> str:
    """Give the text by which the item is found: the indexed fields, or all texts of the value."""
    value = dict(op.value or {})
    paths = op.index or layout.fields or ()
    texts = [text for path in paths for text in get_text_at_path(value, tokenize_path(path))]
    if not paths:
        texts = _leaves(value)
    text = "\n".join(text for text in texts if text.strip()).replace("\0", " ").strip()
    return (text or op.key)[:MOST_FACT_CHARACTERS]


def told_apart(fact: str, op: PutOp) -> str:
    """Give the text for an item whose words another item has too."""
    mark = f" [{joined(op.namespace)}: {op.key}]"
    return fact[: MOST_FACT_CHARACTERS - len(mark)] + mark


def item_of(memory: Memory) -> SearchItem:
    """Give the item that a memory holds, with its score if it was searched."""
    created = memory.created_at or datetime.now(UTC)
    updated = memory.metadata.get(UPDATED)
    # One clock is the service's, the other a writer's: no item is changed before it begins.
    changed = max(created, datetime.fromisoformat(updated)) if updated else created
    return SearchItem(
        namespace=tuple(str(memory.metadata[PATH]).split(".")),
        key=memory.metadata[KEY],
        value=_value_of(memory.metadata[VALUE]),
        created_at=created,
        updated_at=changed,
        score=memory.score if isinstance(memory, FoundMemory) else None,
    )


def narrowed(op: SearchOp) -> dict[str, Any]:
    """Build the metadata filter for a search, as far as the service can apply it.

    What it cannot, such as nested values, ``matches`` decides.
    """
    wanted = below(op.namespace_prefix)
    if op.query:
        wanted[INDEXED] = True
    for name, condition in (op.filter or {}).items():
        if not _can_filter(condition) and not isinstance(condition, Mapping):
            continue
        if isinstance(condition, str | bool):
            wanted[_field(name)] = condition
        elif isinstance(condition, int | float):
            wanted[_field(name)] = {"gte": condition, "lte": condition}
        elif isinstance(condition, Mapping) and len(condition) == 1:
            [(operator, bound)] = condition.items()
            if operator.startswith(("$g", "$l")) and type(bound) in (int, float):
                wanted[_field(name)] = {_OPERATORS[operator]: bound}
    return wanted


def matches(value: Any, condition: Any) -> bool:
    """Whether a value meets a filter, with the operators that LangGraph documents."""
    if isinstance(condition, Mapping):
        if any(str(name).startswith("$") for name in condition):
            return all(_compare(value, operator, bound) for operator, bound in condition.items())
        return isinstance(value, Mapping) and all(
            matches(value.get(name), inner) for name, inner in condition.items()
        )
    return bool(value == condition)


def in_place(condition: MatchCondition, path: Path) -> bool:
    """Whether a namespace meets a condition; ``*`` stands for any one label."""
    wanted = condition.path
    if len(path) < len(wanted):
        return False
    part = path[: len(wanted)] if condition.match_type == "prefix" else path[-len(wanted) :]
    return all(label in ("*", own) for label, own in zip(wanted, part, strict=True))


def _compare(value: Any, operator: str, bound: Any) -> bool:
    if operator == "$eq":
        return bool(value == bound)
    if operator == "$ne":
        return bool(value != bound)
    if operator not in _OPERATORS:
        raise ValueError(f"unsupported operator {operator!r}")
    if value is None:
        return False
    left, right = float(value), float(bound)
    return {
        "$gt": left > right,
        "$gte": left >= right,
        "$lt": left < right,
        "$lte": left <= right,
    }[operator]


def _value_of(kept: str) -> dict[str, Any]:
    """Give the value. A number that was masked is a text now, and is put in quotes here."""
    quoted = _TEXT_OR_MASK.sub(lambda m: m[0] if m[0][0] == '"' else f'"{m[0]}"', kept)
    try:
        value: dict[str, Any] = json.loads(quoted)
    except ValueError:
        return {MASKED: kept}
    return value


def _leaves(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _leaves(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _leaves(inner)]
    return []


def _can_filter(value: Any) -> bool:
    """Whether a value is stored as a field too: a flag, a short text, a number of at most 64 bits.

    It depends on the value alone, so that a filter knows what it can ask the service for.
    """
    if isinstance(value, str):
        return len(value) <= MOST_FILTER_CHARACTERS and value.isprintable()
    return isinstance(value, int | float) and abs(value) < 2**63


def _field(name: str) -> str:
    return f"value.{name}"
