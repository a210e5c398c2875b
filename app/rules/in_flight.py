"""How many calls may wait for a provider's answer at the same time.

A provider that has just answered gets as many calls as there is memory for. Before its first
answer, and after one that failed, it gets a few, so that one that is away costs little. A provider
that says that there are too many gets half as many, and one more with each answer: additive
increase, multiplicative decrease, as TCP has it (RFC 5681). What it says in its headers is left to
call within the minute counts too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

UNPROVEN = 8
"""Calls to a provider of which nothing is known yet."""

HALVE_EACH_SECONDS = 1.0
"""Answers to calls that were under way together count as one."""


@dataclass(slots=True)
class InFlight:
    """The calls of one process to one provider. ``most`` bounds how many may wait at once; times
    are in seconds, of any clock that only goes on."""

    most: int
    proven: bool = False
    allowed: int = field(init=False)
    _halved_at: float = float("-inf")
    _left: int | None = None
    _left_until: float = float("-inf")

    def __post_init__(self) -> None:
        self.allowed = min(self.most, UNPROVEN)

    def answered(self) -> None:
        """Note an answer."""
        if self.proven:
            self.allowed = min(self.allowed + 1, self.most)
        else:
            self.proven, self.allowed = True, self.most

    def was_away(self) -> None:
        """Note that the provider did not answer."""
        self.proven = False
        self.allowed = min(self.allowed, UNPROVEN)

    def was_limited(self, now: float) -> None:
        """Note that the provider refused a call because there are too many."""
        self.proven = True
        if now - self._halved_at >= HALVE_EACH_SECONDS:
            self._halved_at = now
            self.allowed = max(self.allowed // 2, 1)

    def leaves(self, calls: int, until: float) -> None:
        """Note how many more calls the provider takes ``until`` its count begins anew."""
        self._left, self._left_until = calls, until

    def room(self, under_way: int, now: float) -> int:
        """Give how many more calls may be begun, with so many under way."""
        room = self.allowed - under_way
        if self._left is not None and now < self._left_until:
            room = min(room, self._left)
        return max(room, 0)
