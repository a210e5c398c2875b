"""The built-in extractor: statements that people make about themselves, found by rules of language.

It reads sentence by sentence and understands nothing: it misses irony, quotation and hints. It is
there so that everything works before a key is set, and says so in ``version``.
"""

from __future__ import annotations

from app.concurrency import off_loop
from app.extract.keyless.talk import Talk
from app.rules.types import Estimate, Extraction, Fact, Transcript, Usage, Window

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
    for index in range(
        max(window.fresh_from, window.start), min(window.stop, len(transcript.messages))
    ):
        if transcript.messages[index].role == "user":
            facts.extend(talk.facts_of(index))
    return facts
