"""Build the receipt of a finished conversation: each fact with its action, and the cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.providers.metering import cost_microusd
from app.rules.types import Embeddings, Reconciled, Usage


def receipt(
    reconciled: Sequence[Reconciled], drawn: Sequence[Usage], embedded: Embeddings | None
) -> dict[str, Any]:
    """Build the receipt as JSON. ``drawn`` is what each window's extraction used, in the run that
    paid for it."""
    cost = sum(cost_microusd(usage, "extract") for usage in drawn)
    if embedded:
        cost += cost_microusd(embedded.usage, "embed")
    return {
        "facts": [
            {
                "fact": outcome.fact.text,
                "importance": outcome.fact.importance,
                "action": outcome.action.value,
                "reason": outcome.reason,
                "memory_id": str(outcome.memory_id) if outcome.memory_id else None,
                "replaced_id": str(outcome.replaced_id) if outcome.replaced_id else None,
                "message_indexes": list(outcome.fact.message_indexes),
                "quote": outcome.fact.quote,
            }
            for outcome in reconciled
        ],
        "models": {
            "extraction": drawn[0].model if drawn else None,
            "embedding": embedded.usage.model if embedded else None,
        },
        "tokens": {
            "input": sum(usage.input_tokens for usage in drawn),
            "output": sum(usage.output_tokens for usage in drawn),
            "cache_read": sum(usage.cache_read_tokens for usage in drawn),
            "cache_write": sum(usage.cache_write_tokens for usage in drawn),
            "embedding": embedded.usage.input_tokens if embedded else 0,
        },
        "cost_usd": cost / 1_000_000,
    }
