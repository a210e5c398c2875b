"""Which route a request met."""

from __future__ import annotations

from starlette.types import Scope


def route_of(scope: Scope) -> str | None:
    """The route's template, once the router has found one. /mcp is no route of FastAPI's."""
    if scope["path"].rstrip("/") == "/mcp":
        return "/mcp"
    return getattr(scope.get("route"), "path_format", None)
