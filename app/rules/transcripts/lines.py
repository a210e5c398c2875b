"""Read one line of a transcript: does it say who speaks from here on?

The forms are those in which people copy chats out of programs: WhatsApp (both platforms), Telegram,
Slack, Discord, Teams, Zoom, Meet, LINE, IRC, subtitles with voices, Markdown, and plain "Name:
words".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from app.rules.transcripts.labels import (
    is_field,
    is_name,
    is_nick,
    is_numbered_speaker,
    role_of,
)


class Form(Enum):
    """How a line names its speaker. Of the weak ones there have to be several in a text."""

    PLAIN = "Name: words"
    ROLE = "Assistant: words"
    LOWER = "name: words"
    STAMPED = "[21:15] Name: words"
    ANGLED = "<name> words"
    COLUMNS = "21:15, Name and words between tabs"
    MARKED = "**Name:** words"
    BRACKETED = "[Name] words"
    HEADING = "## Name"
    SAID = "Name said:"
    STAMP_BEHIND = "Name, then a time"
    ALONE = "the name alone on a line"
    VOICE = "<v Name>words"


WEAK = frozenset(
    {Form.LOWER, Form.ANGLED, Form.BRACKETED, Form.STAMP_BEHIND, Form.ALONE, Form.MARKED}
)


@dataclass(frozen=True, slots=True)
class Head:
    """What a line says of who speaks. Without a label it is an event of the program, which nobody
    says: "Ana joined"."""

    form: Form
    label: str | None
    words: str = ""


_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d{1,3})?(?:\s?[AaPp]\.?\s?[Mm]\b\.?)?"
_DATE = (
    r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?|\d{1,2}\.?\s[^\W\d_]{3,10}\.?,?\s\d{4}"
    r"|[^\W\d_]{3,10}\.?\s\d{1,2}(?:st|nd|rd|th)?,?(?:\s\d{4})?"
    r"|[Tt]oday|[Yy]esterday|[Hh]eute|[Gg]estern|[Hh]oy|[Aa]yer|[Aa]ujourd'hui|[Hh]ier"
    r"|[^\W\d_]{3,9}day)"
)
_STAMP = rf"(?:{_DATE}(?:,|;|\s)?\s?(?:at|um|à|a las|às|kl\.?)?\s?)?{_TIME}"

_STAMPED = re.compile(
    rf"[\[(]?{_STAMP}[\])]?\s*(?:[-–—]\s*)?(?P<label>[^:：\[\]<>\t]{{1,60}}?)[:：](?:\s+(?P<words>.*)|$)"
)
_EVENT = re.compile(rf"[\[(]?{_STAMP}[\])]?(?:\s*[-–—*]|\s+-!-|\t|\s)\s*(?P<words>\S.*)")
_ONLY_STAMP = re.compile(rf"[\[(]?{_STAMP}[\])]?")
_ANGLED = re.compile(
    rf"(?:[\[(]?{_STAMP}[\])]?\s*)?<\s?(?P<label>[^<>:=/]{{1,40}})>\s+(?P<words>.*)"
)
_COLUMNS = re.compile(rf"{_STAMP}\t(?P<label>[^\t]{{1,60}})\t(?P<words>.*)")
_STAMP_INSIDE = re.compile(
    rf"(?P<label>[^:：\[\]()]{{1,40}}?)\s*[\[(]{_STAMP}[\])]\s*[:：](?:\s+(?P<words>.*)|$)"
)
_MARKED = re.compile(
    r"[*_]{1,3}(?P<label>[^*_:：]{1,40})(?:[:：]\s?[*_]{1,3}|[*_]{1,3}\s?[:：])(?:\s*(?P<words>.*))"
)
_BRACKETED = re.compile(r"[\[({](?P<label>[^\[\](){}:]{1,40})[\])}]\s*[:：]?\s+(?P<words>\S.*)")
_WITH_ROLE = re.compile(
    r"(?P<label>[^:：()]{1,40}?)\s*\([^()]{1,30}\)\s*[:：](?:\s+(?P<words>.*)|$)"
)
_PLAIN = re.compile(r"(?P<label>[^:：]{1,40})(?::(?:\s+(?P<words>.*)|$)|：\s*(?P<wide>.*))")
_HEADING = re.compile(r"#{1,6}\s+(?P<label>[^#]{1,40}?)\s*:?\s*#*")
_SAID = re.compile(
    r"(?P<label>[^:：]{1,40}?)\s(?:said|says|wrote|dijo|a dit|sagte|disse|написала?|说)\s*[:：]"
)
_STAMP_BEHIND = re.compile(
    rf"(?P<label>[^:：\[\]]{{1,60}}?)(?:,\s*\[|\s+[—–-]\s+|\s*\[|\s+\(|\t|\s+){_STAMP}[\])]?\s?:?"
)
_VOICE = re.compile(r"<v(?:\.[\w.]+)?\s+(?P<label>[^<>]{1,60})>(?P<words>.*?)(?:</v>)?")
_TAG = re.compile(
    r"/?(?:b|i|u|p|a|br|em|hr|h\d|li|ul|ol|td|tr|div|span|code|pre|strong|table)\b", re.I
)


_WORDS = re.compile(r"[^\W\d_][^:：\d]*\Z")
"""A line that begins with a letter, and has neither a colon nor a number: no stamp, and no mark."""

MOST_ALONE = 60


def cleaned(line: str) -> str:
    """Give the line without what programs put around it unseen: marks of direction, and spaces that
    do not break."""
    return line.translate(_SPACES).strip().lstrip("\u200e\u200f\u202a\u202b\u202c\ufeff").strip()


_SPACES = {0x202F: " ", 0xA0: " "}


def head_of(line: str) -> Head | None:
    """Read a cleaned line; None when it only has words."""
    if _WORDS.match(line):
        return None if len(line) > MOST_ALONE else _alone(line)
    for form, pattern in _STRONG:
        if match := pattern.fullmatch(line):
            label = match["label"].strip().rstrip(",")
            if form is Form.ANGLED:
                label = label.lstrip("@+%&~!")
                if _TAG.match(label):
                    continue
            if form is Form.STAMP_BEHIND and not _callable(label):
                continue
            return Head(form, label, match.groupdict().get("words") or "")
    if _ONLY_STAMP.fullmatch(line):
        return Head(Form.STAMPED, None, "")
    if match := _EVENT.fullmatch(line):
        return Head(Form.STAMPED, None, match["words"])
    return _marked(line) or _plain(line) or _alone(line)


_STRONG = (
    (Form.VOICE, _VOICE),
    (Form.COLUMNS, _COLUMNS),
    (Form.ANGLED, _ANGLED),
    (Form.STAMPED, _STAMPED),
    (Form.STAMPED, _STAMP_INSIDE),
    (Form.STAMP_BEHIND, _STAMP_BEHIND),
)


def _callable(label: str) -> bool:
    """Whether somebody may be called so. Where a time stands beside it more is taken for a name
    than before a bare colon."""
    return bool(role_of(label)) or is_name(label) or is_nick(label)


def _marked(line: str) -> Head | None:
    if match := _MARKED.fullmatch(line):
        label = match["label"].strip()
        if role_of(label):
            return Head(Form.ROLE, label, match["words"])
        return Head(Form.MARKED, label, match["words"]) if _person(label) else None
    if (match := _HEADING.fullmatch(line)) and _callable(match["label"]):
        return Head(Form.HEADING, match["label"])
    if (match := _SAID.fullmatch(line)) and _callable(match["label"]):
        return Head(Form.SAID, match["label"])
    if (match := _BRACKETED.fullmatch(line)) and _person(match["label"].strip()):
        return Head(Form.BRACKETED, match["label"].strip(), match["words"])
    return None


def _plain(line: str) -> Head | None:
    if match := _WITH_ROLE.fullmatch(line):
        label = match["label"].strip()
        if _person(label):
            form = Form.PLAIN if is_name(label) else Form.LOWER
            return Head(form, label, match["words"] or "")
    match = _PLAIN.fullmatch(line)
    if match is None:
        return None
    label, words = match["label"].strip(), match["words"] or match["wide"] or ""
    if role_of(label):
        return Head(Form.ROLE, label, words)
    if is_field(label):
        return None
    if is_numbered_speaker(label) or is_name(label):
        return Head(Form.PLAIN, label, words)
    return Head(Form.LOWER, label, words) if is_nick(label) and not words.startswith("//") else None


def _alone(line: str) -> Head | None:
    """A name on a line of its own, perhaps in bold; no sentence ends so."""
    label = line.strip("*_ ").rstrip(":")
    if len(line) > MOST_ALONE or line.endswith((".", "!", "?", "…", ",")) or not label:
        return None
    return Head(Form.ALONE, label) if role_of(label) or is_name(label) else None


def _person(label: str) -> bool:
    return not is_field(label) and (is_name(label) or is_nick(label) or role_of(label) is not None)
