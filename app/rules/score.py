"""Compute a score from similarity and retention."""

from __future__ import annotations

SIMILARITY_WEIGHT = 0.7
RETENTION_WEIGHT = 0.3
"""The weights of rule 4 of docs/reference/contract.md; the two sum to 1, so a score stays in [0,
1]."""


def score(similarity: float, retention: float) -> float:
    """Compute 0.7 · similarity + 0.3 · retention, in [0, 1]; a negative cosine counts as 0.

    It orders one answer and means nothing outside it.
    """
    return SIMILARITY_WEIGHT * min(max(similarity, 0.0), 1.0) + RETENTION_WEIGHT * retention
