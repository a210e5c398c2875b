"""What clients did that the service has accepted, one value for each kind of deed.

A deed that is not ``sure`` may or may not have happened: its client got no answer, and nothing that
it read since has told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a fact is, and where. ``team`` is the team that it is shared with; None is private."""

    tenant: str
    user: str
    namespace: str = "default"
    agent: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement: its words, and the planted ``word`` by which it is known."""

    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """Facts were accepted, by a conversation (``source`` is its id) or directly (None).

    Of one ``topic`` of a place only the latest statement is true; ``at`` is its time as the service
    has named it or, stated directly, its place in the row of deeds. Facts beyond the first
    ``most`` must not be remembered. ``waits``: it must wait for a review.
    """

    facts: tuple[Fact, ...]
    place: Place
    source: str | None = None
    topic: str | None = None
    at: str = ""
    most: int | None = None
    waits: bool = False
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Edited:
    """A memory got other words, another namespace, or both."""

    word: str
    text: str | None = None
    namespace: str | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing of these facts may be left: deleted, reverted, cancelled, erased, or never said."""

    words: tuple[str, ...]
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Restored:
    """A superseded or waiting memory is live again."""

    word: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Dissolved:
    """A team is gone; what it knew goes to who told it, private."""

    tenant: str
    team: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Erased:
    """A person was erased: nothing that they said by then is left."""

    tenant: str
    user: str
    sure: bool = True


Deed: TypeAlias = Said | Edited | Ended | Restored | Dissolved | Erased


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A conversation as its client saw it accepted: ``sent`` for the first time and ``answered`` at
    last, by the client's clock, and the time that the service has named."""

    key: str
    owner: tuple[str, str]
    sent: float
    answered: float
    created_at: str
