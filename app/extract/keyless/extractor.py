"""The built-in extractor: statements that people make about themselves, found by rules of language.

It reads sentence by sentence and understands nothing: it misses irony, quotation and hints. It is
there so that everything works before a key is set, and says so in ``version``.
"""

from __future__ import annotations

from dataclasses import replace

from app.concurrency import off_loop
from app.extract.keyless.corrections import corrected, is_correction
from app.extract.keyless.play import own_words_end, plays_after
from app.extract.keyless.talk import Talk
from app.rules.types import Estimate, Extraction, Fact, Message, Transcript, Usage, Window

MODEL = "rules-1"


class RulesExtractor:
    """Draws facts by rules: no key, no network, the same answer every time."""

    model = MODEL
    version = MODEL

    def estimate(self, transcript: Transcript, window: Window) -> Estimate | None:
        """Give None: the rules run here."""
        return None

    async def extract(self, transcript: Transcript, window: Window) -> Extraction:
        """Give the facts of the window's fresh messages. Never fails. Each message costs
        milliseconds, so it is done off the event loop."""
        facts = await off_loop(draw_facts, transcript, window)
        return Extraction(tuple(facts), Usage(provider="rules", model=MODEL))


def draw_facts(transcript: Transcript, window: Window) -> list[Fact]:
    """Draw what the people in the window's fresh user messages say of themselves, in the order in
    which they say it.

    Messages of other roles and messages before ``fresh_from`` are context only: an answer may need
    its question.
    """
    talk = Talk(transcript, window)
    facts: list[Fact] = []
    played: set[str | None] = set()
    for index in range(window.start, min(window.stop, len(transcript.messages))):
        message = transcript.messages[index]
        if message.role != "user":
            continue
        before = message.name in played
        if index >= window.fresh_from:
            if is_correction(message.content):
                _correct(facts, message, index)
            else:
                end = own_words_end(message.content, before=before)
                facts.extend(talk.facts_of(index, end))
        if plays_after(message.content, before=before):
            played.add(message.name)
        else:
            played.discard(message.name)
    return facts


def _correct(facts: list[Fact], message: Message, index: int) -> None:
    """Let the speaker's last fact be as they now say."""
    about = message.name or "User"
    for n in range(len(facts) - 1, -1, -1):
        if facts[n].about == about:
            text = corrected(facts[n].text, message.content)
            if text is None:
                del facts[n]
            else:
                indexes = (*facts[n].message_indexes, index)
                facts[n] = replace(facts[n], text=text, message_indexes=indexes)
            return
