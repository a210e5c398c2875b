"""What stands before somebody's words: a role in one of many languages, a name, or neither."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import get_args

from app.rules.secrets.plain_view import folded
from app.rules.transcripts.words import WORDS
from app.rules.types import Role, Transcript
from app.rules.word_lists import word_set

NOBODY = "A speaker"
"""Whoever has a name that is none. Names come from group chats, where strangers choose them: a
sentence that stands there must not become one of a memory."""

KEPT = 4_096
"""Labels that are remembered: a transcript has few, again and again."""

MOST_WORDS = 4
MOST_CHARS = 40

_ROLES: Mapping[str, Role] = {
    folded(label): role for role in get_args(Role) for label in WORDS["roles"][role]
}
_PARTS = re.compile(r"[\s_*#>\[\]()<{}|/\\.`~\"'-]+")
_NUMBERED = re.compile(r" ?\d{1,4}\Z")
_TOOL = re.compile(
    r"(?:tool|function|plugin|action) (?:results?|outputs?|responses?|calls?|use|input|messages?"
    r"|errors?|returned)(?: .{0,30})?\Z"
)
_SMALL_WORDS = word_set(
    "al bin da de del den der di do dos du el ibn la las le los te ten van von y zu"
)
_PEOPLE = frozenset({"claude", "me"})
"""Labels that are people's names too, or that a client may call its one user."""

_NUMBERED_SPEAKER = re.compile(
    r"(?:speaker|spk|person|participant|caller|guest|voice|sprecher|hablante|locuteur|orador"
    r"|relatore|spreker|говорящий|说话人|發言人|发言人|話者|화자|konuşmacı)[ _-]?[0-9A-Za-z]{1,3}",
    re.I,
)
_NICK = re.compile(r"(?=.*[^\W\d_])[\w.+-]{2,30}")
_ID = re.compile(r"[\w.+@-]{1,40}")
_PHONE = re.compile(r"\+?\d[\d ()/-]{6,20}\d")

_FIELDS = frozenset(map(folded, WORDS["fields"]["words"]))
"""What stands before a colon in notes, mails and forms, and is nobody."""


@lru_cache(KEPT)
def compared(label: str) -> str:
    """Give the label as labels are compared: without case and accents."""
    return folded(label)


@lru_cache(KEPT)
def role_of(text: str) -> Role | None:
    """Give the role that a label means: "Tool result", "TOOL_OUTPUT[1]", "**Assistant**"."""
    words = _NUMBERED.sub("", " ".join(_PARTS.split(folded(text))).strip())
    return _ROLES.get(words) or ("tool" if _TOOL.match(words) else None)


@lru_cache(KEPT)
def is_field(text: str) -> bool:
    """Whether it names a part of a note or a form: "Subject", "Shopping list"."""
    words = folded(text).replace("*", " ").split()
    return not words or words[0] in _FIELDS or words[-1] in _FIELDS


@lru_cache(KEPT)
def is_name(text: str) -> bool:
    """Whether it is a few words that begin as names do: "José", "Ana de Souza", "Dr. Roth",
    "प्रिया"; not "Note to self", "The truth is" or "Acme is the safe bank"."""
    words = unicodedata.normalize("NFC", text).split()
    return (
        0 < sum(word not in _SMALL_WORDS for word in words) <= MOST_WORDS
        and len(text) <= MOST_CHARS
        and not _SENTENCE.search(text)
        and all(word in _SMALL_WORDS if word[0].islower() else word[0].isalpha() for word in words)
    )


_SENTENCE = re.compile(r"[:;!?…\"<>{}|=\n]|[.](?=\s+\S)(?<!\b[^\W\d_].)(?<!\b[^\W\d_]{2}.)")
"""What no name has; a full stop behind one or two letters is of an initial or a title."""


@lru_cache(KEPT)
def is_nick(text: str) -> bool:
    """Whether people in chats are called so: "ana", "ana_b92", "ana maria", "+49 170 1234567",
    "Speaker 2"."""
    words = text.split()
    return bool(
        _NUMBERED_SPEAKER.fullmatch(text)
        or _PHONE.fullmatch(text)
        or (len(words) <= 2 and all(_NICK.fullmatch(word) for word in words))
    )


def is_numbered_speaker(text: str) -> bool:
    """Whether a program that tells voices apart named them: "Speaker 1", "SPEAKER_00"."""
    return _NUMBERED_SPEAKER.fullmatch(text) is not None


def speaker_name(name: str | None) -> str | None:
    """Give ``name`` as a person's: None for a blank one and for a role's, such as "system" or
    "Tool_Result", since a fact about "system" would be about nobody; NOBODY for what is no name."""
    if not name or not name.strip():
        return None
    if role_of(name) and name.strip().casefold() not in _PEOPLE:
        return None
    text = name.strip()
    return name if is_name(text) or is_nick(text) or _ID.fullmatch(text) else NOBODY


def with_speakers(transcript: Transcript) -> Transcript:
    """Give the transcript with names that are people's alone."""
    if all(speaker_name(message.name) == message.name for message in transcript.messages):
        return transcript
    messages = (replace(m, name=speaker_name(m.name)) for m in transcript.messages)
    return replace(transcript, messages=tuple(messages))
