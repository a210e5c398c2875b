"""Extract facts with Claude: one window of a transcript in, the facts that it claims out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import anthropic
import httpx2
from anthropic.types import (
    Message,
    MessageParam,
    OutputConfigParam,
    RawMessageStreamEvent,
    TextBlockParam,
)
from anthropic.types import Usage as TokensUsed
from pydantic import ValidationError

from app.extract.prompt import PROMPT_VERSION, SYSTEM_PROMPT, Answer, render
from app.provider_errors import (
    ProviderAnswerInvalid,
    ProviderAnswerTruncated,
    ProviderDeclined,
    ProviderError,
    ProviderUnavailable,
    error_for_status,
)
from app.rules.types import Estimate, Extraction, Transcript, Usage, Window

STREAM_OVER_TOKENS = 8_192
"""Answers that may grow longer than this are streamed. Many networks close a silent connection
after a minute or more, and so long an answer may take that long; the SDK itself refuses to wait
without a stream above 21,333 tokens. Streaming 18 facts costs 2.9 ms of processor time, getting
them in one piece 1.1 ms, so shorter answers are not streamed."""

_STATUS_OF_STREAM_ERROR = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""An error inside a stream comes after the status 200; its type says which status it would have
had."""

_MONEY_CODES = frozenset(
    {
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "linked_organization_billing_unavailable",
        "linked_organization_spend_limit_reached",
        "organization_on_hold",
        "user_profile_billing_not_authorized",
        "user_profile_not_billable",
    }
)

# At its debug level the SDK logs each request with its body.
logging.getLogger("anthropic").setLevel(logging.INFO)


_FRAME_BYTES = len(SYSTEM_PROMPT.encode()) + 2 * len(str(Answer.model_json_schema()))
"""What each call sends besides the transcript."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What we need of an answer, however it came."""

    text: str
    stop_reason: str | None
    usage: TokensUsed


class ClaudeExtractor:
    """Draws facts with Claude, structured by our own model. Belongs to one event loop.

    Nothing is retried here: the conversation's row decides when. ``base_url`` None means
    Anthropic's own. ``timeout_seconds`` is the deadline of a whole call, however slowly the answer
    arrives; ``max_tokens`` bounds the answer. ``hear`` is given the headers of each answer, names
    in lower case.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        model: str = "claude-haiku-5-5",
        timeout_seconds: float = 120.0,
        max_tokens: int = 8_192,
        hear: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        self.model = model
        self._timeout_seconds = timeout_seconds
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout_seconds,
            http_client=_http_client(hear),
        )
        self._streamed = max_tokens > STREAM_OVER_TOKENS
        self._max_tokens = max_tokens
        # Cached when the prefix reaches the model's minimum, 4,096 tokens at Haiku 4.5 and 1,024 at
        # Sonnet 4.5; below it the mark is ignored, and costs nothing.
        self._system: list[TextBlockParam] = [
            {"type": "text", "text": SYSTEM_PROMPT, "cache_control": {"type": "ephemeral"}}
        ]
        # Built once: ``messages.parse`` would derive and transform the schema again for each call.
        self._output: OutputConfigParam = {
            "format": {"type": "json_schema", "schema": anthropic.transform_schema(Answer)}
        }

    @property
    def version(self) -> str:
        """What an answer depends on besides the window: part of a stored extraction's key."""
        return f"{self.model}/prompt-{PROMPT_VERSION}"

    def estimate(self, transcript: Transcript, window: Window) -> Estimate | None:
        """Give the most that the call for this window may come to."""
        sends_bytes = _FRAME_BYTES + len(render(transcript, window).encode())
        return Estimate(sends_bytes, most_output_tokens=self._max_tokens)

    async def extract(self, transcript: Transcript, window: Window) -> Extraction:
        """Give the facts that Claude claims to find in the window's fresh messages; the caller
        grounds them.

        ProviderUnavailable, ProviderRefused and ProviderRejected say why there is no answer,
        ProviderAnswerInvalid that it is unusable (code ``refused`` if Claude declined),
        ProviderAnswerTruncated that it reached ``max_tokens``.
        """
        messages: list[MessageParam] = [{"role": "user", "content": render(transcript, window)}]
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = await (self._stream(messages) if self._streamed else self._create(messages))
        except TimeoutError as failure:
            raise ProviderUnavailable(
                f"Claude did not answer within {self._timeout_seconds:g} s.",
                code="provider_timeout",
            ) from failure
        except (
            anthropic.AnthropicError,
            httpx2.HTTPError,
            json.JSONDecodeError,
            UnicodeDecodeError,
        ) as failure:
            raise _our_error(
                failure
            ) from None  # The SDK's errors quote the answer, which may hold people's text.
        return self._extraction(reply)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _create(self, messages: list[MessageParam]) -> _Reply:
        message = await self._client.messages.create(
            model=self.model,
            max_tokens=self._max_tokens,
            system=self._system,
            messages=messages,
            output_config=self._output,
        )
        return _read(message)

    async def _stream(self, messages: list[MessageParam]) -> _Reply:
        events = await self._client.messages.create(
            model=self.model,
            max_tokens=self._max_tokens,
            system=self._system,
            messages=messages,
            output_config=self._output,
            stream=True,
        )
        async with events:
            return await _gather(events)

    def _extraction(self, reply: _Reply) -> Extraction:
        """Give the reply as facts, when it is whole and of the form we asked for."""
        usage = Usage(
            provider="anthropic",
            model=self.model,
            input_tokens=reply.usage.input_tokens,
            output_tokens=reply.usage.output_tokens,
            cache_read_tokens=reply.usage.cache_read_input_tokens or 0,
            cache_write_tokens=reply.usage.cache_creation_input_tokens or 0,
        )
        if reply.stop_reason in ("max_tokens", "model_context_window_exceeded"):
            raise ProviderAnswerTruncated("Claude's answer stopped at a token limit.", tokens=usage)
        if reply.stop_reason == "refusal":
            raise ProviderDeclined("Claude declined to read this transcript.", tokens=usage)
        if reply.stop_reason != "end_turn":
            raise ProviderAnswerInvalid(
                f"Claude stopped for a reason we do not expect: {reply.stop_reason}.", tokens=usage
            )
        try:
            answer = Answer.model_validate_json(reply.text)
        except ValidationError as failure:
            count = failure.error_count()
            raise ProviderAnswerInvalid(
                f"Claude's answer has not the shape we asked for ({count} errors).", tokens=usage
            ) from None
        return Extraction(
            facts=tuple(claimed.to_fact() for claimed in answer.facts),
            relations=answer.related(),
            usage=usage,
        )


def _http_client(hear: Callable[[Mapping[str, str]], None] | None) -> httpx2.AsyncClient:
    """The SDK's own client, which passes on what the headers of an answer say."""

    async def heard(response: httpx2.Response) -> None:
        if hear is not None:
            hear(response.headers)

    return anthropic.DefaultAsyncHttpxClient(event_hooks={"response": [heard]})


def _read(message: Message) -> _Reply:
    """Give the text of an answer that came in one piece. The SDK does not check its form, so we
    do."""
    if not isinstance(message, Message) or not isinstance(message.usage, TokensUsed):
        raise ProviderAnswerInvalid("Claude's answer is not a message.")
    text = "".join(block.text for block in message.content or () if block.type == "text")
    return _Reply(text, message.stop_reason, message.usage)


async def _gather(events: AsyncIterator[RawMessageStreamEvent]) -> _Reply:
    """Give the text of an answer that comes as events. A stream that ends early has no reason to
    stop, so it is invalid."""
    parts: list[str] = []
    stop_reason: str | None = None
    usage: TokensUsed | None = None
    async for event in events:
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            parts.append(event.delta.text)
        elif event.type == "message_start":
            usage = event.message.usage
        elif event.type == "message_delta":
            stop_reason = event.delta.stop_reason
            if usage is not None:
                usage = usage.model_copy(update={"output_tokens": event.usage.output_tokens})
    if usage is None:
        raise ProviderAnswerInvalid("Claude's answer is not a message.")
    return _Reply("".join(parts), stop_reason, usage)


def _our_error(failure: Exception) -> ProviderError:
    """Turn an error of the SDK or its transport into one of our families, without its text."""
    if isinstance(failure, anthropic.APIStatusError):
        return _status_error(failure)
    if isinstance(failure, anthropic.APITimeoutError | httpx2.TimeoutException):
        return ProviderUnavailable("Claude did not answer in time.", code="provider_timeout")
    if isinstance(failure, anthropic.APIConnectionError | httpx2.HTTPError):
        kind = type(failure.__cause__ or failure).__name__
        return ProviderUnavailable(
            f"Claude cannot be reached ({kind}).", code="provider_unreachable"
        )
    return ProviderAnswerInvalid(f"Claude's answer cannot be read ({type(failure).__name__}).")


def _status_error(failure: anthropic.APIStatusError) -> ProviderError:
    status = failure.status_code
    if status < 400:
        status = _STATUS_OF_STREAM_ERROR.get(failure.type or "", 500)
    return error_for_status(
        "Claude",
        status,
        retry_after=failure.response.headers.get("retry-after"),
        message=failure.api_message or "",
        money_is_out=failure.type == "billing_error" or failure.error_code in _MONEY_CODES,
    )
