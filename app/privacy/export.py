"""Use case: export everything that is kept of a person."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.db import user_data
from app.rules.types import Caller
from app.tenancy.access import must_reach_all_of


def export(caller: Caller, user_id: str) -> AsyncIterator[bytes]:
    """Export everything that is kept of the user, one JSON document a line, each with its ``type``.
    Of other users' memories that it leads to, it shows what the key reaches. Raises Forbidden when
    the key does not reach the whole user."""
    must_reach_all_of(caller, user_id)
    return user_data.export(caller.tenant_id, user_id, caller.restriction)
