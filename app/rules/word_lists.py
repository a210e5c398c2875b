"""Word lists written as running text, which a reader can scan and a diff can show."""

from __future__ import annotations


def word_list(text: str) -> list[str]:
    """The words of ``text``, in order."""
    return text.split()


def word_set(text: str) -> frozenset[str]:
    """The words of ``text`` as a set."""
    return frozenset(text.split())


def word_map(text: str) -> dict[str, str]:
    """ "soy:es vivo:vive" → {"soy": "es", "vivo": "vive"}."""
    return dict(pair.split(":", 1) for pair in text.split())
