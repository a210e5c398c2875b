"""Hash a fact's words, so that texts which no reader could tell apart have one hash."""

from __future__ import annotations

import hashlib
import unicodedata

_UNSEEN = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
)
INVISIBLE = "".join(chr(code) for first, last in _UNSEEN for code in range(first, last + 1))
"""Characters that leave no mark where a text is shown."""

_REMOVED = dict.fromkeys(map(ord, INVISIBLE))
_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def normalised(text: str) -> str:
    """Give ``text`` in one Unicode form, without invisible characters, case, extra white space or a
    closing full stop."""
    plain = unicodedata.normalize("NFC", visible(text).translate(_TYPOGRAPHIC).casefold())
    words = " ".join(plain.split())
    return words.rstrip(" .!") or words


def visible(text: str) -> str:
    """Give ``text`` as it looks: in one Unicode form, without invisible characters."""
    return unicodedata.normalize("NFC", text.translate(_REMOVED))


def content_hash(fact: str) -> bytes:
    """Compute 32 bytes that two live memories of one scope never share."""
    return hashlib.sha256(normalised(fact).encode()).digest()
