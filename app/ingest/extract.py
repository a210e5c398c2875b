"""Extract a conversation's windows: each is extracted once, and its answer is stored before it
is used."""

from __future__ import annotations

from app.concurrency import waiting_for_others
from app.db import extractions
from app.db.pool import transaction
from app.extract.extractor import Extractor
from app.extract.windows import halves, part_of, windows
from app.ingest.fault_injection import crash_point
from app.logs import log
from app.provider_errors import ProviderAnswerTruncated, ProviderError
from app.providers import metering
from app.providers.registry import get_providers
from app.rules.types import EXTRACTOR, Claim, Extraction, Transcript, Window
from app.startup import runtime


async def extract_windows(claim: Claim, transcript: Transcript) -> list[tuple[Window, Extraction]]:
    """Give each window with its facts: those stored by an earlier run, or extracted now. A window
    that is too much for one answer is split in halves. Raises ProviderError."""
    settings, version = runtime().settings, get_providers().extractor.version
    kept: dict[int, Extraction] = {}
    split: set[int] = set()
    if claim.seen_before:
        async with transaction(claim.tenant_id) as tx:
            kept = await extractions.stored(tx, claim.conversation_id, version)
            split = await extractions.split(tx, claim.conversation_id, version)
    overlap = settings.window_overlap_messages
    # The next window is at the end, so that the two halves of one come before what follows it.
    waiting = windows(transcript, settings.window_max_chars, overlap)[::-1]
    read: list[tuple[Window, Extraction]] = []
    while waiting:
        window = waiting.pop()
        part, smaller = part_of(window), halves(window, overlap)
        if smaller and part in split:
            waiting += smaller[::-1]
            continue
        extraction = kept.get(part)
        if extraction is None:
            try:
                extraction = await _extract(claim, transcript, window)
            except ProviderError as error:
                if smaller is None or not _too_much(error):
                    raise
                log.info("window_split", conversation_id=str(claim.conversation_id), part=part)
                waiting += smaller[::-1]
                continue
        read.append((window, extraction))
    return read


async def _extract(claim: Claim, transcript: Transcript, window: Window) -> Extraction:
    """Make one call. What it cost and what it said are written in one transaction, and so is that
    the window is to be split."""
    extractor = get_providers().extractor
    account = metering.Account(
        claim.tenant_id, "extract", EXTRACTOR, extractor.model, claim.conversation_id, claim.probe
    )
    where = claim.conversation_id, part_of(window), extractor.version
    async with metering.charged(account, extractor.estimate(transcript, window)) as charge:
        try:
            extraction = await _answer(extractor, transcript, window, computes=charge.free)
        except ProviderError as error:
            if _too_much(error):
                async with transaction(claim.tenant_id) as tx:
                    await charge.failed(tx, error)
                    await extractions.save_split(tx, *where)
            raise
        crash_point("extracted")
        if charge.free:
            # It costs milliseconds and always gives the same answer, so there is nothing to store.
            return extraction
        charge.usage = extraction.usage
        async with transaction(claim.tenant_id) as tx:
            await charge.settle(tx, extraction.usage)
            await extractions.save(tx, *where, extraction)
    return extraction


async def _answer(
    extractor: Extractor, transcript: Transcript, window: Window, *, computes: bool
) -> Extraction:
    """Read the window: by computing here, or by waiting for a provider that does."""
    if computes:
        return await extractor.extract(transcript, window)
    async with waiting_for_others():
        return await extractor.extract(transcript, window)


def _too_much(error: ProviderError) -> bool:
    """Whether a smaller window may succeed where this one failed."""
    return isinstance(error, ProviderAnswerTruncated) or error.code == "provider_request_too_large"
