"""Use case: turn a conversation into memories: load → extract → screen → embed → reconcile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

# `standing` needs it at the first fact; here it is loaded once, before the workers fork.
import app.rules.injection.screen  # noqa: F401
from app.db import memory_owners, queue
from app.db.pool import TenantTx, transaction
from app.errors import DatabaseUnavailable
from app.ingest.extract import extract_windows
from app.ingest.fault_injection import crash_point
from app.ingest.receipt import receipt
from app.ingest.retries import give_back
from app.logs import log
from app.memories.embed import embed_facts
from app.memories.reconcile import Destination, current_destination, reconcile
from app.privacy.sanitize import clean_drawn
from app.providers.registry import get_providers
from app.rules.grounding import Grounded, Rejected, ground
from app.rules.served_context import transcript_without_served
from app.rules.standing import standing
from app.rules.transcripts import with_speakers
from app.rules.trust import trust_in
from app.rules.types import (
    Action,
    Claim,
    Conversation,
    Embeddings,
    Extraction,
    Fact,
    OwnerLock,
    Reconciled,
    Relation,
    Transcript,
    Window,
)
from app.startup import runtime

Parts = Sequence[tuple[Window, Extraction]]


@dataclass(frozen=True, slots=True)
class Screened:
    """Facts after screening: those accepted, those rejected and why, and relations by the places of
    the facts among the accepted ones."""

    accepted: Sequence[Fact]
    rejected: Sequence[Rejected]
    relations: Sequence[Relation]


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


async def _process(claim: Claim) -> None:
    stages: dict[str, float] = {}
    conversation = await _load(claim)
    if conversation is None:
        return _lease_lost(claim)
    # What we served as context is not learned again.
    transcript = with_speakers(transcript_without_served(conversation.transcript))
    crash_point("claimed", (message.content for message in transcript.messages))
    with _timed(stages, "extract_ms"):
        parts = await extract_windows(claim, transcript)
    crash_point("extraction_saved")
    screened = await _screen(claim, transcript, parts)
    with _timed(stages, "embed_ms"):
        embedded = await embed_facts(
            claim.tenant_id, screened.accepted, claim.conversation_id, claim.probe
        )
    await _reconcile_and_finish(claim, conversation, transcript, parts, screened, embedded, stages)


async def _load(claim: Claim) -> Conversation | None:
    """Read the conversation; None when the lease is lost or the text was erased."""
    async with transaction(claim.tenant_id) as tx:
        return await queue.load(tx, claim)


async def _screen(claim: Claim, transcript: Transcript, parts: Parts) -> Screened:
    """Accept the facts whose quote is in their message, give each its trust, quarantine those that
    read as an order to an agent, and mask what must not be stored."""
    accepted: list[Fact] = []
    rejected: list[Rejected] = []
    relations: list[Relation] = []
    for window, extraction in parts:
        grounded = ground(transcript, window, extraction.facts)
        relations += _between(extraction, grounded, len(accepted))
        accepted += [_with_standing(transcript, fact) for fact in grounded.accepted]
        rejected += grounded.rejected
    return Screened(await clean_drawn(claim.tenant_id, accepted), rejected, relations)


def _with_standing(transcript: Transcript, fact: Fact) -> Fact:
    given = standing(
        fact.text,
        trust=trust_in(transcript, fact.message_indexes),
        quote=fact.quote,
        found=fact.quarantine_reason,
    )
    return replace(fact, trust=given.trust, quarantine_reason=given.quarantine_reason)


async def _reconcile_and_finish(
    claim: Claim,
    conversation: Conversation,
    transcript: Transcript,
    parts: Parts,
    screened: Screened,
    embedded: Embeddings | None,
    stages: dict[str, float],
) -> None:
    """Write the memories, the receipt and the state in one transaction; nothing when the lease is
    lost."""
    began, providers = time.perf_counter(), get_providers()
    async with transaction(claim.tenant_id) as tx:
        lock = await _lock(tx, claim, transcript)
        if not await queue.still_ours(tx, claim):
            return _lease_lost(claim)
        destination = await current_destination(tx, _destination(claim, conversation))
        if destination.owner_key != claim.owner_key:
            lock = await memory_owners.lock(tx, destination.owner_key)
        reconciled = await reconcile(
            tx,
            [(destination, fact) for fact in screened.accepted],
            embedded.vectors if embedded else (),
            lock=lock,
            model=providers.embedder.model,
            bands=lock.tuning.bands(providers.bands),
            relations=screened.relations,
        )
        reconciled += [Reconciled(no.fact, Action.REJECTED, no.reason) for no in screened.rejected]
        crash_point("before_commit")
        stages["reconcile_ms"] = _since(began)
        usages = [extraction.usage for _, extraction in parts]
        await queue.finish(tx, claim, receipt(reconciled, usages, embedded), stages)
    crash_point("after_commit")
    log.info(
        "conversation_done",
        conversation_id=str(claim.conversation_id),
        facts=len(reconciled),
        **stages,
    )


async def _lock(tx: TenantTx, claim: Claim, transcript: Transcript) -> OwnerLock:
    speakers = {
        message.name for message in transcript.messages if message.name and message.role == "user"
    }
    return await memory_owners.lock(tx, claim.owner_key, speakers)


def _lease_lost(claim: Claim) -> None:
    log.info("lease_lost", conversation_id=str(claim.conversation_id))


def _between(extraction: Extraction, grounded: Grounded, before: int) -> Iterator[Relation]:
    """Give the relations whose facts were both accepted, by the facts' places among all accepted
    ones, of which ``before`` come first."""
    places = {origin: place for place, origin in enumerate(grounded.origins, start=before)}
    for relation in extraction.relations:
        if relation.from_fact in places and relation.to_fact in places:
            yield replace(
                relation,
                from_fact=places[relation.from_fact],
                to_fact=places[relation.to_fact],
            )


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
