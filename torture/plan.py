"""What a run is to do, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from torture.checks.verdict import Verdict
from torture.clocks import FULL, Clocks
from torture.faults import FAULTS
from torture.stories import STORIES


@dataclass(frozen=True, slots=True)
class Plan:
    """``minutes`` None mixes until enough is accepted and enough has happened; otherwise it ends
    then at the latest. ``per_second_alone`` is in acts, a third of what two cores take; closer to
    that, a queue grows before the fault, and how long it drains is measured. ``stories_alone`` is
    the same of stories. ``large`` is the share of chats with ``large_facts`` facts. With
    ``one_by_one`` no two faults are tried side by side before they are mixed."""

    seed: int
    faults: tuple[str, ...] = tuple(FAULTS)
    conversations: int = 20_000
    mixed_faults: int = 560
    minutes: float | None = None
    calm_seconds: float = 40.0
    alone_seconds: float = 2.0
    per_second_alone: float | None = 8.0
    stories_alone: float | None = 1.5
    errors: float = 0.1
    clocks: Clocks = FULL
    posters: int = 12
    tellers: int = 5
    stories: tuple[str, ...] = tuple(STORIES)
    large: float = 0.01
    large_facts: int = 3_000
    one_by_one: bool = False
    preloaded: bool = False


@dataclass(slots=True)
class Outcome:
    """What came of a run, before it is written down. ``beside`` has, for each fault that was not
    tried alone, those that it was tried with."""

    plan: Plan
    seconds: dict[str, float] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    alone: dict[str, float] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    impossible: dict[str, str] = field(default_factory=dict)
    storms: list[float] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether every check did."""
        return all(verdict.held for verdict in self.verdicts)
