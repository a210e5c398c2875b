"""Who is calling, as a dependency of the routes: ``caller: Writer`` and the like.

The key itself was checked before (middleware/authentication.py); here it is asked what it may do.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from app.errors import Forbidden
from app.rules.types import Caller


class ApiKey(SecurityBase):
    """The scheme as OpenAPI shows it, and the dependency that gives the caller."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="An API key: smara_…")
        self.scheme_name = "key"

    async def __call__(self, request: Request, needed: SecurityScopes) -> Caller:
        """Give the caller. Raises Forbidden when the key lacks a scope that is needed."""
        caller: Caller = request.state.caller
        for scope in needed.scopes:
            if scope not in caller.scopes:
                raise Forbidden(f"This API key lacks the scope `{scope}`.", code="missing_scope")
        return caller


_KEY = ApiKey()

Reader = Annotated[Caller, Security(_KEY, scopes=["read"])]
Writer = Annotated[Caller, Security(_KEY, scopes=["write"])]
Admin = Annotated[Caller, Security(_KEY, scopes=["admin"])]
AnyCaller = Annotated[Caller, Security(_KEY)]
