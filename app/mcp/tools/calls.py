"""Build the HTTP call behind each tool. Its arguments were checked and filled in before."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from app.mcp.tools.tool import Arguments, Call


def store_memory(arguments: Arguments) -> Call:
    """POST /v1/memories."""
    body = _picked(arguments, "user_id", "fact", "importance", "source", "namespace")
    return Call("POST", "/v1/memories", body={**body, **_shared_with(arguments)})


def ingest_conversation(arguments: Arguments) -> Call:
    """POST /v1/conversations."""
    body = _picked(
        arguments,
        "user_id",
        "messages",
        "transcript",
        "user_speaker",
        "source",
        "namespace",
        "external_id",
        "occurred_at",
        "instructions",
        "metadata",
    )
    return Call("POST", "/v1/conversations", body={**body, **_shared_with(arguments)})


def search_memories(arguments: Arguments) -> Call:
    """GET or POST /v1/memories/search."""
    asked = _picked(arguments, "user_id", "q", "limit", "source", "namespace")
    return _asking("/v1/memories/search", {**asked, **_read_with_team(arguments)})


def get_context(arguments: Arguments) -> Call:
    """GET or POST /v1/users/{user_id}/context."""
    asked = _picked(arguments, "q", "top_n", "namespace")
    path = f"/v1/users/{_segment(arguments['user_id'])}/context"
    return _asking(path, {**asked, **_read_with_team(arguments)})


def list_memories(arguments: Arguments) -> Call:
    """GET /v1/memories."""
    query = _picked(arguments, "user_id", "limit", "offset", "namespace", "visibility", "team_id")
    return Call("GET", "/v1/memories", query=tuple(query.items()))


def update_memory(arguments: Arguments) -> Call:
    """PATCH /v1/memories/{id} with what was given."""
    return Call(
        "PATCH",
        f"/v1/memories/{_segment(arguments['id'])}",
        body=_picked(arguments, "visibility", "importance"),
    )


def delete_memory(arguments: Arguments) -> Call:
    """DELETE /v1/memories/{id}."""
    return Call("DELETE", f"/v1/memories/{_segment(arguments['id'])}")


def get_usage(_: Arguments) -> Call:
    """GET /v1/usage."""
    return Call("GET", "/v1/usage")


LONG_QUESTION_CHARS = 500
"""A question that is longer goes into the body: an address has room for some thousand bytes, and a
character may take twelve of them."""


def _asking(path: str, asked: dict[str, Any]) -> Call:
    if len(str(asked.get("q", ""))) > LONG_QUESTION_CHARS:
        return Call("POST", path, body=asked)
    return Call("GET", path, query=tuple(asked.items()))


def _picked(arguments: Arguments, *names: str) -> dict[str, Any]:
    return {name: arguments[name] for name in names if name in arguments}


def _shared_with(arguments: Arguments) -> dict[str, Any]:
    """Give visibility and team: visibility means something only with a team, and with one the
    default is `team`."""
    if "team_id" not in arguments:
        return {}
    return {
        "team_id": arguments["team_id"],
        "visibility": arguments.get("visibility", "team"),
    }


def _read_with_team(arguments: Arguments) -> dict[str, Any]:
    """Give the parameters that include the team's memories, unless the caller declined that."""
    if "team_id" not in arguments:
        return {}
    return {
        "team_id": arguments["team_id"],
        "include_team": arguments.get("include_team", True),
    }


def _segment(text: str) -> str:
    """Encode ``text`` as one segment of a path. A user may be called ``..``, which a client would
    resolve if its dots were not encoded too."""
    if text in (".", ".."):
        return text.replace(".", "%2E")
    return quote(text, safe="")
