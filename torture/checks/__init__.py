"""The checks of a run, a module for each subject. All of them look when the queue is empty."""

from __future__ import annotations

from torture.checks import conversations, hooks, memories, sealed, things
from torture.checks.verdict import Verdict, at_most, none_of

__all__ = [
    "Verdict",
    "at_most",
    "conversations",
    "hooks",
    "memories",
    "none_of",
    "sealed",
    "things",
]
