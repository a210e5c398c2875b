"""Vectors are kept for the very texts and model that they are of, and go with the conversation's
text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import pytest

from app.db import conversations, kept_vectors
from app.db.pool import transaction
from tests.integration.db.rows import execute, queue_up

pytestmark = pytest.mark.anyio

TEXTS = ["User lives in Oslo.", "User has a cat."]
VECTORS = [[0.6, 0.8], [1.0, 0.0]]


async def find(tenant: UUID, conversation: UUID, model: str, texts: list[str]) -> Any:
    async with transaction(tenant) as tx:
        return await kept_vectors.find(tx, conversation, model, texts)


async def keep(tenant: UUID, conversation: UUID) -> None:
    async with transaction(tenant) as tx:
        await kept_vectors.keep(tx, conversation, "m", TEXTS, VECTORS)


async def test_they_are_those_of_the_same_texts_by_the_same_model(tenant: UUID) -> None:
    conversation = (await queue_up(tenant)).conversation_id
    await keep(tenant, conversation)

    found = await find(tenant, conversation, "m", TEXTS)
    assert np.allclose(found, VECTORS)
    assert await find(tenant, conversation, "m", TEXTS[::-1]) is None
    assert await find(tenant, conversation, "m", ["User lives in Oslo.User has", " a cat."]) is None
    assert await find(tenant, conversation, "n", TEXTS) is None


async def test_what_is_kept_anew_takes_its_place_and_is_dropped_when_it_is_used(
    tenant: UUID,
) -> None:
    conversation = (await queue_up(tenant)).conversation_id
    await keep(tenant, conversation)
    await keep(tenant, conversation)
    assert await count(conversation) == 1

    async with transaction(tenant) as tx:
        await kept_vectors.drop(tx, conversation)

    assert await count(conversation) == 0


async def test_an_erased_conversation_keeps_none(tenant: UUID) -> None:
    conversation = (await queue_up(tenant)).conversation_id
    await keep(tenant, conversation)

    async with transaction(tenant) as tx:
        await conversations.erase(tx, conversation)
    assert await count(conversation) == 0
    await keep(tenant, conversation)

    assert await count(conversation) == 0


async def count(conversation: UUID) -> int:
    [(number,)] = await execute(
        "SELECT count(*) FROM kept_vectors WHERE conversation_id = %s", conversation
    )
    return int(number)
