"""A fact's words → a hash that is equal for texts no reader could tell apart."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})


def normalised(text: str) -> str:
    """``text`` in one Unicode form, without invisible characters, case, spare white space or a
    closing full stop.
    """
    visible = _INVISIBLE.sub("", text).translate(_TYPOGRAPHIC).casefold()
    words = " ".join(unicodedata.normalize("NFC", visible).split())
    return words.rstrip(" .!") or words


def content_hash(fact: str) -> bytes:
    """32 bytes that two live memories of one scope never share."""
    return hashlib.sha256(normalised(fact).encode()).digest()
