"""Refuse a path or a query that is not UTF-8, before anything is looked up by it."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import BadRequest


class Encoding:
    """Raises BadRequest for bytes that are not UTF-8.

    The server and Starlette would put U+FFFD in the place of each, so that several users would be
    one: read together, and erased together.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _check("path", scope.get("raw_path") or scope["path"].encode())
            _check("query", scope.get("query_string", b""))
        await self._app(scope, receive, send)


def _check(part: str, sent: bytes) -> None:
    """Starlette reads a byte of a query that is not percent-encoded as Latin-1, so none may be
    beyond ASCII either."""
    try:
        unquote_to_bytes(sent.decode("ascii")).decode()
    except UnicodeDecodeError:
        raise BadRequest(
            f"The {part} is not percent-encoded UTF-8.", code="malformed_url"
        ) from None
