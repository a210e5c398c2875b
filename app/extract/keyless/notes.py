"""Turn a bracketed note about an attachment into a statement about who sent it."""

from __future__ import annotations

import re

_NOTE_VERB = re.compile(
    r"(shares|sends|shows|posts|uploads|attaches)\b\s*(.*)", re.IGNORECASE | re.DOTALL
)
_NOTE_KIND = re.compile(
    r"(?:an? )?(image|photo|picture|video|audio|gif|sticker|file)\s*[:,-]\s*(.+)", re.I | re.DOTALL
)
_PAST = {
    "shares": "shared", "sends": "sent", "shows": "showed", "posts": "posted",
    "uploads": "uploaded", "attaches": "attached",
}  # fmt: skip


def note_statement(note: str, name: str) -> str | None:
    """Turn "shares a photo: a lake" into "Ana shared a photo: a lake"; None when nothing is
    attached."""
    acted, kind = _NOTE_VERB.match(note), _NOTE_KIND.match(note)
    if acted and acted.group(2):
        return f"{name} {_PAST[acted.group(1).lower()]} {acted.group(2)}"
    if kind:
        return f"{name} shared a {kind.group(1).lower()}: {kind.group(2)}"
    return None
