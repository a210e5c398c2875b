"""Use case: a conversation → memories."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.db import extractions, memory_owners, queue
from app.db.pool import transaction
from app.errors import DatabaseUnavailable
from app.extract.windows import halves, part_of, windows
from app.ingest.fault_injection import crash_point
from app.ingest.receipt import receipt
from app.ingest.retries import give_back
from app.logs import log
from app.memories.reconcile import Destination, current_destination, reconcile
from app.privacy.sanitize import clean_drawn
from app.provider_errors import ProviderAnswerTruncated, ProviderError
from app.providers.metering import paid_embedding, paid_extraction
from app.providers.registry import Providers, get_providers
from app.rules.embedding_text import document_text
from app.rules.grounding import Grounded, Rejected, ground
from app.rules.injection.screen import detect_injection
from app.rules.served_context import transcript_without_served
from app.rules.transcripts import with_speakers
from app.rules.trust import trust_in
from app.rules.types import (
    Action,
    Claim,
    Conversation,
    Embeddings,
    Extraction,
    Fact,
    Reconciled,
    Relation,
    Transcript,
    Window,
)
from app.startup import runtime


async def process(claim: Claim) -> None:
    """Turn a claimed conversation into memories, or note why not. A second run changes nothing.

    Raises DatabaseUnavailable when the database is away, since then nothing can be noted.
    """
    settings = runtime().settings
    try:
        async with asyncio.timeout(settings.conversation_timeout_seconds):
            await _process(claim)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        # The worker's outermost wall: one conversation's fault must not reach the others.
        await give_back(claim, error)


async def _process(claim: Claim) -> None:
    providers = get_providers()
    stages: dict[str, float] = {}
    async with transaction(claim.tenant_id) as tx:
        conversation = await queue.load(tx, claim)
    if conversation is None:
        log.info("lease_lost", conversation_id=str(claim.conversation_id))
        return
    # What we served as context is not learned again.
    transcript = with_speakers(transcript_without_served(conversation.transcript))
    crash_point("claimed", (message.content for message in transcript.messages))
    with _timed(stages, "extract_ms"):
        parts = await _extract(claim, transcript, providers)
    crash_point("extraction_saved")
    accepted: list[Fact] = []
    rejected: list[Rejected] = []
    relations: list[Relation] = []
    for window, extraction in parts:
        grounded = ground(transcript, window, extraction.facts)
        relations += _between(extraction, grounded, len(accepted))
        accepted += [
            replace(
                fact,
                trust=trust_in(transcript, fact.message_indexes),
                quarantine_reason=detect_injection(fact.text, fact.quote) or fact.quarantine_reason,
            )
            for fact in grounded.accepted
        ]
        rejected += grounded.rejected
    accepted = await clean_drawn(claim.tenant_id, accepted)
    with _timed(stages, "embed_ms"):
        embedded = await _embed(claim, providers, accepted)

    began = time.perf_counter()
    async with transaction(claim.tenant_id) as tx:
        names = {
            message.name
            for message in transcript.messages
            if message.name and message.role == "user"
        }
        held = await memory_owners.lock(tx, claim.owner_key, names)
        if not await queue.still_ours(tx, claim):
            log.info("lease_lost", conversation_id=str(claim.conversation_id))
            return
        destination = await current_destination(tx, _destination(claim, conversation))
        if destination.owner_key != claim.owner_key:
            held = await memory_owners.lock(tx, destination.owner_key)
        reconciled = await reconcile(
            tx,
            [(destination, fact) for fact in accepted],
            embedded.vectors if embedded else (),
            held=held,
            relations=relations,
        )
        reconciled += [Reconciled(no.fact, Action.REJECTED, no.reason) for no in rejected]
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


async def _extract(
    claim: Claim, transcript: Transcript, providers: Providers
) -> list[tuple[Window, Extraction]]:
    """Each window with its facts: those kept from an earlier run, or drawn now and kept before they
    are used."""
    settings, extractor = runtime().settings, providers.extractor
    kept: dict[int, Extraction] = {}
    split: set[int] = set()
    if claim.seen_before:
        key = (claim.conversation_id, extractor.version)
        async with transaction(claim.tenant_id) as tx:
            kept = await extractions.stored(tx, *key)
            split = await extractions.split(tx, *key)
    overlap = settings.window_overlap_messages
    # The next window is the last one, so that the two halves of one come before what follows it.
    waiting = windows(transcript, settings.window_max_chars, overlap)[::-1]
    parts = []
    while waiting:
        window = waiting.pop()
        part, smaller = part_of(window), halves(window, overlap)
        if smaller and part in split:
            waiting += smaller[::-1]
            continue
        extraction = kept.get(part)
        if extraction is None:
            try:
                extraction = await _draw(claim, transcript, providers, part, window)
            except ProviderError as error:
                if smaller is None or not _too_much(error):
                    raise
                log.info("window_split", conversation_id=str(claim.conversation_id), part=part)
                waiting += smaller[::-1]
                continue
        parts.append((window, extraction))
    return parts


def _too_much(error: ProviderError) -> bool:
    """Whether a smaller window may succeed where this one failed."""
    return isinstance(error, ProviderAnswerTruncated) or error.code == "provider_request_too_large"


async def _draw(
    claim: Claim, transcript: Transcript, providers: Providers, part: int, window: Window
) -> Extraction:
    async def extract() -> Extraction:
        extraction = await providers.extractor.extract(transcript, window)
        crash_point("extracted")
        return extraction

    if not providers.paid_extractor:
        # It costs milliseconds and always says the same, so there is nothing to keep.
        return await extract()
    return await paid_extraction(
        extract,
        tenant_id=claim.tenant_id,
        conversation_id=claim.conversation_id,
        part=part,
        version=providers.extractor.version,
        model=providers.extractor.model,
        transcript=transcript,
        window=window,
        probe=claim.probe,
        splits=_too_much,
    )


async def _embed(claim: Claim, providers: Providers, facts: list[Fact]) -> Embeddings | None:
    if not facts:
        return None
    texts = [document_text(fact) for fact in facts]
    if not providers.paid_embedder:
        return await providers.embedder.embed_documents(texts)
    return await paid_embedding(
        lambda: providers.embedder.embed_documents(texts),
        tenant_id=claim.tenant_id,
        conversation_id=claim.conversation_id,
        model=providers.embedder.model,
        texts=texts,
        probe=claim.probe,
    )


def _between(extraction: Extraction, grounded: Grounded, before: int) -> Iterator[Relation]:
    """The relations whose facts were both accepted, by the facts' places among all accepted ones,
    of which ``before`` come first."""
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
    """Milliseconds since ``began``, to a tenth."""
    return round((time.perf_counter() - began) * 1000, 1)
