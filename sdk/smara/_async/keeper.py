"""Fetch the context before a call to an LLM, and send the turn after it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smara._async.client import AsyncSmara
from smara._wrap.delivery import TaskDelivery
from smara._wrap.dialects import Dialect, Path, Spoken
from smara._wrap.options import Options, log
from smara._wrap.words import MOST_QUESTION_CHARACTERS, fenced, new_words

MOST_ID_CHARACTERS = 200
"""A longer external_id is refused, and the turn with it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the user said, and which user. ``key`` is the turn's own Idempotency-Key, since ids of
    answers repeat (Ollama draws them from 999) and words may be said twice."""

    words: Sequence[str]
    options: Options
    key: str = field(default_factory=lambda: f"turn-{uuid.uuid4()}")


class AsyncKeeper:
    """The memory of one wrapped client. It raises none of its own errors."""

    def __init__(self, memory: AsyncSmara, dialect: Dialect, options: Options) -> None:
        self.dialect = dialect
        self._options = options
        self._asking = memory.with_options(timeout=options.timeout, max_retries=0)
        self._delivery = TaskDelivery(memory)
        self._warned: set[Path] = set()

    async def prepare(self, asked: dict[str, Any]) -> tuple[dict[str, Any], Turn]:
        """Give the arguments for the model, with the context in the system prompt, and the turn."""
        asked = dict(asked)
        options = self._options.for_call(asked)
        if "messages" in asked:
            asked["messages"] = list(asked["messages"])  # It may be readable only once.
        turn = Turn(new_words(asked.get("messages", ())), options)
        if options.recall and options.user_id is not None:
            block = await self._recall(turn)
            if block:
                asked = self.dialect.with_memories(asked, fenced(block))
        return asked, turn

    def warn(self, path: Path) -> None:
        """Warn, once, that a call on this path has no memory."""
        if path not in self._warned:
            self._warned.add(path)
            log.warning("%s has no memory: nothing is recalled for it or kept", ".".join(path))

    async def _recall(self, turn: Turn) -> str | None:
        options = turn.options
        question = turn.words[-1][-MOST_QUESTION_CHARACTERS:] if turn.words else None
        try:
            context = await self._asking.context(
                str(options.user_id),
                question,
                options.top_n,
                options.namespace,
                agent_id=options.agent_id,
            )
        except Exception as error:  # Whatever it is, the model is asked all the same.
            options.report("recalling", error)
            return None
        return str(context) if context.memories else None

    def keep(self, turn: Turn, spoken: Spoken) -> None:
        """Have the turn sent when the model has finished it; only what is new in it."""
        options = turn.options
        if not (options.remember and options.user_id and turn.words and spoken.finished):
            return
        messages = [{"role": "user", "content": words} for words in turn.words]
        if spoken.text.strip():
            messages.append({"role": "assistant", "content": spoken.text})
        conversation = {
            "user_id": options.user_id,
            "messages": messages,
            "namespace": options.namespace,
            "agent_id": options.agent_id,
            "source": options.source,
            "instructions": options.instructions,
            "metadata": options.metadata,
            "external_id": str(spoken.id)[:MOST_ID_CHARACTERS] if spoken.id else None,
            "idempotency_key": turn.key,
        }
        self._delivery.post(conversation, options)

    async def flush(self, timeout: float | None = 10.0) -> bool:
        """Wait up to ``timeout`` seconds until every turn has been sent; False when some were
        not."""
        return await self._delivery.flush(timeout)
