"""Request and response models of conversations."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from app.api.schemas.types import (
    MASKED,
    STORABLE,
    IsoTime,
    Metadata,
    Namespace,
    SaidAt,
    Source,
    UserId,
    storable,
)
from app.ingest.accept import ConversationToAccept
from app.ingest.blocked import BlockedBy
from app.rules.transcripts.parse import NobodyOfThatName, UnknownLabels, parse_transcript
from app.rules.transcripts.turns import said, text_of
from app.rules.types import Message, Progress, Role, Visibility
from app.tenancy.access import Place

MAX_MESSAGES = 2_000

_ROLES_OF_OTHERS = {"developer": "system", "function": "tool", "human": "user", "ai": "assistant"}
"""OpenAI's own, and LangChain's."""

SentRole = Annotated[
    Role,
    BeforeValidator(
        lambda role: _ROLES_OF_OTHERS.get(role, role) if isinstance(role, str) else role
    ),
    WithJsonSchema({"enum": [*get_args(Role), *_ROLES_OF_OTHERS], "type": "string"}),
]


def _content(value: Any) -> Any:
    """Give the content of a turn, checked: one message for whatever it is instead."""
    if not (
        value is None
        or isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(each, str | dict) for each in value))
    ):
        raise ValueError("must be a text, or a list of texts and content blocks")
    storable(text_of(value))
    return value


Content = Annotated[
    Any,
    BeforeValidator(_content),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
                {"type": "null"},
            ]
        }
    ),
]


class MessageIn(BaseModel):
    """One turn, as the OpenAI and Anthropic chat APIs send it."""

    role: SentRole
    content: Content = Field(
        None,
        description="The text, or content blocks; a block without text becomes a note such as"
        " `[image]`. A turn of tool calls alone has none.",
    )
    name: Annotated[str, StringConstraints(max_length=100), STORABLE] | None = Field(
        None, description="Who speaks, when several people share a role."
    )
    at: SaidAt | None = Field(None, description="When it was said; otherwise `occurred_at`.")


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

    user_id: UserId = Field(
        description="The user whose memories these become: your own name for a person."
    )
    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MAX_MESSAGES)] | None = (
        Field(None, description="The turns in order; give these or `transcript`.")
    )
    transcript: Annotated[str, StringConstraints(min_length=1), STORABLE] | None = Field(
        None, description='Plain text instead of `messages`, in lines such as "Name: words".'
    )
    namespace: Namespace = "default"
    agent_id: UUID | None = Field(None, description="Store the facts in this agent's own scope.")
    team_id: UUID | None = Field(None, description="A team that the user may write to.")
    visibility: Visibility | None = Field(
        None,
        description="`team`: the facts belong to the team; the default when team_id is given."
        " `private`: only the author finds them.",
    )
    source: Source = "conversation"
    external_id: Annotated[str, StringConstraints(max_length=200), STORABLE, MASKED] | None = Field(
        None, description="Your own id for the conversation."
    )
    occurred_at: SaidAt | None = Field(
        None, description="When the chat took place; relative dates count from here."
    )
    metadata: Metadata = Field({}, description="Copied to each memory.")
    instructions: Annotated[str, StringConstraints(max_length=4_000), STORABLE] | None = Field(
        None, description="What to remember or leave out, in your own words."
    )
    priority: Literal["live", "backfill"] = "live"

    user_speaker: Annotated[str, StringConstraints(max_length=100), STORABLE] | None = Field(
        None, description="Which of the speakers is the user, by name."
    )
    transcript_format: Literal["auto", "plain"] = Field(
        "auto",
        description="`auto`: who speaks is read from the lines, in the forms of WhatsApp, Slack,"
        " Teams, e-mail and many others. `plain`: nobody is named; all of it is the user's.",
    )

    _turns: list[Message] = PrivateAttr()

    @model_validator(mode="after")
    def something_was_said(self) -> Self:
        if (self.messages is None) == (self.transcript is None):
            raise ValueError("give either messages or transcript")
        if self.transcript is not None:
            try:
                self._turns = parse_transcript(
                    self.transcript,
                    user_speaker=self.user_speaker,
                    plain=self.transcript_format == "plain",
                )
            except (UnknownLabels, NobodyOfThatName) as error:
                raise ValueError(f"transcript {error}") from None
        else:
            self._turns = [
                Message(*said(turn.role, turn.content), self._named(turn.name), turn.at)
                for turn in self.messages or ()
            ]
        if self.occurred_at is not None and self.occurred_at.utcoffset():
            # The conversation's row keeps the moment, its messages the place's day.
            self._turns = [replace(turn, at=turn.at or self.occurred_at) for turn in self._turns]
        if not any(turn.content.strip() for turn in self._turns):
            raise ValueError("every message is blank; send the words that were said")
        if len(self._turns) > MAX_MESSAGES:
            raise ValueError(f"transcript has more than {MAX_MESSAGES} messages; send it in parts")
        return self

    def _named(self, name: str | None) -> str | None:
        """Give a speaker's name, and none to whoever is the user."""
        is_user = name and self.user_speaker and name.strip() == self.user_speaker.strip()
        return None if is_user else name

    def to_accept(self, idempotency_key: str | None) -> ConversationToAccept:
        """Give the conversation for the use case, with its messages as plain text in whichever form
        they were sent."""
        digest = None
        if idempotency_key is not None:
            # A field that was added later is left out while it is not used, so that a retry across
            # an upgrade is the same request.
            later = {"transcript_format"} if self.transcript_format == "auto" else None
            sent = self.model_dump_json(exclude_none=True, exclude=later)
            digest = hashlib.sha256(sent.encode()).digest()
        return ConversationToAccept(
            place=Place(self.user_id, self.namespace, self.agent_id, self.team_id),
            visibility=self.visibility,
            messages=self._turns,
            occurred_at=self.occurred_at,
            instructions=self.instructions,
            source=self.source,
            external_id=self.external_id,
            metadata=self.metadata,
            backfill=self.priority == "backfill",
            idempotency_key=idempotency_key,
            body_sha256=digest,
        )


class ConversationAccepted(BaseModel):
    """The conversation is stored and will be processed."""

    id: UUID
    status: Literal["queued"]
    status_url: str = Field(examples=["/v1/conversations/0198c5f2-7d4e-7cc1-a2b0-3a5f0d2c9f11"])
    created_at: IsoTime

    @classmethod
    def of(cls, conversation_id: UUID, created_at: datetime) -> Self:
        """Render the 202 of a conversation."""
        return cls(
            id=conversation_id,
            status="queued",
            status_url=f"/v1/conversations/{conversation_id}",
            created_at=created_at,
        )


class ConversationError(BaseModel):
    """Why a conversation is dead, or waits for another attempt."""

    code: str
    message: str
    replayable: bool = Field(description="Whether POST …/replay would queue it again.")


class FactReceipt(BaseModel):
    """What became of one fact."""

    fact: str
    importance: float
    action: Literal["stored", "duplicate", "replaced", "rejected", "quarantined"]
    reason: str
    memory_id: UUID | None
    replaced_id: UUID | None
    message_indexes: list[int] = Field(
        description="The messages that it was drawn from, counted from 0."
    )
    quote: str


class Receipt(BaseModel):
    """What became of a conversation."""

    facts: list[FactReceipt]
    models: dict[str, str | None]
    tokens: dict[str, int]
    cost_usd: float


class ConversationOut(BaseModel):
    """The state of a conversation. Its text is not returned."""

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
        description="Milliseconds by stage, of the attempt that finished it."
    )
    error: ConversationError | None
    waiting_for: BlockedBy | None = Field(
        None,
        description="Why it is still queued, unless it only waits for its turn: a `provider`"
        " does not answer, or the tenant's `budget` is used up.",
    )
    receipt: Receipt | None = Field(description="When it is done.")
    reverted_at: IsoTime | None = Field(description="When what it did was reverted, if it was.")

    @classmethod
    def of(cls, progress: Progress, waiting_for: BlockedBy | None = None) -> Self:
        """Render a conversation."""
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
                "waiting_for": waiting_for if progress.state == "queued" else None,
                "receipt": progress.receipt,
                "reverted_at": progress.reverted_at,
            }
        )


class ConversationReverted(BaseModel):
    """What was undone."""

    id: UUID
    deleted: int = Field(description="Memories that it had stored, now deleted.")
    restored: int = Field(description="Memories that it had replaced, now live again.")
    edges: int = Field(description="Edges that it had added, now removed.")
    weakened: int = Field(description="Memories that it had reinforced, and no longer does.")


class ConversationPage(BaseModel):
    """Newest first."""

    conversations: list[ConversationOut]
    next_cursor: str | None = Field(
        description="Send it as `cursor` to get the next page; null on the last page."
    )
