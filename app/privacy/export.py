"""Use case: all that is kept of a person is handed out."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.db import user_data
from app.rules.types import Caller
from app.tenancy.access import must_reach_all_of


def export(caller: Caller, user_id: str) -> AsyncIterator[bytes]:
    """Read everything that is kept of the user, a JSON document a line, each with its ``type``.
    Raises Forbidden when the key is restricted to less than the whole user."""
    must_reach_all_of(caller, user_id)
    return user_data.export(caller.tenant_id, user_id)
