"""Whom a request was about, for the audit log."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json
from starlette.datastructures import QueryParams
from starlette.types import Scope


def users_of(scope: Scope, body: bytes) -> set[str]:
    """The ``user_id`` in the path, the query and the body, and those of a batch. Asked once the
    request is answered, when the router has left the path's parts in ``scope``."""
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
