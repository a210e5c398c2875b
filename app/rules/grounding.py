"""Check which of the facts that a model claims are really in the transcript."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.rules.types import Fact, Transcript, Window

FACT_MAX_CHARS = 2_000

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    }
)


class Reason(StrEnum):
    """Why a claimed fact was rejected; stable, for receipts and counters."""

    BLANK = "blank"
    TOO_LONG = "too_long"
    INDEX_OUT_OF_RANGE = "index_out_of_range"
    QUOTE_NOT_FOUND = "quote_not_found"
    NOT_SAID_BY_USER = "not_said_by_user"
    NOT_FRESH = "not_fresh"
    REPEATED = "repeated"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A claimed fact and why it was rejected."""

    fact: Fact
    reason: Reason


@dataclass(frozen=True, slots=True)
class Grounded:
    """Claimed facts, accepted or rejected; both keep the model's order. ``origins`` are the places
    that the accepted ones had among all claimed ones."""

    accepted: tuple[Fact, ...]
    rejected: tuple[Rejected, ...]
    origins: tuple[int, ...]


def ground(transcript: Transcript, window: Window, facts: Sequence[Fact]) -> Grounded:
    """Sort a model's facts into those that the window's messages support and those that they do
    not.

    A fact is accepted when its quote is in a cited message of the user that is fresh in this
    window, or in a cited message of the assistant that a cited, fresh message of the user follows:
    the user's confirmation. Quotes are compared without regard to case, white space, Unicode form,
    and typographic quotes and dashes.

    An accepted fact has its text trimmed, and the message that holds the quote first among its
    indexes.
    """
    reader = _Reader(transcript)
    accepted: list[Fact] = []
    rejected: list[Rejected] = []
    origins: list[int] = []
    seen: set[str] = set()
    for place, fact in enumerate(facts):
        judged = _judge(reader, window, fact)
        if isinstance(judged, Fact) and folded(judged.text) in seen:
            judged = Reason.REPEATED
        if isinstance(judged, Reason):
            rejected.append(Rejected(fact, judged))
        else:
            seen.add(folded(judged.text))
            accepted.append(judged)
            origins.append(place)
    return Grounded(tuple(accepted), tuple(rejected), tuple(origins))


def folded(text: str) -> str:
    """Give the text as quotes are compared: NFC, plain quotes and dashes, single spaces, no
    case."""
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return " ".join(plain.casefold().split())


class _Reader:
    """A transcript's messages, each folded only once however many facts cite it."""

    def __init__(self, transcript: Transcript) -> None:
        self._messages = transcript.messages
        self._folded: dict[int, str] = {}

    def role(self, index: int) -> str:
        return self._messages[index].role

    def holds(self, index: int, folded_quote: str) -> bool:
        if index not in self._folded:
            self._folded[index] = folded(self._messages[index].content)
        return folded_quote in self._folded[index]


def _judge(reader: _Reader, window: Window, fact: Fact) -> Fact | Reason:
    """Give the fact as accepted, or the reason why not."""
    text, quote = fact.text.strip(), folded(fact.quote)
    if not text or not quote:
        return Reason.BLANK
    if len(text) > FACT_MAX_CHARS:
        return Reason.TOO_LONG
    cited = tuple(dict.fromkeys(fact.message_indexes))
    if not cited or not all(window.start <= index < window.stop for index in cited):
        return Reason.INDEX_OUT_OF_RANGE
    holders = [index for index in cited if reader.holds(index, quote)]
    if not holders:
        return Reason.QUOTE_NOT_FOUND
    users = [index for index in cited if reader.role(index) == "user"]
    vouched = {holder: _vouched_at(reader, holder, users) for holder in holders}
    said = {holder: at for holder, at in vouched.items() if at is not None}
    if not said:
        return Reason.NOT_SAID_BY_USER
    for holder, at in said.items():
        if at >= window.fresh_from:
            others = tuple(index for index in cited if index != holder)
            return replace(fact, text=text, message_indexes=(holder, *others))
    return Reason.NOT_FRESH


def _vouched_at(reader: _Reader, holder: int, users: list[int]) -> int | None:
    """Find the last message by which the user confirms what ``holder`` says: itself, or a later
    one."""
    if reader.role(holder) == "user":
        return holder
    if reader.role(holder) == "assistant":
        return max((index for index in users if index > holder), default=None)
    return None
