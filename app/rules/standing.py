"""Decide the standing of a statement: how far it is trusted, and whether it may be live.

Every way in which words get into a memory asks here: a store, a batch, an agent's store, a tool
call, MCP, an edit, a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.rules.trust import OF_ROLE, STATED

Author: TypeAlias = Literal["application", "model"]
"""Who decided to state a fact directly: the application, or a model, as in a tool call."""

TRUST: Mapping[Author, float] = {"application": STATED, "model": OF_ROLE["assistant"]}


@dataclass(frozen=True, slots=True)
class Standing:
    """``trust`` is in [0, 1] (app/rules/trust.py). With a ``quarantine_reason`` the statement waits
    for a person's review, without one it may be live."""

    trust: float
    quarantine_reason: str | None = None


def standing(text: str, *, trust: float, quote: str = "", found: str | None = None) -> Standing:
    """Give the standing of a statement whose source is trusted so far. Whatever the application
    does not vouch for itself is looked through for orders to an agent, the ``quote`` that it rests
    on too; ``found`` is what another screen has found before."""
    if trust >= STATED:
        return Standing(trust, found)
    # Imported at the first use: its patterns are a fifth of the API's start. Workers have it.
    from app.rules.injection.screen import detect_injection

    return Standing(trust, detect_injection(text, quote) or found)


def stated_by(author: Author, text: str) -> Standing:
    """Give the standing of what the author states directly, as a new memory or as an edit."""
    return standing(text, trust=TRUST[author])
