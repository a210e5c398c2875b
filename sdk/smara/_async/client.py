"""The client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from smara import _request, models
from smara._async.account import AsyncKeys, AsyncTuning, AsyncUsers
from smara._async.agents import AsyncAgents
from smara._async.conversations import AsyncConversationHandle, AsyncConversations
from smara._async.graph import AsyncGraph
from smara._async.memories import AsyncMemories
from smara._async.skills import AsyncSkills
from smara._async.teams import AsyncTeams
from smara._async.transport import AsyncTransport
from smara._async.webhooks import AsyncWebhooks
from smara._config import DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_SECONDS, Config, configure
from smara._memory_calls import Time

if TYPE_CHECKING:
    import httpx2


class AsyncSmara(AsyncMemories):
    """Memory for your agents.

    The calls about memories are the client's own (``store``, ``search``, ``context``, …; also as
    ``memories``), and so is ``ingest`` for whole conversations. The rest is grouped: ``agents``,
    ``teams``, ``graph``, ``conversations``, ``skills``, ``keys``, ``settings``, ``users``,
    ``webhooks``.

    ``api_key`` and ``base_url`` default to SMARA_API_KEY and SMARA_API_URL, and the URL to
    http://localhost:3010. ``timeout`` is seconds for one attempt, from connecting to the last byte;
    up to ``max_retries`` more attempts follow where a repetition does no harm. ``http`` is a client
    of your own, for a proxy or certificates; you close it yourself.

    Use it in a ``with`` block, or call ``close`` at the end.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        max_retries: int = DEFAULT_MAX_RETRIES,
        *,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self._use(AsyncTransport(configure(api_key, base_url, timeout, max_retries), http))

    def _use(self, transport: AsyncTransport) -> None:
        super().__init__(transport)
        self.conversations = AsyncConversations(transport)
        self.agents = AsyncAgents(transport)
        self.skills = AsyncSkills(transport)
        self.teams = AsyncTeams(transport)
        self.graph = AsyncGraph(transport)
        self.keys = AsyncKeys(transport)
        self.settings = AsyncTuning(transport)
        self.users = AsyncUsers(transport)
        self.webhooks = AsyncWebhooks(transport)

    @property
    def memories(self) -> AsyncMemories:
        """The calls about memories, which are also the client's own."""
        return self

    @property
    def config(self) -> Config:
        """The address, timeout and retries of this client."""
        return self._transport.config

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Give a client with other options that shares this one's connections.

        For one call: ``client.with_options(timeout=2).search(…)``.
        """
        changes = _request.given({"timeout": timeout, "max_retries": max_retries})
        other = object.__new__(type(self))
        other._use(self._transport.reconfigured(**changes))
        return other

    async def ingest(
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

        It returns when the conversation is stored; ``wait()`` on the handle gives the facts. See
        ``conversations.create`` for the arguments.
        """
        return await self.conversations.create(
            user_id,
            messages,
            transcript=transcript,
            user_speaker=user_speaker,
            transcript_format=transcript_format,
            namespace=namespace,
            agent_id=agent_id,
            team_id=team_id,
            visibility=visibility,
            source=source,
            external_id=external_id,
            occurred_at=occurred_at,
            metadata=metadata,
            instructions=instructions,
            priority=priority,
            idempotency_key=idempotency_key,
        )

    async def usage(self) -> models.Usage:
        """Get the plan, and how much of it is used."""
        return await self._ask(_request.get("/v1/usage"), models.Usage)

    async def pipeline(self, minutes: int | None = None) -> models.Pipeline:
        """Get the figures of the tenant's queue: how many conversations wait, and how fast they are
        done."""
        return await self._ask(_request.get("/v1/pipeline", {"minutes": minutes}), models.Pipeline)

    async def health(self) -> models.Health:
        """Get the service's state. Raises ServiceUnavailable. Needs no API key."""
        return await self._ask(_request.get("/health", keyless=True), models.Health)

    async def tools(self, format: str = "openai") -> Sequence[dict[str, Any]]:
        """Get tool definitions for an LLM, to pass as ``tools=``; ``format`` is openai or
        anthropic."""
        return (await self._ask(_request.get("/v1/tools", {"format": format}), models.Tools)).tools

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Run one of ``tools()`` with the arguments that the LLM chose; gives the answer for the
        LLM."""
        body = {"name": name, "arguments": arguments}
        request = _request.create("/v1/openai/tool-call", body, idempotency_key)
        answer: dict[str, Any] = (await self._transport.send(request)).json()
        return answer

    async def setup(
        self, tenant_name: str | None = None, *, secret: str | None = None
    ) -> models.Installed:
        """Create the first tenant and its API key, on a service that has none yet. Needs no API
        key, but the setup ``secret`` where the service has one."""
        request = _request.act("/setup", {"tenant_name": tenant_name}, keyless=True)
        if secret is not None:
            request = replace(request, headers={"X-Setup-Secret": secret})
        return await self._ask(request, models.Installed)

    async def signup(self, email: str) -> models.Installed:
        """Create a tenant and its API key, where the service allows sign-up. Needs no API key."""
        body = {"email": email}
        return await self._ask(_request.act("/v1/signup", body, keyless=True), models.Installed)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()
