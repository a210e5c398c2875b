"""Compute how far a memory can be trusted: as far as the least trusted of those whose words it
rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.rules.pasted import is_pasted
from app.rules.types import Role, Transcript

STATED = 1.0
"""The application states it, or a person has reviewed it."""

OF_ROLE: Mapping[Role, float] = {"user": 0.9, "assistant": 0.6, "tool": 0.3, "system": 0.3}
"""What is said in a transcript. A user's own words are theirs, whether they are true or not; an
assistant's rest on whatever it had read, even when they are confirmed; tools repeat what strangers
write. The figures order the kinds and mean nothing else."""


OWN_WORDS = OF_ROLE["user"]

PASTED = 0.3
"""What a user has pasted is a stranger's, as what a tool has returned."""


def trust_in(transcript: Transcript, message_indexes: Sequence[int], quote: str = "") -> float:
    """Give the least trust of the cited messages; that of a user's words when none is cited. The
    ``quote`` stands in the first of them."""
    messages = [transcript.messages[index] for index in message_indexes]
    trust = min((OF_ROLE[message.role] for message in messages), default=OWN_WORDS)
    if quote and messages and is_pasted(messages[0].content, quote):
        return min(trust, PASTED)
    return trust
