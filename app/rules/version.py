"""Name the version of a thing, and compare it with the one that a client has seen (RFC 9110: strong
entity tags, If-Match)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, is_dataclass, replace
from typing import Any

from app.rules.types.memories import Memory
from app.rules.types.tenancy import Team


def version_of(*parts: Any) -> str:
    """Give the entity tag of a thing: of frozen dataclasses, or plain values. It is another one as
    soon as something has changed that a PATCH can change."""
    if len(parts) == 1:
        [thing] = parts
        if isinstance(thing, Memory):
            # Not its fields: how far it has faded is another figure at each look.
            return f'"{_microseconds(thing):x}"'
        if isinstance(thing, Team):
            parts = (replace(thing, member_count=0),)
    text = json.dumps([_plain(part) for part in parts], default=str, sort_keys=True)
    return f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'


def is_current(if_match: str, version: str) -> bool:
    """Whether the value of an If-Match header names this version, or any (``*``).

    A proxy that compresses an answer makes its tag weak (``W/``); ours name versions and not bytes,
    so it still counts.
    """
    given = [each.strip().removeprefix("W/") for each in if_match.split(",")]
    return "*" in given or version in given


def _plain(part: Any) -> Any:
    return asdict(part) if is_dataclass(part) and not isinstance(part, type) else part


def _microseconds(memory: Memory) -> int:
    at = memory.updated_at or memory.created_at
    return int(at.timestamp()) * 1_000_000 + at.microsecond
