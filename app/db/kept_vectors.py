"""The vectors of a conversation's facts, kept from their embedding until they are memories: another
attempt pays for none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from app.db.pool import TenantTx
from app.db.schema import conversations, kept_vectors
from app.db.statements import OWN_ID, Statement, own
from app.rules.types import Vector

_OF = own(kept_vectors) & (kept_vectors.c.conversation_id == bindparam("conversation_id"))
_FIND = Statement(
    select(kept_vectors.c.vectors).where(
        _OF,
        kept_vectors.c.model == bindparam("model"),
        kept_vectors.c.texts_sha256 == bindparam("texts_sha256"),
    )
)
_NAMES = ("conversation_id", "model", "texts_sha256", "vectors")
_held = (
    select(conversations.c.conversation_id)
    .where(
        own(conversations),
        conversations.c.conversation_id == bindparam("conversation_id"),
        conversations.c.messages.is_not(None),
    )
    .with_for_update(read=True)
    .cte("held")
)
_new = insert(kept_vectors).from_select(
    ["tenant_id", *_NAMES],
    select(
        OWN_ID, *(bindparam(name, type_=kept_vectors.c[name].type) for name in _NAMES)
    ).select_from(_held),
    include_defaults=False,
)
_KEEP = Statement(
    _new.on_conflict_do_update(
        index_elements=["tenant_id", "conversation_id", "model"],
        set_={name: _new.excluded[name] for name in ("texts_sha256", "vectors")},
    )
)
_DROP = Statement(delete(kept_vectors).where(_OF))


async def find(
    tx: TenantTx, conversation_id: UUID, model: str, texts: Sequence[str]
) -> Sequence[Vector] | None:
    """Give the vectors of these very texts by this model, if they are kept."""
    row = await (
        await _FIND.run(
            tx, conversation_id=conversation_id, model=model, texts_sha256=_digest(texts)
        )
    ).fetchone()
    if row is None:
        return None
    vectors: Sequence[Vector] = np.frombuffer(row[0], "<f4").reshape(len(texts), -1).tolist()
    return vectors


async def keep(
    tx: TenantTx, conversation_id: UUID, model: str, texts: Sequence[str], vectors: Sequence[Vector]
) -> None:
    """Keep the vectors of these texts; those of other texts of the conversation go. Of a
    conversation that was erased nothing is kept."""
    await _KEEP.run(
        tx,
        conversation_id=conversation_id,
        model=model,
        texts_sha256=_digest(texts),
        vectors=np.asarray(vectors, "<f4").tobytes(),
    )


async def drop(tx: TenantTx, conversation_id: UUID) -> None:
    """Forget them: they are in the memories now."""
    await _DROP.run(tx, conversation_id=conversation_id)


def _digest(texts: Sequence[str]) -> bytes:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(len(text).to_bytes(4, "big") + text.encode())
    return digest.digest()
