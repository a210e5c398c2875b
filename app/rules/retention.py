"""Compute retention from age, importance and reinforcement."""

from __future__ import annotations

import math

DAYS_PER_IMPORTANCE = 10.0
"""Half-life in days of a memory of importance 1.0 (rule 3 of docs/reference/contract.md): 10, 7 and
2 days at 1.0, 0.7 and 0.2."""

LOWEST_IMPORTANCE = 0.1
"""A lower importance counts as this one, so that no half-life is zero."""


def half_life_days(importance: float, reinforcements: int = 0) -> float:
    """Compute the age in days at which retention is 0.5.

    ``importance`` is in [0, 1]. Each reinforcement (a duplicate; at most one counts a day) adds
    with a diminishing gain: n of them multiply the half-life by 1 + log2(1 + n). Never reinforced,
    it is exactly 10 days times the importance. Diminishing gain from repetition follows the spacing
    effect as fitted by Settles & Meeder, "A Trainable Spaced Repetition Model", ACL 2016; the
    logarithm is ours.
    """
    base = DAYS_PER_IMPORTANCE * max(importance, LOWEST_IMPORTANCE)
    return base * (1.0 + math.log2(1 + max(reinforcements, 0)))


def retention(age_days: float, half_life_days: float) -> float:
    """Compute the share of a memory's strength left at ``age_days``, in (0, 1].

    1.0 when new, 0.5 after one half-life; a negative age (clock skew) counts as new. Source: the
    half-life form of the forgetting curve, Settles & Meeder, ACL 2016.
    """
    return math.exp2(-max(age_days, 0.0) / half_life_days)
