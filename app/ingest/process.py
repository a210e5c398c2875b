"""Use case: turn a conversation into memories: load → extract → screen → embed → reconcile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.concurrency import off_loop_if_long
from app.db import memory_owners, queue
from app.db.pool import TenantTx, transaction
from app.errors import DatabaseUnavailable
from app.ingest.extract import extract_windows
from app.ingest.fault_injection import crash_point
from app.ingest.receipt import receipt
from app.ingest.retries import give_back
from app.ingest.screen import Parts, Screened, screen
from app.logs import log
from app.memories.embed import drop_kept, embed_conversation
from app.memories.plan import Destination, Group
from app.memories.reconcile import Outdated, Reconciliation, current_destination
from app.privacy.sanitize import clean_drawn
from app.rules.served_context import transcript_without_served
from app.rules.transcripts.labels import with_speakers
from app.rules.types import (
    Action,
    Claim,
    Conversation,
    Embeddings,
    OwnerState,
    Reconciled,
    Transcript,
)
from app.startup import runtime


async def process(claim: Claim) -> None:
    """Turn a claimed conversation into memories, or record why not. A second run changes nothing.

    Raises DatabaseUnavailable when the database is away, since then nothing can be recorded.
    """
    try:
        async with asyncio.timeout(runtime().settings.conversation_timeout_seconds):
            await _process(claim)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        # Catch everything: the failure of one conversation must not reach the others.
        await give_back(claim, error)


class _Loaded:
    """The text that this process works on."""

    chars = 0


def loaded_chars() -> int:
    """Give how many characters the conversations have that this process works on."""
    return runtime().one(_Loaded).chars


async def _process(claim: Claim) -> None:
    conversation = await _load(claim)
    if conversation is None:
        return _lease_lost(claim)
    chars = sum(len(message.content) for message in conversation.transcript.messages)
    loaded = runtime().one(_Loaded)
    loaded.chars += chars
    try:
        await _remember(claim, conversation, chars)
    finally:
        loaded.chars -= chars


async def _remember(claim: Claim, conversation: Conversation, chars: int) -> None:
    stages: dict[str, float] = {}
    given = conversation.transcript
    transcript = await off_loop_if_long(chars, _to_read, given)
    crash_point("claimed", (message.content for message in transcript.messages))
    with _timed(stages, "extract_ms"):
        parts = await extract_windows(claim, transcript)
    crash_point("extraction_saved")
    screened = await _screened(claim, transcript, parts)
    with _timed(stages, "embed_ms"):
        embedded = await embed_conversation(claim, screened.accepted)
    await _reconcile_and_finish(claim, conversation, transcript, parts, screened, embedded, stages)


def _to_read(transcript: Transcript) -> Transcript:
    """Leave out what we served as context, which is not learned again, and names that are none."""
    return with_speakers(transcript_without_served(transcript))


async def _load(claim: Claim) -> Conversation | None:
    """Read the conversation; None when the lease is lost or the text was erased."""
    async with transaction(claim.tenant_id) as tx:
        return await queue.load(tx, claim)


async def _screened(claim: Claim, transcript: Transcript, parts: Parts) -> Screened:
    """Screen the facts, and mask what must not be stored."""
    chars = sum(len(message.content) for message in transcript.messages)
    most = runtime().settings.max_facts_per_conversation
    screened = await off_loop_if_long(chars, screen, transcript, parts, most=most)
    accepted = await clean_drawn(claim.tenant_id, screened.accepted)
    return replace(screened, accepted=accepted)


async def _reconcile_and_finish(
    claim: Claim,
    conversation: Conversation,
    transcript: Transcript,
    parts: Parts,
    screened: Screened,
    embedded: Embeddings | None,
    stages: dict[str, float],
) -> None:
    """Decide what becomes of the facts, then write the memories, the receipt and the state in one
    transaction; nothing when the lease is lost."""
    began = time.perf_counter()
    destination = _destination(claim, conversation)
    reconciliation = _reconciliation(destination, screened, embedded)
    while True:
        await reconciliation.decide()
        try:
            async with transaction(claim.tenant_id) as tx:
                locks = {claim.owner_key: await _lock(tx, claim, transcript)}
                if not await queue.still_ours(tx, claim):
                    return _lease_lost(claim)
                now = await current_destination(tx, destination)
                if now is not destination:
                    # Its team was dissolved: what is remembered for the author is another matter.
                    destination = now
                    reconciliation = _reconciliation(destination, screened, embedded)
                    raise Outdated
                if destination.owner_key not in locks:
                    owner_key = destination.owner_key
                    locks[owner_key] = await memory_owners.lock(tx, owner_key)
                written = await reconciliation.write(tx, locks)
                reconciled = [each for group in written for each in group]
                reconciled += [
                    Reconciled(no.fact, Action.REJECTED, no.reason) for no in screened.rejected
                ]
                crash_point("before_commit")
                stages["reconcile_ms"] = _since(began)
                usages = [extraction.usage for _, extraction in parts]
                await drop_kept(tx, claim, screened.accepted)
                await queue.finish(tx, claim, receipt(reconciled, usages, embedded), stages)
            break
        except Outdated:
            continue
    crash_point("after_commit")
    log.info(
        "conversation_done",
        conversation_id=str(claim.conversation_id),
        facts=len(reconciled),
        **stages,
    )


def _reconciliation(
    destination: Destination, screened: Screened, embedded: Embeddings | None
) -> Reconciliation:
    facts = [(destination, fact) for fact in screened.accepted]
    group = Group(facts, embedded.vectors if embedded else (), screened.relations)
    return Reconciliation(destination.scope.tenant_id, [group])


async def _lock(tx: TenantTx, claim: Claim, transcript: Transcript) -> OwnerState:
    speakers = {
        message.name for message in transcript.messages if message.name and message.role == "user"
    }
    return await memory_owners.lock(tx, claim.owner_key, speakers)


def _lease_lost(claim: Claim) -> None:
    log.info("lease_lost", conversation_id=str(claim.conversation_id))


def _destination(claim: Claim, conversation: Conversation) -> Destination:
    return Destination(
        scope=conversation.scope,
        user_id=conversation.user_id,
        team_id=conversation.team_id,
        visibility=conversation.visibility,
        source=conversation.source,
        metadata=conversation.metadata,
        conversation_id=claim.conversation_id,
        run=claim.run,
    )


@contextmanager
def _timed(stages: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    stages[name] = _since(began)


def _since(began: float) -> float:
    """Give the milliseconds since ``began``, to a tenth."""
    return round((time.perf_counter() - began) * 1000, 1)
