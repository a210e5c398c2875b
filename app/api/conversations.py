"""Accept a conversation (202), report its progress and receipt, list, replay, erase."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from app.api.caller import may
from app.api.scopes import scope_of
from app.api.serial import IsoTime
from app.api.strict_json import StrictRoute
from app.api.text import Flag, Lenient, Metadata, Namespace, Source, Text, Time, UserId, storable
from app.db import conversations, subjects
from app.db.conversations import NewConversation, Progress
from app.db.pool import connection, transaction
from app.errors import Conflict, NotFound, Unprocessable
from app.memory.transcripts import parse_transcript, text_of
from app.memory.types import Message, Role

router = APIRouter(prefix="/v1/conversations", tags=["conversations"], route_class=StrictRoute)

MAX_MESSAGES = 2_000
MAX_WAIT_SECONDS = 30
FINISHED = ("done", "dead", "cancelled")
_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


class MessageIn(BaseModel):
    """One turn, as the OpenAI and Anthropic chat APIs send it."""

    role: Role
    content: Text | list[dict[str, Any]] | None = Field(
        description="The words, or content blocks; one without text leaves a note, `[image]`."
    )
    name: Annotated[Text, Field(max_length=100)] | None = Field(
        None, description="Who speaks, where several people share a role."
    )
    at: Time | None = Field(None, description="When it was said; else `occurred_at`.")

    @model_validator(mode="after")
    def blocks_are_storable(self) -> Self:
        if not isinstance(self.content, str):
            storable(text_of(self.content))
        return self


class ConversationIn(BaseModel):
    """A chat that has ended, or a part of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "user-123",
                    "messages": [
                        {"role": "user", "content": "I moved to Lisbon last month."},
                        {"role": "assistant", "content": "How do you like it?"},
                    ],
                    "occurred_at": "2026-04-02T10:00:00Z",
                }
            ]
        }
    )

    user_id: UserId = Field(description="Whose memories these become: your own name for a person.")
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MAX_MESSAGES)] | None = (
        Field(None, description="The turns in order; give these or `transcript`.")
    )
    transcript: Annotated[Text, Field(min_length=1)] | None = Field(
        None, description='Plain text instead of `messages`, in lines such as "Name: words".'
    )
    namespace: Namespace = "default"
    agent_id: UUID | None = Field(None, description="Into this agent's own scope.")
    team_id: UUID | None = Field(None, description="A team that the user is a member of.")
    visibility: Literal["private", "team"] = "private"
    source: Source = "conversation"
    external_id: Annotated[Text, Field(max_length=200)] | None = Field(
        None, description="Your own id for it."
    )
    occurred_at: Time | None = Field(
        None, description="When the chat took place; relative dates count from here."
    )
    metadata: Metadata = Field({}, description="Copied onto each memory.")
    instructions: Annotated[Text, Field(max_length=4_000)] | None = Field(
        None, description="What to remember or leave out, in your words."
    )
    priority: Literal["live", "backfill"] = "live"

    _turns: list[Message] = PrivateAttr()

    @model_validator(mode="after")
    def something_was_said(self) -> Self:
        if (self.messages is None) == (self.transcript is None):
            raise ValueError("give either messages or transcript")
        if self.transcript is not None:
            self._turns = parse_transcript(self.transcript)
        else:
            self._turns = [
                Message(turn.role, text_of(turn.content), turn.name, turn.at)
                for turn in self.messages or ()
            ]
        if not any(turn.content.strip() for turn in self._turns):
            raise ValueError("every message is blank; send the words that were said")
        if len(self._turns) > MAX_MESSAGES:
            raise ValueError(f"transcript has more than {MAX_MESSAGES} messages; send it in parts")
        return self

    @property
    def turns(self) -> list[Message]:
        """The messages as plain text, whichever way they came."""
        return self._turns


class ConversationAccepted(BaseModel):
    """The conversation is stored and will be worked on, whatever happens from here on."""

    id: UUID
    status: Literal["queued"]
    status_url: str = Field(examples=["/v1/conversations/0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11"])
    created_at: IsoTime


class ConversationError(BaseModel):
    """Why a conversation is dead, or waits for another attempt."""

    code: str
    message: str
    replayable: bool = Field(description="Whether POST …/replay would queue it once more.")


class FactReceipt(BaseModel):
    """What became of one fact."""

    fact: str
    importance: float
    action: Literal["stored", "duplicate", "replaced", "rejected"]
    reason: str
    memory_id: UUID | None
    replaced_id: UUID | None
    message_indexes: list[int] = Field(
        description="The messages that it was drawn from, counted from 0."
    )
    quote: str


class Receipt(BaseModel):
    """What a conversation came to."""

    facts: list[FactReceipt]
    models: dict[str, str | None]
    tokens: dict[str, int]
    cost_usd: float


class ConversationOut(BaseModel):
    """Where a conversation stands. The text itself is not returned."""

    id: UUID
    user_id: str
    namespace: str
    source: str
    external_id: str | None
    metadata: dict[str, Any]
    message_count: int
    state: Literal["queued", "processing", "done", "dead", "cancelled"]
    status: Literal["queued", "processing", "done", "dead", "cancelled"] = Field(
        description="The same as `state`."
    )
    attempts: int
    occurred_at: IsoTime
    created_at: IsoTime
    next_attempt_at: IsoTime | None = Field(description="While it is queued: when it is due.")
    started_at: IsoTime | None
    finished_at: IsoTime | None
    stages: dict[str, float] = Field(
        description="Milliseconds by stage of the run that finished it."
    )
    error: ConversationError | None
    receipt: Receipt | None = Field(description="When it is done.")

    @classmethod
    def of(cls, progress: Progress) -> Self:
        """What its owner may see of it."""
        error = None
        if progress.error_code is not None:
            error = ConversationError(
                code=progress.error_code,
                message=progress.error_detail or "",
                replayable=progress.state == "dead" and not progress.erased,
            )
        return cls.model_validate(
            {
                "id": progress.conversation_id,
                "user_id": progress.user_id,
                "namespace": progress.namespace,
                "source": progress.source,
                "external_id": progress.external_id,
                "metadata": progress.metadata,
                "message_count": progress.message_count,
                "state": progress.state,
                "status": progress.state,
                "attempts": progress.attempts,
                "occurred_at": progress.occurred_at,
                "created_at": progress.created_at,
                "next_attempt_at": progress.next_attempt_at if progress.state == "queued" else None,
                "started_at": progress.claimed_at,
                "finished_at": progress.finished_at,
                "stages": progress.stages,
                "error": error,
                "receipt": progress.receipt,
            }
        )


class ConversationPage(BaseModel):
    """Newest first."""

    conversations: list[ConversationOut]
    next_cursor: str | None = Field(
        description="Send as `cursor` for the page that follows; null on the last."
    )


@router.post("", status_code=202)
async def accept(
    body: ConversationIn,
    request: Request,
    response: Response,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 255 visible ASCII characters. Kept for as long as the conversation."
        ),
    ] = None,
) -> ConversationAccepted:
    """Take in a conversation; its memories can be recalled seconds later.

    202 means that it is committed: it ends as `done`, `dead` (visible, with the reason, replayable)
    or `cancelled`. The same `Idempotency-Key` with the same body gives the same answer again, with
    `Idempotent-Replayed: true`, and with another body a 422. Without a key, a POST that is sent
    twice is two conversations; what they say twice is still remembered once.
    """
    caller = may(request, "write")
    scope = scope_of(
        caller, body.user_id, body.namespace, agent_id=body.agent_id, team_id=body.team_id
    )
    key = _idempotency_key(idempotency_key)
    digest = (
        hashlib.sha256(body.model_dump_json(exclude_none=True).encode()).digest() if key else None
    )
    async with connection() as conn:
        accepted = await conversations.accept(
            conn,
            NewConversation(
                tenant_id=caller.tenant_id,
                subject=subjects.of_user(body.user_id),
                scope=scope,
                user_id=body.user_id,
                visibility=body.visibility,
                messages=body.turns,
                occurred_at=body.occurred_at,
                instructions=body.instructions,
                source=body.source,
                external_id=body.external_id,
                metadata=body.metadata,
                priority=1 if body.priority == "backfill" else 0,
                idempotency_key=key,
                body_sha256=digest,
            ),
        )
    if accepted.body_sha256 != digest:
        raise Unprocessable(
            "This Idempotency-Key was used with another body; use a new key for a new "
            "conversation.",
            code="idempotency_key_reused",
        )
    if accepted.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    else:
        request.app.state.doorbell.ring()
    return ConversationAccepted(
        id=accepted.conversation_id,
        status="queued",
        status_url=f"/v1/conversations/{accepted.conversation_id}",
        created_at=accepted.created_at,
    )


@router.get("")
async def list_conversations(
    request: Request,
    user_id: Annotated[UserId | None, Query()] = None,
    state: Annotated[
        Literal["queued", "processing", "done", "dead", "cancelled"] | None, Query()
    ] = None,
    since: Annotated[Time | None, Query(description="Accepted at this time or later.")] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Lenient(1, 100), Query()] = 20,
) -> ConversationPage:
    """The tenant's conversations, newest first; `state=dead` lists what needs a look."""
    caller = may(request, "read")
    async with connection() as conn:
        page = await conversations.list_page(
            conn,
            caller.tenant_id,
            user_id=user_id,
            state=state,
            since=since,
            before=cursor,
            limit=limit + 1,
        )
    more = len(page) > limit
    shown = page[:limit]
    return ConversationPage(
        conversations=[ConversationOut.of(progress) for progress in shown],
        next_cursor=str(shown[-1].conversation_id) if more else None,
    )


@router.get("/{conversation_id}")
async def get(
    request: Request,
    conversation_id: UUID,
    wait: Annotated[
        int,
        Lenient(0, MAX_WAIT_SECONDS),
        Query(description="Hold the answer for up to this many seconds until done."),
    ] = 0,
) -> ConversationOut:
    """Where a conversation stands and, when it is done, the receipt: each fact, what became of it,
    and why."""
    caller = may(request, "read")
    deadline = asyncio.get_running_loop().time() + wait
    pause = 0.02
    while True:
        async with connection() as conn:
            progress = await conversations.get(conn, caller.tenant_id, conversation_id)
        if progress is None:
            raise NotFound("There is no conversation of this id.")
        remaining = deadline - asyncio.get_running_loop().time()
        if progress.state in FINISHED or remaining <= 0:
            return ConversationOut.of(progress)
        await asyncio.sleep(min(pause, remaining))
        pause = min(pause * 1.5, 0.5)


@router.post("/{conversation_id}/replay", status_code=202)
async def replay(request: Request, conversation_id: UUID) -> ConversationAccepted:
    """Queue a dead or done conversation once more. What it said before and is remembered stays
    remembered once."""
    caller = may(request, "write")
    async with transaction() as conn:
        queued = await conversations.replay(conn, caller.tenant_id, conversation_id)
        progress = await conversations.get(conn, caller.tenant_id, conversation_id)
    if progress is None:
        raise NotFound("There is no conversation of this id.")
    if not queued:
        state = "erased" if progress.erased else progress.state
        raise Conflict(
            f"This conversation is {state}; only a dead or done one can be replayed.",
            code="not_replayable",
        )
    request.app.state.doorbell.ring()
    return ConversationAccepted(
        id=conversation_id,
        status="queued",
        status_url=f"/v1/conversations/{conversation_id}",
        created_at=progress.created_at,
    )


@router.delete("/{conversation_id}", status_code=204)
async def erase(
    request: Request,
    conversation_id: UUID,
    memories: Annotated[Flag, Query(description="Also erase what was learned from it.")] = False,
) -> None:
    """Cancel it if it is unfinished, and erase its text; with `memories=true` also what was learned
    from it."""
    caller = may(request, "write")
    async with transaction() as conn:
        found = await conversations.erase(
            conn, caller.tenant_id, conversation_id, with_memories=memories
        )
    if not found:
        raise NotFound("There is no conversation of this id.")


def _idempotency_key(header: str | None) -> str | None:
    if header is None:
        return None
    match = _KEY.fullmatch(header.strip())
    if match is None:
        raise Unprocessable(
            "Idempotency-Key must be 1 to 255 visible ASCII characters.", code="bad_idempotency_key"
        )
    return match.group(1)
