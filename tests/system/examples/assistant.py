"""A fake Claude that answers questions and, asked for what it has learned, gives lines."""

from __future__ import annotations

from tests.providers.server import Call, Reply
from tests.system.sdk.llms import FakeClaude

LEARNED = """Writes TypeScript | 0.7
- this line is no fact
Likes tests first | very much
Is starting a web service | 1.5"""


class Assistant(FakeClaude):
    """Knows the two kinds of call that the agent loop makes apart by their system prompts."""

    def answer(self, call: Call, kind: str | None) -> Reply:
        asked_to_learn = "importance from 0 to 1" in call.body.get("system", "")
        self.says = LEARNED if asked_to_learn else "Use a small framework."
        return super().answer(call, kind)
