"""What a fault is, and the register of all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from torture.world import World

Part = Literal["postgres", "redis", "worker", "api", "provider", "beat"]
Inject = Callable[[World], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to do harm. ``inject`` returns when the harm is over, and the recovery begins.

    ``numbers`` are those of the fault table. ``part`` suffers: two faults of one part never
    overlap, those of different parts may. ``blinds``: what the readers ask is away meanwhile, their
    only excuse.
    ``waits_seconds`` is how long the service waits on purpose before it tries again.
    ``weight`` is how often it is drawn among those of its part; 0 keeps it to the trials alone.
    ``own_disk``: the database must lie on a disk of its own.
    """

    name: str
    numbers: tuple[str, ...]
    part: Part
    inject: Inject
    weight: float
    blinds: bool
    waits_seconds: float
    needs: Callable[[World], str]
    own_disk: bool

    @property
    def does(self) -> str:
        """In a sentence."""
        return (self.inject.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip()


FAULTS: dict[str, Fault] = {}


def fault(
    part: Part,
    *numbers: str,
    weight: float = 1.0,
    blinds: bool = False,
    waits_seconds: float = 0.0,
    needs: Callable[[World], str] = lambda world: "",
    own_disk: bool = False,
) -> Callable[[Inject], Inject]:
    """Register a fault under its function's name. ``needs`` says what is missing for it here."""

    def register(inject: Inject) -> Inject:
        name = inject.__name__
        FAULTS[name] = Fault(
            name, numbers, part, inject, weight, blinds, waits_seconds, needs, own_disk
        )
        return inject

    return register
