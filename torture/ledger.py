"""What the clients know: each conversation they sent, when it was accepted, and what must come of
it. Kept outside the system, in SQLite."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


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


DIES_OF = {Kind.CRASHING: "crashed", Kind.REJECTED: "provider_rejected"}
"""The planted poisons, and the reason that each must be dead for. Nothing else may be dead."""


@dataclass(slots=True)
class Entry:
    """One conversation of one client. Two entries may hold the same fact, and share its canary."""

    key: str
    tenant: int
    user: str
    kind: Kind
    body: bytes
    canaries: tuple[str, ...]
    accepted_at: float | None = None
    ids: set[str] = field(default_factory=set)


_TABLES = """
CREATE TABLE entries (
    key TEXT PRIMARY KEY, tenant INT, user TEXT, kind TEXT, body_sha256 TEXT, canaries TEXT,
    planned_at REAL);
CREATE TABLE answers (key TEXT, conversation_id TEXT, at REAL);
CREATE TABLE violations (what TEXT, detail TEXT, at REAL);
"""


class Ledger:
    """``entries`` by idempotency key. Every change goes to ``file`` at once."""

    def __init__(self, file: Path) -> None:
        self.entries: dict[str, Entry] = {}
        self.accepted: list[Entry] = []
        self.owner: dict[str, int] = {}
        self.violations: dict[str, list[str]] = defaultdict(list)
        self._file = sqlite3.connect(file, isolation_level=None)
        self._file.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;" + _TABLES)

    def plan(self, entry: Entry) -> None:
        """Take the entry down, before it is sent for the first time."""
        self.entries[entry.key] = entry
        for canary in entry.canaries:
            self.owner[canary] = entry.tenant
        self._file.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                entry.key,
                entry.tenant,
                entry.user,
                entry.kind,
                hashlib.sha256(entry.body).hexdigest(),
                json.dumps(entry.canaries),
                time.time(),
            ),
        )

    def accept(self, entry: Entry, conversation_id: str) -> None:
        """A 202 came for it. From now on it must never be lost."""
        now = time.time()
        if entry.accepted_at is None:
            entry.accepted_at = now
            self.accepted.append(entry)
        entry.ids.add(conversation_id)
        self._file.execute(
            "INSERT INTO answers VALUES (?, ?, ?)", (entry.key, conversation_id, now)
        )

    def violation(self, what: str, detail: str) -> None:
        """Something that must not happen did."""
        self.violations[what].append(detail)
        self._file.execute("INSERT INTO violations VALUES (?, ?, ?)", (what, detail, time.time()))

    def close(self) -> None:
        """Close the file; it stays where it is."""
        self._file.close()
