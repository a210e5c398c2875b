"""Recognise context that we served: fence it on its way out, and remove it when it comes back in a
transcript, so that no memory is learned again from its own echo."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import replace

from app.rules.context_block import NOTHING_KNOWN
from app.rules.types import Transcript

_FINGERPRINT_BYTES = 10
_PURPOSE = b"smara context block 1"

_UNSEEN = "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\\s]"
# What a reader, or a model, could take for the opening of our tag.
_TAG_LIKE = re.compile(
    rf"[<＜﹤‹〈⟨](?={_UNSEEN}{{0,8}}[/／⁄∕]?{_UNSEEN}{{0,8}}"
    + rf"{_UNSEEN}{{0,4}}".join(f"[{c}{c.upper()}{chr(ord(c) + 0xFEE0)}]" for c in "memories")
    + ")"
)

_MARKERS = r"[ \t]*+(?:(?:[>*+•–|#-]|\d{1,3}[.)])[ \t]*+)*+"
_NUMBER = r"[\d.eE+-]{1,12}"
# The head of a served line, with the white space that chat clients change on the way.
_HEAD = re.compile(
    rf"\[\d{{1,6}}\]\s{{0,2}}\(importance:\s{{0,2}}{_NUMBER},\s{{0,2}}decay:\s{{0,2}}{_NUMBER}"
    r",\s{0,2}source:"
)
_ONLY_MARKERS = re.compile(_MARKERS)
_NUMBERED = re.compile(r"\[\d{1,6}(?:\]|$)")
_FIGURES = re.compile(r"\d[\d.eE+-]{0,11}")
_PLAIN_HEAD = "[#](importance:#,decay:#,source:"
_SURE_CUT = len("[#](importance:#")
_CUT_MARKS = ("…", "...")
_HEAD_MAX_CHARS = 80
"""No line's head, up to its source, is longer."""

_OPENING = re.compile(r"<memories\s{1,3}fingerprint=\\?\"[^\"\n<>]{0,128}\"\s{0,3}>")
_CLOSING = "</memories>"


def fingerprint(lines: Sequence[str], secret: bytes) -> str:
    """Compute 16 characters (80 bits of HMAC-SHA-256, base 32) by which a server recognises its own
    block.

    They are the same for a line before and after ``fenced`` has made it safe. Raises ValueError
    without a secret.
    """
    if not secret:
        raise ValueError("a fingerprint needs a secret")
    digest = hmac.new(secret, _PURPOSE, hashlib.sha256)
    for line in lines:
        encoded = _unforgeable(line).encode()
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return base64.b32encode(digest.digest()[:_FINGERPRINT_BYTES]).decode().lower()


def fenced(block: str, fingerprint: str) -> str:
    """Put ``block`` between a line that opens the fence and one that closes it.

    Wherever the block itself holds a "<" that begins "memories" or "/memories", in any case, width
    or spacing and through invisible characters, it becomes "&lt;": no fact can close the fence or
    open another. Everything else stays as it is. Raises ValueError for a fingerprint that is not
    letters and digits.
    """
    if not (fingerprint.isascii() and fingerprint.isalnum()):
        raise ValueError("a fingerprint is ASCII letters and digits")
    return f'<memories fingerprint="{fingerprint}">\n{_unforgeable(block)}\n{_CLOSING}'


def without_served(text: str) -> tuple[str, int]:
    """Remove the context that we served from ``text``; gives the rest and the number of lines that
    held some.

    A fenced block is removed as a whole; so is each line that is a served one, also when it is
    indented, quoted, in a list, or cut off at the end of the text. Where a served line is behind
    other words, those words stay. A fence that is never closed removes only its own line and the
    served lines: whoever forges one hides nothing but that. Everything else stays byte for byte.
    """
    if "[" not in text and "<" not in text and NOTHING_KNOWN not in text:
        return text, 0
    unfenced, taken = _without_fences(text)
    kept, more = _without_lines(unfenced)
    return kept, taken + more


def transcript_without_served(transcript: Transcript) -> Transcript:
    """Remove the served context from each message of a transcript. Indexes stay: a message may
    become empty."""
    return replace(
        transcript,
        messages=tuple(
            replace(message, content=without_served(message.content)[0])
            for message in transcript.messages
        ),
    )


def _unforgeable(text: str) -> str:
    return _TAG_LIKE.sub("&lt;", text)


def _without_fences(text: str) -> tuple[str, int]:
    """Remove closed fences, with the markers before and the line end after where nothing else is on
    their lines."""
    parts: list[str] = []
    at = taken = 0
    while opening := _OPENING.search(text, at):
        close = text.find(_CLOSING, opening.end())
        if close < 0:
            break
        start, stop = opening.start(), close + len(_CLOSING)
        line_start = max(text.rfind("\n", at, start) + 1, at)
        taken += text.count("\n", start, stop) + 1
        if _ONLY_MARKERS.fullmatch(text, line_start, start):
            start = line_start
            stop = _line_end_after(text, stop)
        parts.append(text[at:start])
        at = stop
    return "".join(parts) + text[at:], taken


def _line_end_after(text: str, at: int) -> int:
    """Give the place behind the line end that follows ``at`` with nothing but blanks between;
    otherwise ``at``."""
    end = at
    while end < len(text) and text[end] in " \t\r":
        end += 1
    if end == len(text):
        return end
    return end + 1 if text[end] == "\n" else at


def _without_lines(text: str) -> tuple[str, int]:
    lines = text.splitlines(keepends=True)
    last = max((n for n, line in enumerate(lines) if line.strip()), default=-1)
    kept: list[str] = []
    taken = 0
    after_served = False
    for number, line in enumerate(lines):
        rest = _rest_of(line, after_served=after_served, is_last=number == last)
        if rest is None:
            kept.append(line)
            after_served = after_served and not line.strip()
        else:
            kept.append(rest)
            taken += 1
            after_served = True
    return "".join(kept), taken


def _rest_of(line: str, *, after_served: bool, is_last: bool) -> str | None:
    """Give what is left of a line that holds served text; None for a line that holds none."""
    head = _HEAD.search(line)
    if head:
        before = line[: head.start()]
        if _ONLY_MARKERS.fullmatch(before):
            return ""
        return before + line[len(line.rstrip("\r\n")) :]
    markers = _ONLY_MARKERS.match(line)
    words = line[markers.end() if markers else 0 :].strip()
    if words == NOTHING_KNOWN or _OPENING.fullmatch(words):
        return ""
    if words == _CLOSING and after_served:
        return ""
    return "" if _is_cut_off(words, after_served=after_served, is_last=is_last) else None


def _is_cut_off(words: str, *, after_served: bool, is_last: bool) -> bool:
    """Whether a line is the beginning of a served one: at the end of the text, or where a cut is
    marked. "[2]" or "[2] (i" alone count only behind a served line: they may be anyone's."""
    marked = words.endswith(_CUT_MARKS)
    if not (is_last or marked) or len(words) > _HEAD_MAX_CHARS or not words.startswith("["):
        return False
    for mark in _CUT_MARKS:
        words = words.removesuffix(mark)
    plain = _FIGURES.sub("#", "".join(words.split()))
    if not plain or not _PLAIN_HEAD.startswith(plain):
        return False
    return after_served or len(plain) >= _SURE_CUT
