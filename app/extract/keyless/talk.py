"""One message in its conversation → facts: who speaks to whom, which question it answers, what
belongs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.extract.keyless import importance as kinds
from app.extract.keyless import smalltalk
from app.extract.keyless.dates import absolute, with_day_noted
from app.extract.keyless.english import Speakers, clauses, said_form, statement
from app.extract.keyless.foreign import foreign_statements
from app.extract.keyless.language import Language, language_of
from app.extract.keyless.notes import note_statement
from app.extract.keyless.person import has_first_person, third_person
from app.extract.keyless.prose import prose_spans
from app.extract.keyless.questions import importance_of_answer, wants_a_value, yes_or_no
from app.extract.keyless.sentences import (
    MAX_MESSAGE_CHARS,
    Sentence,
    in_words,
    note_at_end,
    sentences,
    without_emoji,
)
from app.rules.types import Fact, Transcript, Window

MAX_FACTS_PER_MESSAGE = 12
MAX_FACT_CHARS = 420
"""A few sentences that lean on one another; longer ones say too many things for one memory."""
MAX_QUESTION_CHARS = 160

_LEANS = re.compile(
    r"(?:it|he|she|they|this|that|these|those|his|her|their|its|there|here|both|one|some"
    r"|another)(?:['’]\w{1,2})?\b",
    re.I,
)
_TOO = re.compile(r"\b(I|we), too,", re.I)
_HYPOTHETICAL = re.compile(
    r"if (?:i|we) (?:were|had|was|could)\b|(?:what|imagine) if\b|suppose\b", re.I
)
_COMPANY = re.compile(
    r"\b(?:with |and )?(?:my|our|the) ((?:\w+ ){0,1}(?:family|fam|wife|husband|partner|girlfriend"
    r"|boyfriend|fianc[ée]e?|kids|children|son|daughter|parents|friends|friend|team|colleagues"
    r"|coworkers|brother|sister|mom|mum|dad|wife and kids|husband and kids))\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A fact in the making. ``start`` and ``stop`` are its quote's place in the message."""

    text: str
    said: str
    start: int
    stop: int
    starts_at: datetime | None
    with_question: bool = False
    importance: float | None = None
    quarantine_reason: str | None = None


class Talk:
    """The window's people, looked up once: their names, languages and whether an assistant takes
    part.
    """

    def __init__(self, transcript: Transcript, window: Window) -> None:
        self._transcript = transcript
        self._first = window.start
        spoken = transcript.messages[window.start : window.stop]
        self._names = sorted({m.name for m in spoken if m.role == "user" and m.name})
        self._assisted = len(self._names) < 2 or any(m.role == "assistant" for m in spoken)
        said: dict[str | None, list[str]] = {}
        for message in spoken:
            if message.role == "user":
                said.setdefault(message.name, []).append(message.content[:500])
        self._languages = {
            name: language_of(" ".join(parts)[:4_000]) for name, parts in said.items()
        }

    def facts_of(self, index: int, end: int = MAX_MESSAGE_CHARS) -> list[Fact]:
        """The facts that the user message at ``index`` states before ``end``, in its order, at most
        MAX_FACTS_PER_MESSAGE.
        """
        message = self._transcript.messages[index]
        content = message.content[: min(end, MAX_MESSAGE_CHARS)]
        note = note_at_end(content)
        spoken = content[: note[1]] if note else content
        language = language_of(spoken, self._languages.get(message.name, "en"))
        drafts = (
            self._english(index, spoken)
            if language == "en"
            else self._foreign(index, spoken, language)
        )
        facts = [self._fact(index, draft) for draft in drafts[:MAX_FACTS_PER_MESSAGE]]
        if note:
            facts.extend(self._note_fact(index, note[0], note[1], content))
        return facts

    # English.

    def _english(self, index: int, content: str) -> list[_Draft]:
        drafts: list[_Draft] = []
        who = self._speakers(index, content)
        question = self._question_before(index)
        answered = False
        for sentence in sentences(content, prose_spans(content)):
            if (
                sentence.is_question
                or smalltalk.holds_secret(sentence.text)
                or smalltalk.is_polite(sentence.text)
            ):
                continue
            own = self._english_drafts(index, sentence, who)
            if own:
                answered = True
                drafts.extend(own)
            else:
                draft = self._leaning(index, sentence, who, drafts, None if answered else question)
                if draft is None:
                    continue
                answered = True
                if drafts and draft.start == drafts[-1].start:
                    drafts[-1] = draft
                else:
                    drafts.append(draft)
        if not drafts and question is not None:
            drafts = self._yes_or_no(index, content, who, question)
        return drafts

    def _english_drafts(self, index: int, sentence: Sentence, who: Speakers) -> list[_Draft]:
        """One draft for each clause in which the speaker speaks of themselves."""
        said = self._bare(index, sentence.text)
        drafts: list[_Draft] = []
        for clause in clauses(said):
            if (
                smalltalk.is_empty(clause)
                or _HYPOTHETICAL.match(clause)
                or (self._assisted and smalltalk.is_task(clause))
            ):
                continue
            dated = absolute(clause, self._transcript.said_at(index))
            text = statement(dated.text, who)
            if text is None or (text.startswith(f"{who.name} said: ") and _LEANS.match(clause)):
                continue
            stop = sentence.start + len(sentence.text)
            importance = kinds.importance_of(clause)
            drafts.append(
                _Draft(
                    _closed(text),
                    clause,
                    sentence.start,
                    stop,
                    dated.starts_at,
                    importance=importance,
                )
            )
        return drafts

    def _leaning(
        self,
        index: int,
        sentence: Sentence,
        who: Speakers,
        drafts: list[_Draft],
        question: str | None,
    ) -> _Draft | None:
        """A sentence without "I" or "my": part of the fact before it, an answer to a question, or,
        between two people, something that the speaker said."""
        said = self._bare(index, sentence.text)
        if question is not None and wants_a_value(question):
            empty = not smalltalk.is_answer(said)
        else:
            empty = smalltalk.is_empty(said) or smalltalk.is_verdict(said)
        if empty or _HYPOTHETICAL.match(said):
            return None
        if self._assisted and smalltalk.is_task(said):
            return None
        dated = absolute(said, self._transcript.said_at(index))
        stop = sentence.start + len(sentence.text)
        if drafts and _LEANS.match(said):
            last = drafts[-1]
            text = f"{last.text} {_closed(_third(dated.text, who))}"
            if len(text) <= MAX_FACT_CHARS:
                return replace(
                    last, text=text, stop=stop, starts_at=last.starts_at or dated.starts_at
                )
        if question is not None:
            text = f'{who.name}, asked "{question}", said: {_closed(_third(dated.text, who))}'
            importance = importance_of_answer(question)
            return _Draft(
                text,
                said,
                sentence.start,
                stop,
                dated.starts_at,
                with_question=True,
                importance=importance,
            )
        if not has_first_person(said) and (
            self._assisted or len(said.split()) < 5 or not smalltalk.is_specific(said)
        ):
            return None
        return _Draft(
            _closed(said_form(dated.text, who)), said, sentence.start, stop, dated.starts_at
        )

    def _yes_or_no(self, index: int, content: str, who: Speakers, question: str) -> list[_Draft]:
        said = content.strip()
        answer = yes_or_no(said, question)
        if answer is None:
            return []
        start = content.index(said)
        text = f'{who.name}, asked "{question}", said {answer}.'
        importance = importance_of_answer(question)
        return [
            _Draft(
                text,
                said,
                start,
                start + len(said),
                None,
                with_question=True,
                importance=importance,
            )
        ]

    def _bare(self, index: int, text: str) -> str:
        others = [name for name in self._names if name != self._transcript.messages[index].name]
        straight = in_words(text).replace("\u2019", "'")
        straight = _TOO.sub(r"\1 too", straight)
        return smalltalk.without_vocative(smalltalk.without_openers(straight, others), others)

    def _speakers(self, index: int, content: str) -> Speakers:
        name = self._transcript.messages[index].name or "User"
        others = [n for n in self._names if n != name]
        you = "the assistant" if self._assisted else others[0] if len(others) == 1 else None
        company = _COMPANY.search(content[:2_000])
        return Speakers(
            name, you, f"{name} and their {company.group(1).lower()}" if company else None
        )

    def _question_before(self, index: int) -> str | None:
        """The question that the message before asks last, if another person or the assistant asked
        it.
        """
        if index <= self._first:
            return None
        before, now = self._transcript.messages[index - 1], self._transcript.messages[index]
        if before.role not in ("user", "assistant") or (
            before.role == now.role and before.name == now.name
        ):
            return None
        tail = before.content[-1_000:]
        asked = [s for s in sentences(tail, [(0, len(tail))]) if s.is_question]
        if not asked or len(asked[-1].text) > MAX_QUESTION_CHARS:
            return None
        names = [n for n in self._names if n != before.name]
        bare = smalltalk.without_vocative(
            smalltalk.without_openers(without_emoji(asked[-1].text), names), names
        )
        return bare.replace('"', "'") if len(bare.split()) > 1 else None

    # Other languages.

    def _foreign(self, index: int, content: str, language: Language) -> list[_Draft]:
        name = self._transcript.messages[index].name or "User"
        drafts: list[_Draft] = []
        for sentence in sentences(content, prose_spans(content)):
            if sentence.is_question or smalltalk.holds_secret(sentence.text):
                continue
            dated = with_day_noted(
                without_emoji(sentence.text).replace("\u2019", "'"),
                self._transcript.said_at(index),
                language,
            )
            stop = sentence.start + len(sentence.text)
            drafts.extend(
                _Draft(
                    found.text,
                    sentence.text,
                    sentence.start,
                    stop,
                    dated.starts_at,
                    importance=found.importance,
                    quarantine_reason=found.quarantine_reason,
                )
                for found in foreign_statements(dated.text, name, language)
            )
        return drafts

    # Facts.

    def _fact(self, index: int, draft: _Draft) -> Fact:
        message = self._transcript.messages[index]
        said_at = self._transcript.said_at(index)
        starts_at = (
            draft.starts_at
            if draft.starts_at is not None and draft.starts_at <= said_at
            else said_at
        )
        return Fact(
            text=draft.text,
            importance=draft.importance
            if draft.importance is not None
            else _importance(draft.said),
            message_indexes=(index, index - 1) if draft.with_question else (index,),
            quote=message.content[draft.start : draft.stop],
            valid_from=starts_at,
            about=message.name or "User",
            quarantine_reason=draft.quarantine_reason,
        )

    def _note_fact(self, index: int, note: str, start: int, content: str) -> Iterable[Fact]:
        message = self._transcript.messages[index]
        name = message.name or "User"
        text = note_statement(note, name)
        if text is None:
            return
        yield Fact(
            text=_closed(text[:MAX_FACT_CHARS]),
            importance=kinds.PASSING,
            message_indexes=(index,),
            quote=content[start:].strip(),
            valid_from=self._transcript.said_at(index),
            about=name,
        )


def _importance(said: str) -> float:
    return kinds.importance_of(said) if has_first_person(said) else kinds.PASSING


def _third(said: str, who: Speakers) -> str:
    return third_person(said, who.name, you=who.you, we=who.we)


def _closed(text: str) -> str:
    """With a mark at its end."""
    text = text.rstrip(" ,;:-–—")
    return text if text.endswith((".", "!", "?", "…", '."', "。", "！")) else f"{text}."
