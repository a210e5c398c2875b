"""What the clients know: what they sent, when it was accepted, and what must come of it. Kept
outside the system, in SQLite."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from torture.model.deeds import Acceptance, Deed, Fact, Place, Said


class Kind(StrEnum):
    """What a conversation is planted for."""

    PLAIN = "plain"
    TWIN = "twin"
    CHORUS = "chorus"
    MOVER = "mover"
    REGRET = "regret"
    DREAM = "dream"
    CRASHING = "crashing"
    REJECTED = "rejected"
    LARGE = "large"
    STORY = "story"


DIES_OF = {Kind.CRASHING: "crashed", Kind.REJECTED: "provider_rejected"}
"""The planted poisons, and the reason that each must be dead for. Nothing else may be dead."""
UNREMEMBERED = (Kind.DREAM, Kind.CRASHING, Kind.REJECTED)
"""Nothing of these may ever be a memory."""


@dataclass(slots=True)
class Entry:
    """One conversation of one client. Two entries may hold the same fact, and share its canary.

    ``tenant`` is a number, which ``place`` has by name. ``parts`` are the windows in which it is
    read. ``taken_back``: its client has erased or reverted it.
    """

    key: str
    tenant: int
    place: Place
    kind: Kind
    body: bytes
    facts: tuple[Fact, ...]
    topic: str | None = None
    most: int | None = None
    parts: int = 1
    sent_at: float | None = None
    accepted_at: float | None = None
    created_at: str = ""
    ids: set[str] = field(default_factory=set)
    taken_back: bool = False

    @property
    def user(self) -> str:
        """Whose it is."""
        return self.place.user

    @property
    def canaries(self) -> tuple[str, ...]:
        """The planted words that must be found."""
        return tuple(sorted(fact.word for fact in self.facts[: self.most]))


@dataclass(slots=True)
class Thing:
    """What is kept beside memories: an agent, a team, a skill, an edge. ``there`` says whether it
    must be."""

    kind: str
    tenant: str
    name: str
    there: bool = True


@dataclass(frozen=True, slots=True)
class Gone:
    """A person who was erased, and what must be found nowhere: words that only they had, and
    digests that anybody could compute of them."""

    tenant: str
    user: str
    words: frozenset[str]
    digests: frozenset[str]
    at: float


@dataclass(frozen=True, slots=True)
class Revoked:
    """A key that was revoked: for how many seconds it was still accepted, and how long that was
    watched."""

    accepted_for: float
    watched_for: float


_TABLES = """
CREATE TABLE entries (
    key TEXT PRIMARY KEY, tenant INT, user TEXT, kind TEXT, body_sha256 TEXT, canaries TEXT,
    planned_at REAL);
CREATE TABLE answers (key TEXT, conversation_id TEXT, created_at TEXT, at REAL);
CREATE TABLE deeds (what TEXT, deed TEXT, at REAL);
CREATE TABLE faults (name TEXT, began REAL, ended REAL, came_about INT);
CREATE TABLE phases (name TEXT, began REAL);
CREATE TABLE violations (what TEXT, detail TEXT, at REAL);
"""


class Ledger:
    """``entries`` by idempotency key; ``deeds`` in the order in which they were accepted; ``owner``
    has the tenant's number of each planted word. Every change goes to ``file`` at once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.entries: dict[str, Entry] = {}
        self.accepted: list[Entry] = []
        self.deeds: list[Deed] = []
        self.written: Counter[str] = Counter()
        self.things: dict[str, Thing] = {}
        # The ids of some memories, for whoever attacks them.
        self.memories: list[str] = []
        # Conversations that were sent without an idempotency key, by id.
        self.unkeyed: set[str] = set()
        self.erased: list[Gone] = []
        self.revoked: list[Revoked] = []
        self.owner: dict[str, int] = {}
        self.failed: Counter[str] = Counter()
        self.violations: dict[str, list[str]] = defaultdict(list)
        self._file = sqlite3.connect(file, isolation_level=None)
        self._file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _TABLES)

    def plant(self, words: Iterable[str], tenant: int) -> None:
        """Take down whose these words are, before they are sent for the first time."""
        for word in words:
            self.owner[word] = tenant

    def plan(self, entry: Entry) -> None:
        """Take the entry down, before it is sent for the first time."""
        self.entries[entry.key] = entry
        self.plant((fact.word for fact in entry.facts), entry.tenant)
        entry.sent_at = time.time()
        self._file.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.key,
                entry.tenant,
                entry.user,
                entry.kind,
                hashlib.sha256(entry.body).hexdigest(),
                json.dumps(entry.canaries),
                entry.sent_at,
            ),
        )

    def accept(self, entry: Entry, conversation_id: str, created_at: str) -> None:
        """A 202 came for it. From now on it must never be lost."""
        now = time.time()
        entry.ids.add(conversation_id)
        self._file.execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?)", (entry.key, conversation_id, created_at, now)
        )
        if entry.accepted_at is not None:
            return
        entry.accepted_at, entry.created_at = now, created_at
        self.accepted.append(entry)
        most = 0 if entry.kind in UNREMEMBERED else entry.most
        self.note(
            Said(entry.facts, entry.place, conversation_id, entry.topic, created_at, most),
            f"conversation {entry.kind}",
        )

    def note(self, deed: Deed, what: str) -> None:
        """The service has accepted a deed. ``what`` counts it."""
        self.deeds.append(deed)
        self.written[what] += 1
        self._file.execute(
            "INSERT INTO deeds VALUES (?, ?, ?)",
            (what, f"{type(deed).__name__} {json.dumps(asdict(deed))}", time.time()),
        )

    def acceptances(self) -> list[Acceptance]:
        """Every accepted conversation, as its client saw it."""
        return [
            Acceptance(
                each.key,
                (each.place.tenant, each.place.team or each.user),
                each.sent_at or 0.0,
                each.accepted_at or 0.0,
                each.created_at,
            )
            for each in self.accepted
        ]

    def fault(self, name: str, began: float, *, came_about: bool) -> None:
        """A fault is over: for the timeline."""
        self._file.execute(
            "INSERT INTO faults VALUES (?, ?, ?, ?)", (name, began, time.time(), came_about)
        )

    def phase(self, name: str) -> None:
        """A part of the run begins: for the timeline."""
        self._file.execute("INSERT INTO phases VALUES (?, ?)", (name, time.time()))

    def violation(self, what: str, detail: str) -> None:
        """Something that must not happen did."""
        self.violations[what].append(detail)
        self._file.execute("INSERT INTO violations VALUES (?, ?, ?)", (what, detail, time.time()))

    def close(self) -> None:
        """Close the file; it stays where it is."""
        self._file.close()
