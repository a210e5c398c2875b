"""Record every answered request: its duration for the metrics, and for the audit log whose data was
read or changed, and by which key."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Histogram
from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.schemas.named_users import users_named
from app.rules.types import Caller
from app.tenancy.audit_log import Recorder

PROCESS = CollectorRegistry()
"""The metrics of this process alone."""

_REQUESTS = Histogram(
    "smara_http_request_seconds",
    "From a request's headers to the end of its answer, by route and status.",
    ["method", "route", "status"],
    registry=PROCESS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)


class AccessLog:
    """Measures every request, labelled with the template of its route, and hands requests that
    reached a route to the audit log's recorder.

    A tool call is a request within a request (app/mcp/tools/in_process.py): the inner one says what
    was done, and is recorded for both.
    """

    def __init__(self, app: ASGIApp, *, recorder: Recorder | None) -> None:
        self._app, self._recorder = app, recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            route = route_of(scope)
            labels = (scope["method"], route or "none", str(status))
            _REQUESTS.labels(*labels).observe(time.perf_counter() - began)
            if self._recorder is not None and route is not None:
                self._note(self._recorder, scope, route, status)

    def _note(self, recorder: Recorder, scope: Scope, route: str, status: int) -> None:
        state = scope.get("state", {})
        caller: Caller | None = state.get("caller")
        if caller is None or scope.get("smara.noted"):
            return
        outer: Scope | None = scope.get("smara.outer")
        recorder.note(
            caller,
            method=scope["method"],
            route=route,
            via=route_of(outer) if outer else None,
            users=users_of(scope),
            status=status,
        )
        if outer is not None:
            outer["smara.noted"] = True


def route_of(scope: Scope) -> str | None:
    """Give the template of the route, once the router has found one. /mcp is no route of
    FastAPI's."""
    if scope["path"].rstrip("/") == "/mcp":
        return "/mcp"
    return getattr(scope.get("route"), "path_format", None)


def users_of(scope: Scope) -> set[str]:
    """Find the users that a request was about, and those on whose behalf it was made. The router
    has left the parts of the path in ``scope``, and whoever has read the body those whom it
    names."""
    query = QueryParams(scope.get("query_string", b""))
    in_body: frozenset[str] = scope.get("state", {}).get("users_in_body", frozenset())
    return (users_named(scope.get("path_params"), query) | in_body) - {""}
