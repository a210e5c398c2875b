"""Choose bands for an embedding model by labelled pairs: the lowest at which no truth is lost."""

from __future__ import annotations

from collections.abc import Sequence

from evals.labelled import Label

STEP = 0.005


def calibrated(seen: Sequence[tuple[Label, float]]) -> str:
    """Say which bands suit the model whose cosine similarities these are.

    The duplicate band begins above every pair that is none; the contradiction band above every pair
    of which both are true. Where a band would hold nothing it begins at 1. Comparing begins below
    all but one in a hundred of the pairs that belong together.
    """
    if not seen:
        return "no pairs: give some with --data"
    others = [near for label, near in seen if label != "duplicate"]
    true = [near for label, near in seen if label in ("compatible", "unrelated")]
    together = sorted(near for label, near in seen if label in ("duplicate", "update"))
    duplicate = _above(others)
    contradiction = min(_above(true), duplicate)
    candidate = together[len(together) // 100] if together else 0.0
    return (
        f"{len(seen)} pairs\n"
        f"  duplicate      {duplicate:.3f}\n"
        f"  contradiction  {contradiction:.3f}\n"
        f"  remote         {max(min(candidate, contradiction) - STEP, 0.0):.3f}"
    )


def _above(similarities: Sequence[float]) -> float:
    return min(1.0, max(similarities, default=0.0) + STEP)
