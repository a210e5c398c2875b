"""Find the users whom a request names: for the reach check, the audit log, and the erasure of
idempotency keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.datastructures import ImmutableMultiDict

NAMES_OF_USERS = (
    "user_id",
    "owner_id",
    "added_by",
    "changed_by",
    "removed_by",
    "invited_by",
    "users",
)
"""The fields of a path, a query or a body that name a user, or a list of them."""

_LISTS = ("memories",)
"""The fields of a body that list documents, each of which may name a user. Free JSON such as
metadata is not looked into: what stands there is the application's own."""


def users_named(*parts: Mapping[str, Any] | None) -> set[str]:
    """Find the users in the path, the query and the body of a request, or in some of these. A
    value that is no text names nobody: its route refuses it."""
    return {
        one_form(user) for part in parts if part for user in _named(part) if isinstance(user, str)
    }


def one_form(user_id: str) -> str:
    """Give a user's id in Unicode's composed form (NFC): "José" is one person, however the keyboard
    wrote the accent."""
    return unicodedata.normalize("NFC", user_id)


def _named(part: Mapping[str, Any]) -> Iterator[Any]:
    for name in NAMES_OF_USERS:
        yield from _values(part, name)
    for name in _LISTS:
        listed = part.get(name)
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict):
                yield from _named(each)


def _values(part: Mapping[str, Any], name: str) -> list[Any]:
    """Give everything that stands under the name: a query may repeat it."""
    if isinstance(part, ImmutableMultiDict):
        return list(part.getlist(name))
    value = part.get(name)
    return value if isinstance(value, list) else [value]
