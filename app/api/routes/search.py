"""Search, and the context block for a prompt."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import Field

from app.api.auth import Reader
from app.api.schemas.filters import Reading, ReadingIn, ReadingQuery
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.recall import Context, MemoryOut, RulesInForce, SearchResults
from app.api.schemas.types import USER_ID, Flag, Lenient, Question, UserId
from app.memories import tenant_settings
from app.memories.recall import Recollection, recall, repetitions, strongest
from app.memories.recall import fenced as fenced_block
from app.rules.context_block import context_block
from app.rules.types import Caller

router = APIRouter(prefix="/v1", tags=["recall"], route_class=StrictRoute)

Explain = Annotated[
    Flag, Query(description="Show the parts of each score, and the settings in force.")
]


@router.get("/memories/search", response_model_exclude_unset=True)
async def search_memories(
    caller: Reader,
    reading: ReadingQuery,
    user_id: Annotated[UserId, Query()],
    q: Annotated[Question, Query(description="The question, in words.")],
    limit: Annotated[int, Lenient(1, 50), Query()] = 10,
    explain: Explain = False,
) -> SearchResults:
    """Find the memories that best answer a question, ranked by similarity and retention over all of
    them."""
    return await _search(caller, reading, user_id, q, limit, explain)


class SearchIn(ReadingIn):
    """A search, with a question of any length."""

    user_id: UserId
    q: Question = Field(description="The question, in words.")
    limit: Annotated[int, Lenient(1, 50)] = 10
    explain: Flag = Field(False, description="Show the parts of each score.")


@router.post("/memories/search", response_model_exclude_unset=True)
async def search_memories_by_body(caller: Reader, body: SearchIn) -> SearchResults:
    """The same with its parameters in the body: for long questions, and to keep them out of the
    logs of proxies."""
    return await _search(caller, body.reading(), body.user_id, body.q, body.limit, body.explain)


async def _search(
    caller: Caller, reading: Reading, user_id: str, q: str, limit: int, explain: bool
) -> SearchResults:
    scopes = await reading.scopes(caller, user_id)
    found = await recall(scopes, user_id, q, filters=reading.filters, limit=limit)
    return SearchResults.model_construct(
        results=shown(found, explain=explain),
        degraded=found.degraded is not None,
        degraded_reason=found.degraded,
        **(await _rules(caller) if explain else {}),
    )


@router.get(f"/users/{USER_ID}/context", response_model_exclude_unset=True)
async def context(
    caller: Reader,
    reading: ReadingQuery,
    user_id: Annotated[UserId, Path(description="Any characters, an encoded slash too.")],
    q: Annotated[
        Question | None,
        Query(
            description="The current message; without it, the memories with the highest retention."
        ),
    ] = None,
    top_n: Annotated[int, Lenient(1, 20), Query()] = 5,
    explain: Explain = False,
    fenced: Annotated[
        Flag,
        Query(
            description="Put the block between `<memories …>` and `</memories>`, which no"
            " memory can close: for prompts in which it must not run into other"
            " text."
        ),
    ] = False,
) -> Context:
    """Get what an agent should know before it answers: a block of text, one line a memory. Ask
    before each LLM call. What is served here is not learned again when it comes back in a
    conversation."""
    return await _context(caller, reading, user_id, q, top_n, explain, fenced)


class ContextIn(ReadingIn):
    """What to know before an answer to a message of any length. The path names the user."""

    q: Question | None = Field(None, description="The current message.")
    top_n: Annotated[int, Lenient(1, 20)] = 5
    explain: Flag = Field(False, description="Show the parts of each score.")
    fenced: Flag = Field(False, description="Put the block between `<memories …>` and its end.")


@router.post(f"/users/{USER_ID}/context", response_model_exclude_unset=True)
async def context_by_body(
    caller: Reader,
    body: ContextIn,
    user_id: Annotated[UserId, Path(description="Any characters, an encoded slash too.")],
) -> Context:
    """The same with its parameters in the body: for long messages, and to keep them out of the logs
    of proxies."""
    return await _context(
        caller, body.reading(), user_id, body.q, body.top_n, body.explain, body.fenced
    )


async def _context(
    caller: Caller,
    reading: Reading,
    user_id: str,
    q: str | None,
    top_n: int,
    explain: bool,
    fenced: bool,
) -> Context:
    scopes = await reading.scopes(caller, user_id)
    if q is None:
        found = await strongest(scopes, filters=reading.filters, limit=top_n)
    else:
        found = await recall(scopes, user_id, q, filters=reading.filters, limit=top_n)
    repeated = await repetitions(caller.tenant_id, found.memories)
    block = context_block(found.memories, repeated)
    return Context.model_construct(
        context=await fenced_block(block) if fenced else block,
        memories=shown(found, explain=explain),
        degraded=found.degraded is not None,
        degraded_reason=found.degraded,
        **(await _rules(caller) if explain else {}),
    )


def shown(found: Recollection, *, explain: bool = False) -> list[MemoryOut]:
    """Render memories."""
    return [MemoryOut.of(memory, explain=explain) for memory in found.memories]


async def _rules(caller: Caller) -> dict[str, Any]:
    return {"explain": RulesInForce.of(await tenant_settings.rules_in_force(caller))}
