"""Give routes their caller, as a dependency: ``caller: Writer`` and the like.

The key was checked before (middleware/authentication.py); here its key scopes are checked, and that
it reaches every user whom the request names.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase

from app.api.schemas.json_body import StrictRequest
from app.api.schemas.named_users import users_named
from app.errors import Forbidden
from app.rules.types import Caller
from app.tenancy.access import must_reach


class ApiKey(SecurityBase):
    """The authentication scheme in OpenAPI, and the dependency that gives the caller."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="An API key: smara_…")
        self.scheme_name = "key"

    async def __call__(self, request: Request, needed: SecurityScopes) -> Caller:
        """Give the caller. Raises Forbidden when the key lacks a key scope that the route needs, or
        does not reach a user whom the request names: as who acts, or as who is acted upon."""
        caller: Caller = request.state.caller
        for scope in needed.scopes:
            if not caller.may(scope):
                raise Forbidden(f"This API key lacks the scope `{scope}`.", code="missing_scope")
        must_reach(caller, _users_named_by(request))
        return caller


def _users_named_by(request: Request) -> set[str]:
    in_body = request.users if isinstance(request, StrictRequest) else frozenset()
    return users_named(request.path_params, request.query_params) | in_body


_KEY = ApiKey()

Reader = Annotated[Caller, Security(_KEY, scopes=["read"])]
Writer = Annotated[Caller, Security(_KEY, scopes=["write"])]
Admin = Annotated[Caller, Security(_KEY, scopes=["admin"])]
AnyCaller = Annotated[Caller, Security(_KEY)]
