"""smara.wrap: a Claude client that remembers, with the rest of the program unchanged.

python -m examples.wrapped
"""

from __future__ import annotations

import os
from uuid import uuid4

import anthropic
import smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"
MODEL = os.environ.get("MODEL", "claude-haiku-5-5")


def ask(claude: anthropic.Anthropic, message: str) -> str:
    """Give Claude's answer to one message, with nothing said before it."""
    answer = claude.messages.create(
        model=MODEL, max_tokens=500, messages=[{"role": "user", "content": message}]
    )
    return "".join(block.text for block in answer.content if block.type == "text")


def main() -> None:
    """Run two chats that know each other only by memory."""
    with smara.Smara() as memory, anthropic.Anthropic() as bare:
        claude = smara.wrap(bare, user_id=USER, memory=memory)
        print("1:", ask(claude, "I am vegetarian. Suggest a dinner."))

        claude.flush(30)  # type: ignore[attr-defined] # Wait until the turn has been sent,
        for conversation in memory.conversations.list(user_id=USER):
            memory.conversations.wait(conversation.id)  # and read.

        print("known:", [known.fact for known in memory.list(USER)])
        print("2:", ask(claude, "What shall I order at the restaurant tonight?"))


if __name__ == "__main__":
    environment.require("ANTHROPIC_API_KEY")
    main()
