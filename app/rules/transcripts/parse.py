"""Parse transcripts as people copy them out of programs into messages: who said what.

What in a labelled text is nobody's (dates, "Ana joined", lines before the first name) is never the
user's. A text without labels is the user's own note.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

from app.rules.transcripts.labels import compared, role_of
from app.rules.transcripts.lines import WEAK, Form, Head, cleaned, head_of
from app.rules.transcripts.mails import as_mails
from app.rules.transcripts.subtitles import without_cues
from app.rules.types import Message, Role


class UnknownLabels(ValueError):
    """Lines name their speakers in a form that is not known."""

    def __init__(self, seen: Sequence[str]) -> None:
        shown = " and ".join(f'"{label}"' for label in seen[:2])
        super().__init__(
            f"has lines that begin with {shown}, a form of naming speakers that is not known; send "
            'lines such as "Name: words", or messages, or set transcript_format to "plain" if '
            "nobody is named there"
        )


class NobodyOfThatName(ValueError):
    """``user_speaker`` is no speaker of the transcript."""

    def __init__(self, wanted: str, speakers: Sequence[str]) -> None:
        names = ", ".join(speakers[:10]) or "nobody"
        super().__init__(f"has no speaker {wanted!r}; its speakers are: {names}")


Turn: TypeAlias = tuple[Role, str | None, list[str]]
"""Who speaks, in which role, and their lines."""


def parse_transcript(
    text: str, *, user_speaker: str | None = None, plain: bool = False
) -> list[Message]:
    """Parse a transcript into one message a turn; a line without a name goes on with the one before
    it.

    User, Human, Me and the like are the user, and so is ``user_speaker``; Assistant, AI, Bot and
    the like the assistant; Tool, Observation and the like a tool; any other name is a speaker of
    that name, in the user's role. ``plain`` says that nobody is named: every line is the user's.
    Raises UnknownLabels and NobodyOfThatName.
    """
    lines = [line for line in map(cleaned, _lines(text)) if line]
    if plain:
        return [Message("user", line) for line in lines]
    turns = as_mails(lines)
    if turns is None:
        heads = _with_times_below([head_of(line) for line in lines])
        forms = _forms_in_force(heads, lines)
        if not forms:
            _refuse_unknown(lines)
            turns = [("user", None, [line]) for line in lines]
        else:
            turns = _turns(lines, heads, forms)
    return _messages(turns, user_speaker)


def _lines(text: str) -> list[str]:
    return without_cues(text.splitlines())


def _with_times_below(heads: Sequence[Head | None]) -> list[Head | None]:
    """Take a name on a line of its own, with a time alone on the next, for one head."""
    found = list(heads)
    for n, (head, below) in enumerate(pairwise(heads)):
        if head and below and head.form is Form.ALONE and below.label is None and not below.words:
            found[n] = replace(head, form=Form.STAMP_BEHIND)
    return found


def _forms_in_force(heads: Sequence[Head | None], lines: Sequence[str]) -> frozenset[Form]:
    """Decide in which forms this text names its speakers."""
    labels: dict[Form, Counter[str]] = {}
    for head in heads:
        if head is not None and head.label is not None:
            labels.setdefault(head.form, Counter())[compared(head.label)] += 1
    forms: set[Form] = {form for form in labels if form not in WEAK | {Form.HEADING}}
    for form in WEAK & labels.keys():
        if _enough(form, labels[form], len(lines)):
            forms.add(form)
    if any(role_of(label) for label in labels.get(Form.HEADING, ())):
        forms.add(Form.HEADING)
    return frozenset(forms)


def _enough(form: Form, labels: Counter[str], lines: int) -> bool:
    """Whether a weak form is there often enough to be meant so."""
    number = labels.total()
    match form:
        case Form.ALONE:
            roles = sum(1 for label in labels if role_of(label))
            again = sum(1 for times in labels.values() if times > 1)
            return (roles > 1 and roles == len(labels)) or (again > 1 and again == len(labels))
        case Form.LOWER:
            return number > 1 and len(labels) > 1 and 2 * number >= lines
        case Form.BRACKETED | Form.MARKED:
            return number > 1 and len(labels) > 1
        case _:
            return number > 1


def _turns(
    lines: Sequence[str], heads: Sequence[Head | None], forms: frozenset[Form]
) -> list[Turn]:
    turns: list[Turn] = []
    events = bool(forms & {Form.STAMPED, Form.ANGLED, Form.COLUMNS})
    for line, head in zip(lines, heads, strict=True):
        if head is not None and head.form in forms and head.label is not None:
            role = role_of(head.label)
            turns.append((role or "user", None if role else head.label, [head.words]))
            continue
        if head is not None and head.label is None and not (head.words and not events):
            # An event of the program, or a time alone between two lines of one speaker.
            if head.words:
                turns.append(("system", None, [head.words]))
            continue
        if turns:
            turns[-1][2].append(line)
        else:
            turns.append(("system", None, [line]))
    return turns


def _messages(turns: Sequence[Turn], user_speaker: str | None) -> list[Message]:
    wanted = compared(user_speaker) if user_speaker else None
    messages = []
    found = wanted is None
    for role, name, lines in turns:
        if name is not None and compared(name) == wanted:
            name, found = None, True
        if content := "\n".join(lines).strip():
            messages.append(Message(role, content, name))
    if not found:
        assert user_speaker is not None, "somebody is wanted"
        names = list(dict.fromkeys(name for _, name, _ in turns if name))
        raise NobodyOfThatName(user_speaker, names)
    return messages


_UNKNOWN = re.compile(
    r"(?P<label>[@#~]?[\w.+-]{1,24}(?: [\w.]{1,20})?)\s?(?P<mark>>{1,2}|\||»|~|=>|->|::)\s?\S.*"
)
"""Something that may name a speaker, before a mark. A table of Markdown begins with the mark."""


def _refuse_unknown(lines: Sequence[str]) -> None:
    found = [match for line in lines if (match := _UNKNOWN.fullmatch(line))]
    for mark, number in Counter(match["mark"] for match in found).items():
        labels = [match["label"] for match in found if match["mark"] == mark]
        if number > 1 and len(set(labels)) > 1 and 2 * number >= len(lines):
            raise UnknownLabels([f"{label}{mark}" for label in dict.fromkeys(labels)])
