"""Decide what follows from a failure: retry, wait, or give up."""

from __future__ import annotations

import random
import traceback

from app.db import queue
from app.db.pool import transaction
from app.errors import DatabaseUnavailable, OverBudget, ServiceError, Unstorable
from app.logs import log
from app.provider_errors import (
    ProviderAnswerTruncated,
    ProviderDeclined,
    ProviderError,
    ProviderRefused,
    ProviderRejected,
    ProviderThrottled,
    ProviderUnavailable,
)
from app.rules.backoff import backoff_seconds
from app.rules.types import Claim
from app.startup import runtime

REFUSED_WAIT_SECONDS = 60.0
"""How long a conversation waits when the provider refuses the account, until an operator has fixed
it."""
DECLINED_WAIT = 5.0
"""How long a conversation waits that the LLM declined or could not finish, in units of the first
pause: a model that has a bad moment declines everything at that time, and is asked only twice."""

_KINDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (DatabaseUnavailable, "database_unavailable", "The database was away or too slow."),
    (Unstorable, "unstorable", "The database refused what was to be written."),
    (TimeoutError, "timed_out", "The conversation took longer than its deadline."),
    (MemoryError, "out_of_memory", "The process ran out of memory on this conversation."),
    (BaseException, "internal", "A fault of the service; its log says where."),
)


LOCKED = "55P03"
"""The SQLSTATE of a lock that could not be taken in time."""
TOO_SLOW = "57014"
"""The SQLSTATE of a statement that took longer than it may."""


async def give_back(claim: Claim, error: BaseException) -> None:
    """Queue the conversation again or give it up, by the kind of failure. Without the lease nothing
    changes."""
    settings = runtime().settings
    code, detail = _describe(error)
    backoff = backoff_seconds(
        claim.attempts,
        random.random(),
        base_seconds=settings.retry_base_seconds,
        cap_seconds=settings.retry_cap_seconds,
    )
    async with transaction(claim.tenant_id) as tx:
        again = await queue.last_failure(tx, claim) == code
        retry_in, burns_attempt = _consequence(error, backoff, again=again)
        if burns_attempt and claim.attempts >= settings.max_attempts:
            retry_in = None
        if claim.claims >= settings.max_claims and not _waits_for_others(error):
            retry_in = None
        await queue.fail(
            tx,
            claim,
            code=code,
            detail=detail,
            retry_in_seconds=retry_in,
            burns_attempt=burns_attempt,
        )
    log.warning(
        "conversation_dead" if retry_in is None else "conversation_retried",
        conversation_id=str(claim.conversation_id),
        code=code,
        attempts=claim.attempts,
        retry_in_seconds=retry_in,
    )


def _describe(error: BaseException) -> tuple[str, str]:
    """Give a stable code and a sentence; neither quotes anybody."""
    if isinstance(error, ServiceError):
        return error.code, str(error)
    kind, code, detail = next(entry for entry in _KINDS if isinstance(error, entry[0]))
    if kind is BaseException:
        # The message may quote a transcript, so only the type and the place are logged.
        places = [
            f"{frame.filename}:{frame.lineno}"
            for frame in traceback.extract_tb(error.__traceback__)[-3:]
        ]
        log.error("internal_error", error=type(error).__name__, places=places)
    return code, detail


def _waits_for_others(error: BaseException) -> bool:
    """Tell whether a provider or money is what the conversation waits for: that may take weeks."""
    match error:
        case OverBudget() | ProviderThrottled() | ProviderRefused():
            return True
        case ProviderUnavailable(rate_limited=True) | ProviderError(waits=True):
            return True
        case _:
            return False


def _consequence(error: BaseException, backoff: float, *, again: bool) -> tuple[float | None, bool]:
    """Give the seconds until the next attempt, None for never, and whether this attempt counts.
    ``again``: the attempt before failed for the same reason."""
    match error:
        case OverBudget():
            # The claim skips the tenant, or all tenants, until there is money again.
            return 0.0, False
        case ProviderThrottled():
            return (error.retry_after_seconds or 1.0) + random.random(), False
        case ProviderError(waits=True):
            # Nothing is claimed while the circuit is open, so this is due as soon as it closes.
            return 0.0, False
        case ProviderRejected() | Unstorable():
            return None, True
        case ProviderDeclined() | ProviderAnswerTruncated():
            # Each answer is paid for, and a third one is not likely to differ.
            wait = DECLINED_WAIT * runtime().settings.retry_base_seconds + backoff
            return None if again else wait, True
        case ProviderRefused():
            return REFUSED_WAIT_SECONDS + backoff, False
        case ProviderUnavailable(rate_limited=True):
            return (error.retry_after_seconds or 1.0) + backoff, False
        case ProviderUnavailable():
            return max(backoff, error.retry_after_seconds or 0.0), True
        case DatabaseUnavailable():
            # Without a state the connection was lost. A lost connection, a server that stops or is
            # full, a deadlock and a lock of somebody else say nothing about the conversation.
            state = error.sqlstate or "08"
            others = state[:2] in ("08", "40", "53", "57") and state != TOO_SLOW
            return backoff, not others and state != LOCKED
        case _:
            return backoff, True
