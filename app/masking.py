"""Secrets are masked in all that comes in, before anything is stored or sent to a provider."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.logs import log
from app.memory.secrets import mask, mask_json
from app.memory.types import Message

LONG_CHARS = 20_000
"""A longer transcript takes more than a few milliseconds, so it is read in a thread."""


async def mask_messages(messages: Sequence[Message]) -> list[Message]:
    """The messages without secrets; what a card number was says a placeholder."""
    if sum(len(message.content) for message in messages) > LONG_CHARS:
        return await asyncio.to_thread(_mask_all, messages)
    return _mask_all(messages)


async def mask_facts(
    facts: Sequence[tuple[str, dict[str, Any]]],
) -> list[tuple[str, dict[str, Any]]]:
    """The texts and metadata of facts without secrets."""
    if sum(len(text) for text, _ in facts) + 100 * len(facts) > LONG_CHARS:
        return await asyncio.to_thread(_mask_facts, facts)
    return _mask_facts(facts)


def _mask_facts(facts: Sequence[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [(mask_text(text), mask_metadata(metadata)) for text, metadata in facts]


def mask_text(text: str) -> str:
    """The text without secrets."""
    masked = mask(text)
    _note(masked.counts)
    return masked.text


def mask_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata without secrets: in its strings, and under keys that name one."""
    if not metadata:
        return metadata
    masked = mask_json(metadata)
    _note(masked.counts)
    without: dict[str, Any] = masked.value
    return without


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
