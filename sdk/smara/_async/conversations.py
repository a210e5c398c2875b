"""Conversations: send them, and read what became of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from smara import _memory_calls as calls
from smara import _request, models
from smara._async.group import AsyncGroup
from smara._async.pages import AsyncPager
from smara._memory_calls import Time
from smara._request import segment
from smara.errors import ConversationFailed, WaitTimeout

MOST_WAIT_SECONDS = 30
"""How many seconds the service waits with its answer until a conversation is finished."""


class AsyncConversationHandle:
    """A conversation that was sent: ``id``, ``status`` as of now, and ``wait``."""

    def __init__(self, accepted: models.Accepted, conversations: AsyncConversations) -> None:
        self.accepted = accepted
        self.id = accepted.id
        self.status = accepted.status
        self.created_at = accepted.created_at
        self._conversations = conversations

    def __getitem__(self, name: str) -> Any:
        return self.status if name == "status" else self.accepted[name]

    def __repr__(self) -> str:
        return f"<conversation {self.id}: {self.status}>"

    async def wait(self, timeout: float = 60.0) -> models.Conversation:
        """Wait for the finished conversation, with the receipt of its facts.

        Raises ConversationFailed when it is dead or cancelled, and WaitTimeout after ``timeout``
        seconds; the service goes on working on it.
        """
        conversation = await self._conversations.wait(self.id, timeout)
        self.status = conversation.status
        return conversation

    async def refresh(self) -> models.Conversation:
        """Get its state now."""
        conversation = await self._conversations.get(self.id)
        self.status = conversation.status
        return conversation


class AsyncConversations(AsyncGroup):
    """Conversations: the way from chats to memories."""

    async def create(
        self,
        user_id: str,
        messages: Sequence[Any] | str | None = None,
        *,
        transcript: str | None = None,
        user_speaker: str | None = None,
        transcript_format: str | None = None,
        namespace: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        visibility: str | None = None,
        source: str | None = None,
        external_id: str | None = None,
        occurred_at: Time | None = None,
        metadata: Mapping[str, Any] | None = None,
        instructions: str | None = None,
        priority: str | None = None,
        idempotency_key: str | None = None,
    ) -> AsyncConversationHandle:
        """Send a conversation, from which the service will draw facts; gives a handle.

        ``messages`` are turns as the OpenAI and Anthropic chat APIs have them, mappings or their
        libraries' objects; a text, or ``transcript``, is a chat as a program copies it, in lines
        such as "Name: words". ``user_speaker`` says which of the speakers is the user, and
        ``transcript_format="plain"`` that nobody is named. ``occurred_at`` is when the chat took
        place: relative dates count from there, and its offset says which day it was.
        ``instructions`` say what to remember or leave out. With ``priority="backfill"`` live chats
        go first.
        """
        fields = {
            "user_id": user_id,
            "user_speaker": user_speaker,
            "transcript_format": transcript_format,
            "namespace": namespace,
            "agent_id": agent_id,
            "team_id": team_id,
            "visibility": visibility,
            "source": source,
            "external_id": external_id,
            "occurred_at": occurred_at,
            "metadata": metadata,
            "instructions": instructions,
            "priority": priority,
        }
        body = calls.conversation(messages, transcript, fields)
        request = _request.create("/v1/conversations", body, idempotency_key)
        return AsyncConversationHandle(await self._ask(request, models.Accepted), self)

    async def get(self, conversation_id: str, *, wait: float | None = None) -> models.Conversation:
        """Get the state of a conversation and, when it is done, its receipt.

        With ``wait`` the service waits for up to that many seconds (at most 30) until the
        conversation is finished; the client's timeout begins after that.
        """
        path = f"/v1/conversations/{segment(conversation_id)}"
        if wait is None:
            return await self._ask(_request.get(path), models.Conversation)
        seconds = max(0, int(min(wait, MOST_WAIT_SECONDS)))
        patient = self._transport.reconfigured(timeout=self._transport.config.timeout + seconds)
        answer = await patient.send(_request.get(path, {"wait": seconds}))
        return answer.parsed(models.Conversation)

    async def wait(self, conversation_id: str, timeout: float = 60.0) -> models.Conversation:
        """Wait for the finished conversation; see ``AsyncConversationHandle.wait`` for what it
        raises."""
        ends_at = time.monotonic() + timeout
        while True:
            left = ends_at - time.monotonic()
            # A wait in whole seconds: at least one, so that the service is not asked in a rush.
            conversation = await self.get(conversation_id, wait=max(1.0, left))
            if conversation.status == "done":
                return conversation
            if conversation.finished:
                raise ConversationFailed(conversation)
            if time.monotonic() >= ends_at:
                raise WaitTimeout(conversation, timeout)

    def list(
        self,
        *,
        user_id: str | None = None,
        state: str | None = None,
        since: Time | None = None,
        page_size: int = 100,
    ) -> AsyncPager[models.Conversation]:
        """List the tenant's conversations, newest first; ``state="dead"`` lists those that need
        attention."""

        async def fetch(cursor: str | None) -> tuple[Sequence[models.Conversation], str | None]:
            request = _request.get(
                "/v1/conversations",
                {
                    "user_id": user_id,
                    "state": state,
                    "since": since,
                    "limit": page_size,
                    "cursor": cursor,
                },
            )
            page = await self._ask(request, models.ConversationPage)
            return page.conversations, page.next_cursor

        return AsyncPager(fetch)

    async def replay(self, conversation_id: str) -> AsyncConversationHandle:
        """Queue a dead or done conversation again; gives a handle."""
        request = _request.act(f"/v1/conversations/{segment(conversation_id)}/replay")
        return AsyncConversationHandle(await self._ask(request, models.Accepted), self)

    async def revert(self, conversation_id: str) -> models.Reverted:
        """Undo everything that a finished conversation did; gives the counts."""
        request = _request.act(f"/v1/conversations/{segment(conversation_id)}/revert")
        return await self._ask(request, models.Reverted)

    async def delete(self, conversation_id: str, *, memories: bool = False) -> None:
        """Cancel a conversation if it is unfinished and erase its text; with ``memories`` also what
        was learned from it."""
        path = f"/v1/conversations/{segment(conversation_id)}"
        await self._do(_request.remove(path, {"memories": memories or None}))
