"""Puts each call of a paid provider on the books, before it is made and when it is over.

A call is made when the provider's circuit lets it through, our own limits have room, and the
tenant's budget covers the worst that it may cost; what it did cost is settled after it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

import uuid_utils.compat as uuid_utils

from app.db import extractions, llm_calls, quotas, spend
from app.db.pool import TenantTx, transaction
from app.errors import OverBudget
from app.extract.prompt import SYSTEM_PROMPT, Answer, render
from app.logs import log
from app.provider_errors import ProviderAnswerInvalid, ProviderError
from app.providers import circuit_breaker, rate_limits
from app.providers.registry import EMBEDDER, EXTRACTOR
from app.rules.types import Embeddings, Extraction, Transcript, Usage, Window
from app.settings import Settings
from app.startup import runtime

Purpose = Literal["extract", "embed"]
Paid = TypeVar("Paid", Extraction, Embeddings)

BYTES_PER_TOKEN = 4
"""Of common text. At worst a token is one byte, which is what reservations count with."""
_FRAME_BYTES = len(SYSTEM_PROMPT.encode()) + 2 * len(str(Answer.model_json_schema()))
"""What each call of the LLM sends besides the transcript."""
QUERY_COST_RECORDED_AT_MICROUSD = 100.0
"""A question costs less than a micro-dollar, so what they cost is put down when it comes to this:
else every read would write."""

_unbilled: dict[UUID, float] = {}


@dataclass(frozen=True, slots=True)
class _Call:
    """A call about to be made. ``sends_bytes`` is how much text it carries."""

    tenant_id: UUID
    conversation_id: UUID | None
    purpose: Purpose
    provider: str
    model: str
    sends_bytes: int
    worst_microusd: int
    probe: UUID | None

    @property
    def key(self) -> tuple[str, str]:
        return self.provider, self.model


async def paid_extraction(
    call: Callable[[], Awaitable[Extraction]],
    *,
    tenant_id: UUID,
    conversation_id: UUID,
    part: int,
    version: str,
    model: str,
    transcript: Transcript,
    window: Window,
    probe: UUID | None = None,
    splits: Callable[[ProviderError], bool] = lambda error: False,
) -> Extraction:
    """Make one call of the LLM and keep its answer, in the transaction that records how it ended.

    The call is on the books before it is made, so that one whose process dies is there as well: its
    outcome stays ``started``. A failure that ``splits`` is kept as well, as a part to be read in
    halves. Passes the call's errors on; raises CircuitOpen, ProviderThrottled or OverBudget when
    the call is not made."""
    settings = runtime().settings
    sends_bytes = _FRAME_BYTES + len(render(transcript, window).encode())
    price_in = max(
        settings.extraction_input_usd,
        settings.extraction_cache_read_usd,
        settings.extraction_cache_write_usd,
    )
    worst = sends_bytes * price_in + settings.extraction_max_tokens * settings.extraction_output_usd

    async def keep(tx: TenantTx, extraction: Extraction) -> None:
        await extractions.save(tx, conversation_id, part, version, extraction)

    async def give_up(tx: TenantTx, error: BaseException) -> None:
        if isinstance(error, ProviderError) and splits(error):
            await extractions.save_split(tx, conversation_id, part, version)

    return await _paid(
        call,
        _Call(
            tenant_id,
            conversation_id,
            "extract",
            EXTRACTOR,
            model,
            sends_bytes,
            math.ceil(worst),
            probe,
        ),
        keep,
        give_up,
    )


async def paid_embedding(
    call: Callable[[], Awaitable[Embeddings]],
    *,
    tenant_id: UUID,
    conversation_id: UUID | None,
    model: str,
    texts: Sequence[str],
    probe: UUID | None = None,
) -> Embeddings:
    """Make one call of the embedder and put it on the books. Passes the call's answer and errors
    on; raises CircuitOpen, ProviderThrottled or OverBudget when it is not made.
    """
    settings = runtime().settings
    sends_bytes = sum(len(text.encode()) for text in texts)

    async def nothing(tx: TenantTx, _: object) -> None:
        """Vectors are stored with what they are of, not before."""

    return await _paid(
        call,
        _Call(
            tenant_id,
            conversation_id,
            "embed",
            EMBEDDER,
            model,
            sends_bytes,
            math.ceil(sends_bytes * settings.embedding_usd),
            probe,
        ),
        nothing,
        nothing,
    )


async def record_query_cost(tenant_id: UUID, text: str) -> None:
    """Put a question's embedding on the tenant's books, with others once they come to something."""
    tokens = len(text.encode()) / BYTES_PER_TOKEN
    owed = _unbilled.pop(tenant_id, 0.0) + tokens * runtime().settings.embedding_usd
    if owed < QUERY_COST_RECORDED_AT_MICROUSD:
        _unbilled[tenant_id] = owed
        return
    async with transaction(tenant_id) as tx:
        await llm_calls.spent_on_questions(tx, cost_microusd=round(owed))


async def _paid(
    call: Callable[[], Awaitable[Paid]],
    about: _Call,
    keep: Callable[[TenantTx, Paid], Awaitable[None]],
    give_up: Callable[[TenantTx, BaseException], Awaitable[None]],
) -> Paid:
    async with circuit_breaker.permitted(about.key, about.probe):
        await rate_limits.take(about.provider, about.sends_bytes // BYTES_PER_TOKEN)
        call_id = await _begin(about)
        began = time.monotonic()
        try:
            answer = await call()
        except (ProviderError, asyncio.CancelledError) as error:
            seconds = time.monotonic() - began
            async with transaction(about.tenant_id) as tx:
                over_soft = await _end(tx, about, call_id, error)
                await give_up(tx, error)
            if isinstance(error, ProviderError):
                await circuit_breaker.failed(about.tenant_id, about.key, error, seconds=seconds)
            _note_soft_limit(about, over_soft)
            raise
        seconds = time.monotonic() - began
        async with transaction(about.tenant_id) as tx:
            over_soft = await _end(tx, about, call_id, answer.usage)
            await keep(tx, answer)
        await circuit_breaker.answered(about.tenant_id, about.key, seconds=seconds)
    _note_soft_limit(about, over_soft)
    return answer


async def _begin(call: _Call) -> UUID:
    """Reserve the worst that the call may cost and note that it begins. Raises OverBudget."""
    limits, worst = runtime().settings.spending_caps, call.worst_microusd
    call_id: UUID = uuid_utils.uuid7()
    async with transaction(call.tenant_id) as tx:
        room = await spend.reserve(tx, worst, limits)
        if room:
            await llm_calls.begin(
                tx,
                call_id,
                conversation_id=call.conversation_id,
                purpose=call.purpose,
                provider=call.provider,
                model=call.model,
                reserved_microusd=worst,
            )
            if limits.daily is not None and not await spend.reserve_of_the_day(
                tx, worst, limits.daily
            ):
                raise psycopg.Rollback
            return call_id
    async with transaction(call.tenant_id) as tx:
        plan = (await quotas.used(tx)).plan
        if room and limits.daily is not None:
            await spend.trip_daily_cap(tx, worst, limits.daily)
            used = await spend.used_of_the_day(tx)
            error = OverBudget("The installation's day", plan=plan, limit=limits.daily, used=used)
        else:
            await spend.block(tx, worst, limits)
            month = await spend.budget(tx, limits)
            used = month.spent_microusd + month.reserved_microusd
            limit = month.hard_microusd or 0
            error = OverBudget("The month's budget", plan=plan, limit=limit, used=used)
    log.warning("over_budget", tenant_id=str(call.tenant_id), limit_microusd=error.limit)
    raise error


async def _end(tx: TenantTx, call: _Call, call_id: UUID, how: Usage | BaseException) -> bool:
    """Put down how the call ended; whether it took the tenant over its soft limit."""
    settings = runtime().settings
    usage = _usage(how) or Usage(call.provider, call.model)
    limits = settings.spending_caps
    return await llm_calls.end(
        tx,
        call_id,
        outcome="ok" if isinstance(how, Usage) else _outcome(how),
        usage=usage,
        cost_microusd=_cost(how, call.purpose, settings),
        soft_microusd=limits.soft,
        capped=limits.daily is not None,
    )


def _note_soft_limit(call: _Call, reached: bool) -> None:
    if reached:
        log.warning("budget_soft_limit_reached", tenant_id=str(call.tenant_id))


def _outcome(error: BaseException) -> str:
    return error.code if isinstance(error, ProviderError) else "abandoned"


def _usage(how: Usage | BaseException) -> Usage | None:
    """The tokens that are billed, as far as they are known."""
    told = how.tokens if isinstance(how, ProviderAnswerInvalid) else how
    return told if isinstance(told, Usage) else None


def _cost(how: Usage | BaseException, purpose: Purpose, settings: Settings) -> int | None:
    """What the call cost: 0 for one that was not served; None, all that was reserved, for one that
    may have been, since an answer that we did not wait for is billed too."""
    usage = _usage(how)
    if usage is not None:
        return cost_microusd(usage, purpose, settings)
    if isinstance(how, ProviderAnswerInvalid | asyncio.CancelledError):
        return None
    return None if isinstance(how, BaseException) and _outcome(how) == "provider_timeout" else 0


def cost_microusd(usage: Usage, purpose: Purpose, settings: Settings) -> int:
    """What a call cost, in millionths of a US dollar: a price per million tokens is a micro-dollar
    per token."""
    if purpose == "embed":
        return round(usage.input_tokens * settings.embedding_usd)
    return round(
        usage.input_tokens * settings.extraction_input_usd
        + usage.output_tokens * settings.extraction_output_usd
        + usage.cache_read_tokens * settings.extraction_cache_read_usd
        + usage.cache_write_tokens * settings.extraction_cache_write_usd
    )
