"""Who is calling, and whether the key may do this."""

from __future__ import annotations

from typing import Literal

from fastapi import Request

from app.errors import Forbidden
from app.rules.types import Caller


def may(request: Request, scope: Literal["read", "write", "admin"]) -> Caller:
    """The caller, if its key has the scope. Raises Forbidden if not."""
    caller: Caller = request.state.caller
    if scope not in caller.scopes:
        raise Forbidden(f"This API key lacks the scope `{scope}`.", code="missing_scope")
    return caller
