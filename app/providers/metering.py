"""Meter the calls of paid providers: reserve, record and settle what each one costs.

A call is made when the provider's circuit is closed, our own rate limits have room, and the
tenant's budget covers the most that the call may cost. What it did cost is settled after it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

import uuid_utils.compat as uuid_utils

from app.db import llm_calls, quotas, spend
from app.db.pool import TenantTx, transaction
from app.errors import OverBudget
from app.logs import log
from app.provider_errors import ProviderAnswerInvalid, ProviderError
from app.providers import circuit_breaker, in_flight, rate_limits
from app.rules.types import Estimate, Key, Usage
from app.startup import runtime

Purpose = Literal["extract", "embed"]

BYTES_PER_TOKEN = 4
"""For common text. A token has at least one byte, which is what reservations count with."""
QUERY_COST_RECORDED_AT_MICROUSD = 100.0
"""A question costs less than a micro-dollar, so the cost of questions is written when it reaches
this amount; otherwise every read would write."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays for a call, and which provider gets it. ``probe`` is the probe of an open circuit
    that the call may be."""

    tenant_id: UUID
    purpose: Purpose
    provider: str
    model: str
    conversation_id: UUID | None = None
    probe: UUID | None = None

    @property
    def key(self) -> Key:
        """The circuit that the call goes through."""
        return self.provider, self.model


class Charge:
    """One recorded call; without ``call_id`` one that costs nothing and is not recorded. The block
    sets ``usage`` when the call is answered."""

    def __init__(self, account: Account, call_id: UUID | None = None) -> None:
        self._account, self._call_id = account, call_id
        self.usage: Usage | None = None
        self.closed = call_id is None
        self._over_soft_limit = False

    @property
    def free(self) -> bool:
        """Whether the call costs nothing."""
        return self._call_id is None

    async def settle(self, tx: TenantTx, usage: Usage) -> None:
        """Write what the call cost, in the transaction of what it said. Other calls of the tenant
        wait for the row, so this comes late in its transaction."""
        await self._close(tx, usage)

    async def failed(self, tx: TenantTx, error: BaseException) -> None:
        """Write how the call failed, in the transaction of what follows from it."""
        await self._close(tx, error)

    def note_soft_limit(self) -> None:
        """Log, after the commit, that the call took the month over its soft limit."""
        if self._over_soft_limit:
            log.warning("budget_soft_limit_reached", tenant_id=str(self._account.tenant_id))

    async def _close(self, tx: TenantTx, how: Usage | BaseException) -> None:
        if self._call_id is None:
            return
        account, limits = self._account, runtime().settings.spending_caps
        self._over_soft_limit = await llm_calls.end(
            tx,
            self._call_id,
            outcome="ok" if isinstance(how, Usage) else _outcome(how),
            usage=_usage(how) or Usage(account.provider, account.model),
            cost_microusd=_cost(how, account.purpose),
            soft_microusd=limits.soft,
            capped=limits.daily is not None,
        )
        self.closed = True


@asynccontextmanager
async def charged(account: Account, estimate: Estimate | None) -> AsyncIterator[Charge]:
    """Make one call of a provider in the block; without an estimate it costs nothing, and nothing
    is checked.

    The call is recorded before it is made, so one whose process dies is recorded as well: its
    outcome stays ``started``. At the end of the block the call is settled, unless the block has
    done so in its own transaction: with ``charge.usage``, or with the error that it raises. Passes
    the call's errors on; raises CircuitOpen, ProviderThrottled or OverBudget when the call is not
    made.
    """
    if estimate is None:
        yield Charge(account)
        return
    async with circuit_breaker.permitted(account.key, account.probe):
        await rate_limits.take(account.provider, estimate.sends_bytes // BYTES_PER_TOKEN)
        charge = await _begin(account, worst_microusd(account.purpose, estimate))
        began = time.monotonic()
        try:
            yield charge
        except (ProviderError, asyncio.CancelledError) as error:
            seconds = time.monotonic() - began
            if not charge.closed:
                await _close_alone(account, charge, charge.usage or error)
            if isinstance(error, ProviderError) and charge.usage is None:
                in_flight.note_failure(account.key, error)
                await circuit_breaker.failed(account.tenant_id, account.key, error, seconds=seconds)
            raise
        except BaseException:
            # The call was answered; what came after it failed.
            if not charge.closed and charge.usage is not None:
                await _close_alone(account, charge, charge.usage)
            raise
        seconds = time.monotonic() - began
        in_flight.note_answer(account.key, charge.usage)
        if not charge.closed:
            assert charge.usage is not None, "the block says what the call used"
            await _close_alone(account, charge, charge.usage)
        await circuit_breaker.answered(account.tenant_id, account.key, seconds=seconds)
    charge.note_soft_limit()


async def _close_alone(account: Account, charge: Charge, how: Usage | BaseException) -> None:
    async with transaction(account.tenant_id) as tx:
        if isinstance(how, Usage):
            await charge.settle(tx, how)
        else:
            await charge.failed(tx, how)


async def _begin(account: Account, worst: int) -> Charge:
    """Reserve the most that the call may cost, and record that it begins. Raises OverBudget."""
    limits = runtime().settings.spending_caps
    call_id: UUID = uuid_utils.uuid7()
    try:
        async with transaction(account.tenant_id) as tx:
            if not await spend.reserve(tx, worst, limits):
                raise _NoRoom
            await llm_calls.begin(
                tx,
                call_id,
                conversation_id=account.conversation_id,
                purpose=account.purpose,
                provider=account.provider,
                model=account.model,
                reserved_microusd=worst,
            )
            if limits.daily is not None and not await spend.reserve_of_the_day(
                tx, worst, limits.daily
            ):
                raise _NoRoomToday
    except (_NoRoom, _NoRoomToday) as full:
        raise await _over_budget(account, worst, today=isinstance(full, _NoRoomToday)) from None
    return Charge(account, call_id)


class _NoRoom(Exception):
    """The tenant's month has no room for the call."""


class _NoRoomToday(Exception):
    """The installation's day has no room for the call."""


async def _over_budget(account: Account, worst: int, *, today: bool) -> OverBudget:
    limits = runtime().settings.spending_caps
    async with transaction(account.tenant_id) as tx:
        plan = (await quotas.used(tx)).plan
        if today and limits.daily is not None:
            await spend.trip_daily_cap(tx, worst, limits.daily)
            used = await spend.used_of_the_day(tx)
            error = OverBudget("The installation's day", plan=plan, limit=limits.daily, used=used)
        else:
            await spend.block(tx, worst, limits)
            month = await spend.budget(tx, limits)
            used = month.spent_microusd + month.reserved_microusd
            limit = month.hard_microusd or 0
            error = OverBudget("The month's budget", plan=plan, limit=limit, used=used)
    log.warning("over_budget", tenant_id=str(account.tenant_id), limit_microusd=error.limit)
    return error


@dataclass(slots=True)
class _Unbilled:
    """The cost of questions, by tenant, that this process has not written yet."""

    microusd: dict[UUID, float] = field(default_factory=dict)


async def record_query_cost(tenant_id: UUID, text: str) -> None:
    """Count the cost of embedding a question; write it together with others."""
    unbilled = runtime().one(_Unbilled).microusd
    tokens = len(text.encode()) / BYTES_PER_TOKEN
    owed = unbilled.pop(tenant_id, 0.0) + tokens * runtime().settings.embedding_usd
    if owed < QUERY_COST_RECORDED_AT_MICROUSD:
        unbilled[tenant_id] = owed
        return
    async with transaction(tenant_id) as tx:
        await llm_calls.spent_on_questions(tx, cost_microusd=round(owed))


def worst_microusd(purpose: Purpose, estimate: Estimate) -> int:
    """Compute the most that a call may cost, in millionths of a US dollar: a token for every byte
    that it sends, and as many output tokens as it may give. A price per million tokens is the price
    of one token in micro-dollars."""
    settings = runtime().settings
    if purpose == "embed":
        return math.ceil(estimate.sends_bytes * settings.embedding_usd)
    dearest_in = max(
        settings.extraction_input_usd,
        settings.extraction_cache_read_usd,
        settings.extraction_cache_write_usd,
    )
    return math.ceil(
        estimate.sends_bytes * dearest_in
        + estimate.most_output_tokens * settings.extraction_output_usd
    )


def cost_microusd(usage: Usage, purpose: Purpose) -> int:
    """Compute what a call cost, in millionths of a US dollar."""
    settings = runtime().settings
    if purpose == "embed":
        return round(usage.input_tokens * settings.embedding_usd)
    return round(
        usage.input_tokens * settings.extraction_input_usd
        + usage.output_tokens * settings.extraction_output_usd
        + usage.cache_read_tokens * settings.extraction_cache_read_usd
        + usage.cache_write_tokens * settings.extraction_cache_write_usd
    )


def _outcome(error: BaseException) -> str:
    return error.code if isinstance(error, ProviderError) else "abandoned"


def _usage(how: Usage | BaseException) -> Usage | None:
    """Give the tokens that are billed, as far as they are known."""
    told = how.tokens if isinstance(how, ProviderAnswerInvalid) else how
    return told if isinstance(told, Usage) else None


def _cost(how: Usage | BaseException, purpose: Purpose) -> int | None:
    """Give what the call cost: 0 for one that was not served; None, all that was reserved, for one
    that may have been, since an answer that we did not wait for is billed too."""
    usage = _usage(how)
    if usage is not None:
        return cost_microusd(usage, purpose)
    if isinstance(how, ProviderAnswerInvalid | asyncio.CancelledError):
        return None
    return None if isinstance(how, BaseException) and _outcome(how) == "provider_timeout" else 0
