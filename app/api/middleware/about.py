"""Whom a request was about."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json
from starlette.datastructures import QueryParams
from starlette.types import Scope

PEOPLE = ("user_id", "owner_id", "added_by", "invited_by")
"""The fields that name a user."""


def named_in(document: Any) -> set[str]:
    """The users that a body names, however deep."""
    if isinstance(document, list):
        return {user for each in document for user in named_in(each)}
    if not isinstance(document, dict):
        return set()
    named = {document[name] for name in PEOPLE if isinstance(document.get(name), str)}
    return named | {user for each in document.values() for user in named_in(each)}


def users_of(scope: Scope, body: bytes) -> set[str]:
    """For the audit log: the ``user_id`` in the path, the query and the body, and those of a batch.
    Asked once the request is answered, when the router has left the path's parts in ``scope``."""
    found: list[Any] = [
        scope.get("path_params", {}).get("user_id"),
        QueryParams(scope.get("query_string", b"")).get("user_id"),
    ]
    sent = _object(body)
    found.append(sent.get("user_id"))
    batch = sent.get("memories")
    if isinstance(batch, list):
        found += [each.get("user_id") for each in batch if isinstance(each, dict)]
    return {user for user in found if isinstance(user, str) and user}


def _object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        sent = from_json(body)
    except ValueError:
        return {}  # It was refused for that.
    return sent if isinstance(sent, dict) else {}
