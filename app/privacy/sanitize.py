"""Clean what comes in, before anything is stored or sent to a provider: mask secrets, and redact
personal data for tenants that ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.concurrency import off_loop_if_long
from app.db import tenant_settings
from app.db.pool import read_only
from app.logs import log
from app.privacy.presidio import redact, redact_json
from app.rules.secrets.mask import mask
from app.rules.secrets.mask_json import mask_json
from app.rules.types import Fact, Message, Redaction
from app.startup import runtime

CHARS_EACH = 100
"""What masking one more fact costs besides its length."""

Stated = tuple[str, dict[str, Any]]
"""A fact's text and its metadata."""


async def clean_chat(
    tenant_id: UUID, messages: Sequence[Message], metadata: dict[str, Any]
) -> tuple[list[Message], dict[str, Any]]:
    """Clean the messages and metadata of a chat for storing. The names of speakers stay."""
    chars = sum(len(message.content) for message in messages)
    masked = await off_loop_if_long(chars, _mask_all, messages)
    metadata = mask_metadata(metadata)
    if await _redaction_of(tenant_id) != "everything":
        return masked, metadata
    texts = await redact([message.content for message in masked])
    return (
        [replace(message, content=text) for message, text in zip(masked, texts, strict=True)],
        await redact_json(metadata),
    )


async def clean_facts(tenant_id: UUID, facts: Sequence[Stated]) -> list[Stated]:
    """Clean facts that a client states, with their metadata, for storing."""
    chars = sum(len(text) for text, _ in facts) + CHARS_EACH * len(facts)
    masked = await off_loop_if_long(chars, _mask_facts, facts)
    if await _redaction_of(tenant_id) == "off":
        return masked
    texts = await redact([text for text, _ in masked])
    return [
        (text, await redact_json(metadata))
        for text, (_, metadata) in zip(texts, masked, strict=True)
    ]


async def clean_drawn(tenant_id: UUID, facts: Sequence[Fact]) -> list[Fact]:
    """Clean facts that were drawn from a chat, for storing. For a tenant that has everything
    redacted, the chat itself was cleaned."""
    if await _redaction_of(tenant_id) != "memories":
        return list(facts)
    texts = await redact([fact.text for fact in facts])
    quotes = await redact([fact.quote for fact in facts])
    return [
        replace(fact, text=text, quote=quote)
        for fact, text, quote in zip(facts, texts, quotes, strict=True)
    ]


async def clean_question(tenant_id: UUID, question: str) -> str:
    """Clean a question before it is sent to a provider."""
    question = mask_text(question)
    if await _redaction_of(tenant_id) != "everything":
        return question
    [redacted] = await redact([question])
    return redacted


def mask_text(text: str) -> str:
    """Mask the secrets in a text."""
    masked = mask(text)
    _note(masked.counts)
    return masked.text


def mask_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Mask the secrets in metadata: in its strings, and under keys that name one."""
    if not metadata:
        return metadata
    masked = mask_json(metadata)
    _note(masked.counts)
    without: dict[str, Any] = masked.value
    return without


async def _redaction_of(tenant_id: UUID) -> Redaction:
    """Give what the tenant wants redacted; ``off``, without a look, where redaction is not
    available."""
    if not runtime().settings.presidio:
        return "off"
    async with read_only(tenant_id) as tx:
        return await tenant_settings.redaction(tx)


def _mask_facts(facts: Sequence[Stated]) -> list[Stated]:
    return [(mask_text(text), mask_metadata(metadata)) for text, metadata in facts]


def _mask_all(messages: Sequence[Message]) -> list[Message]:
    counts: Counter[str] = Counter()
    without = []
    for message in messages:
        masked, name = mask(message.content), mask(message.name or "")
        counts.update(masked.counts)
        counts.update(name.counts)
        without.append(
            replace(message, content=masked.text, name=name.text or None)
            if masked.counts or name.counts
            else message
        )
    _note(counts)
    return without


def _note(counts: Mapping[str, int]) -> None:
    if counts:
        log.info("secrets_masked", count=sum(counts.values()), kinds=sorted(counts))
