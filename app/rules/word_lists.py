"""Word lists written as running text, which a reader can scan and a diff can show."""

from __future__ import annotations


def word_list(text: str) -> list[str]:
    """Split ``text`` into its words, in order."""
    return text.split()


def word_set(text: str) -> frozenset[str]:
    """Split ``text`` into the set of its words."""
    return frozenset(text.split())


def word_map(text: str) -> dict[str, str]:
    """Parse "soy:es vivo:vive" into {"soy": "es", "vivo": "vive"}."""
    return dict(pair.split(":", 1) for pair in text.split())
