"""Build requests about memories, and parse their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from smara import _request, models
from smara._answer import Answer
from smara._request import Request, given, segment

Time = datetime | str
"""A time; as text it is ISO 8601, and without an offset it is UTC."""

BATCH_MEMORIES = 1_000
BATCH_BYTES = 1_000_000
"""The service takes 1,000 memories and 2 MiB at once; half of that leaves room for a smaller
limit."""


class Unchanged:
    """The type of ``UNCHANGED``."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED = Unchanged()
"""Says in an update that a field stays as it is, where None means something else."""


class Narrowing(TypedDict, total=False):
    """The filters of every reading of memories."""

    source: str | None
    metadata: Mapping[str, Any] | None
    created_after: Time | None
    created_before: Time | None
    valid_after: Time | None
    valid_before: Time | None
    valid_at: Time | None


class Filters(Narrowing, total=False):
    """The filters of a search, a context and a listing."""

    agent_id: str | None
    include_agents: bool | None
    team_id: str | None
    include_team: bool | None


class ListFilters(Filters, total=False):
    """The further filters of a listing."""

    visibility: str | None


def search(
    user_id: str,
    q: str,
    limit: int | None,
    namespace: str | None,
    explain: bool,
    filters: Filters,
) -> Request:
    """GET /v1/memories/search."""
    asked = {
        "user_id": user_id,
        "q": q,
        "limit": limit,
        "namespace": namespace,
        "explain": explain or None,
    }
    return _asking("/v1/memories/search", {**asked, **_known(filters)})


def context(
    user_id: str,
    q: str | None,
    top_n: int | None,
    namespace: str | None,
    explain: bool,
    fenced: bool,
    filters: Filters,
) -> Request:
    """GET /v1/users/{user_id}/context."""
    asked = {
        "q": q or None,
        "top_n": top_n,
        "namespace": namespace,
        "explain": explain or None,
        "fenced": fenced or None,
    }
    return _asking(f"/v1/users/{segment(user_id)}/context", {**asked, **_known(filters)})


LONG_QUESTION_CHARS = 500
"""A question that is longer goes into the body: an address has room for some thousand bytes, and a
character may take twelve of them."""


def _asking(path: str, asked: Mapping[str, Any]) -> Request:
    if len(asked["q"] or "") <= LONG_QUESTION_CHARS:
        return _request.get(path, asked)
    return _request.ask(path, asked)


def listing(
    user_id: str,
    limit: int,
    offset: int | None,
    cursor: str | None,
    namespace: str | None,
    filters: ListFilters,
) -> Request:
    """GET /v1/memories."""
    asked = {
        "user_id": user_id,
        "limit": limit,
        "offset": offset,
        "cursor": cursor,
        "namespace": namespace,
    }
    return _request.get("/v1/memories", {**asked, **_known(filters)})


def by_agent(
    agent_id: str,
    user_id: str,
    q: str | None,
    limit: int | None,
    namespace: str | None,
    filters: Narrowing,
) -> Request:
    """GET /v1/agents/{agent_id}/memories."""
    asked = {"user_id": user_id, "q": q, "limit": limit, "namespace": namespace}
    path = f"/v1/agents/{segment(agent_id)}/memories"
    return _request.get(path, {**asked, **_known(filters)})


def _known(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Give the filters. Raises TypeError for a misspelt one, which the service would silently
    ignore."""
    unknown = filters.keys() - ListFilters.__annotations__.keys()
    if unknown:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    return dict(filters)


def found(answer: Answer) -> models.SearchResults:
    """Parse the answer to a search."""
    parsed = answer.parsed(models.SearchAnswer)
    return models.SearchResults(
        parsed.results, parsed.degraded, parsed.degraded_reason, parsed.explain
    )


def found_by_agent(answer: Answer) -> models.SearchResults:
    """Parse the answer to an agent's search or listing."""
    parsed = answer.parsed(models.AgentMemories)
    return models.SearchResults(parsed.memories, parsed.degraded, parsed.degraded_reason)


def block(answer: Answer) -> models.Context:
    """Parse the answer to a context."""
    parsed = answer.parsed(models.ContextAnswer)
    memories: list[models.FoundMemory] = parsed.memories
    return models.Context(parsed.context, memories, parsed.degraded, parsed.degraded_reason)


def change(
    memory_id: str, body: Mapping[str, Any], *, stated_by: str | None, if_match: object
) -> Request:
    """PATCH /v1/memories/{memory_id}."""
    headers = {} if stated_by is None else {"Smara-Stated-By": stated_by}
    path = f"/v1/memories/{segment(memory_id)}"
    return _request.change(path, body, if_match=if_match, headers=headers)


def batches(
    memories: Iterable[str | Mapping[str, Any]], defaults: Mapping[str, Any]
) -> Iterator[list[dict[str, Any]]]:
    """Split the memories into portions that one request can carry, each filled up with
    ``defaults``."""
    portion: list[dict[str, Any]] = []
    size = 0
    for memory in memories:
        own = {"fact": memory} if isinstance(memory, str) else dict(memory)
        filled = {**given(defaults), **own}
        if "user_id" not in filled:
            raise ValueError("each memory needs a user_id: give it there, or as user_id=")
        weight = len(_request.encode(filled))
        if portion and (len(portion) == BATCH_MEMORIES or size + weight > BATCH_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(filled)
        size += weight
    if portion:
        yield portion


def conversation(
    messages: str | Sequence[Any] | None, transcript: str | None, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Build the body of POST /v1/conversations. A text in the place of messages is a transcript."""
    if isinstance(messages, str):
        messages, transcript = None, transcript or messages
    if (messages is None) == (transcript is None):
        raise ValueError("give either messages or a transcript")
    turns = None if messages is None else list(messages)
    return {"messages": turns, "transcript": transcript, **fields}
