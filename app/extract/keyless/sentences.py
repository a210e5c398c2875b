"""Split a message into the sentences of its prose, each with its place, and the notes about
attachments.

Every scan is one pass over bounded text, so a hostile message costs time in proportion to its
length and no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.rules.word_lists import word_set

MAX_MESSAGE_CHARS = 20_000
"""What a person types fits well inside; text beyond it is a paste and is not read."""
MAX_SENTENCE_CHARS = 600
"""A longer run without a full stop is not something a person said in one breath; it is left out
whole.
"""

_ABBREVIATIONS = word_set(
    "mr mrs ms dr prof st sr jr vs etc e.g i.e eg ie approx no inc ltd co dept est fig vol bzw ca "
    "z.b d.h usw"
)
_CLOSERS = "\"'”’)]»"
_ENDERS = ".!?…。！？"
_FULLWIDTH_ENDERS = "。！？"
_LIST_MARK = re.compile(r"[ \t]{0,40}(?:[-*•+‣–]|\d{1,3}[.)]|#{1,6})[ \t]+")
_NOTE = re.compile(r"\[([^\[\]\n]{1,500})\]\s{0,20}\Z")
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as it stands in the message, at ``content[start : start + len(text)]``."""

    text: str
    start: int

    @property
    def is_question(self) -> bool:
        """Whether its closing marks hold a question mark."""
        tail = _EMOJI.sub("", self.text[-12:]).rstrip(_CLOSERS + ") :;-")
        return "?" in tail[-4:] or tail.endswith("？")


def note_at_end(content: str) -> tuple[str, int] | None:
    """Give the text of a bracketed note that ends the message, and where its bracket opens; None
    when there is none."""
    tail_start = max(len(content) - 600, 0)
    found = _NOTE.search(content, tail_start)
    return (found.group(1).strip(), found.start()) if found else None


def sentences(content: str, spans: list[tuple[int, int]]) -> list[Sentence]:
    """Give the sentences inside ``spans`` (start, stop) of ``content``, in order.

    A line's end closes a sentence, as do full stops, exclamation and question marks that are
    followed by space; those of abbreviations, initials and numbers do not.
    """
    found: list[Sentence] = []
    for start, stop in spans:
        mark = _LIST_MARK.match(content, start, stop)
        begin = mark.end() if mark else start
        for a, b in _cuts(content, begin, stop):
            text = content[a:b]
            stripped = text.strip()
            if stripped and len(stripped) <= MAX_SENTENCE_CHARS:
                found.append(Sentence(stripped, a + text.index(stripped[0])))
    return found


def _cuts(content: str, start: int, stop: int) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    begin = position = start
    while position < stop:
        if content[position] not in _ENDERS:
            position += 1
            continue
        end = position + 1
        while end < stop and content[end] in _ENDERS + _CLOSERS:
            end += 1
        if _closes(content, begin, position, end, stop):
            cuts.append((begin, end))
            begin = end
        position = end
    if begin < stop:
        cuts.append((begin, stop))
    return cuts


def _closes(content: str, begin: int, mark: int, end: int, stop: int) -> bool:
    """Whether the marks at ``mark`` to ``end`` close the sentence that began at ``begin``."""
    if content[mark] in _FULLWIDTH_ENDERS:
        return True
    if end < stop and not (content[end].isspace() or _EMOJI.match(content, end)):
        return False
    if content[mark] != "." or end - mark > 1:
        return True
    before = content[max(begin, mark - 12) : mark].split()
    word = before[-1].lower().lstrip("(\"'") if before else ""
    if word in _ABBREVIATIONS:
        # "etc." before a capital ends the sentence all the same.
        return word == "etc" and content[end : end + 2].strip()[:1].isupper()
    is_initial = len(word) == 1 and word.isalpha() and word != "i"
    return not is_initial


_HEART = re.compile(
    r"(?<=\w )[\u2764\u2665\U0001f493-\U0001f49f\U0001f9e1\U0001f90d\U0001f90e\U0001fa77]"
    r"\ufe0f?(?= \w)"
)
_FOR_A_WORD = re.compile(
    r"\b(?:an?|the|my|our|in|to|of|from|for|at|with|is|am|are|eat|hate|like|love|want|and)\s+"
    r"(?:[\U0001f1e6-\U0001f1ff]{2}|[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff])"
)


def in_words(text: str) -> str:
    """Give the text without pictographs; nothing where one stands for a word that is not known,
    such as a flag for a country."""
    spoken = _HEART.sub("love", text)
    return "" if _FOR_A_WORD.search(spoken) else without_emoji(spoken)


def without_emoji(text: str) -> str:
    """Give the text without pictographs and with single spaces."""
    return _BEFORE_MARK.sub("", " ".join(_EMOJI.sub(" ", text).split()))


_BEFORE_MARK = re.compile(r" (?=[.,!?;:](?:\s|\Z))")
