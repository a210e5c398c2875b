"""Send a conversation that has ended, and wait for its receipt.

python -m examples.ingest
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"

CHAT = [
    {"role": "user", "content": "I moved to Lisbon last month. I am allergic to peanuts."},
    {"role": "assistant", "content": "Noted. How do you like the city?"},
    {"role": "user", "content": "I love it. My sister Eva lives in Lisbon too."},
]


def main() -> None:
    """Send the chat, then show what became of each fact and where it was said."""
    with Smara() as client:
        handle = client.ingest(USER, CHAT, occurred_at=datetime(2026, 4, 2, 10, 0, tzinfo=UTC))
        print(f"accepted: {handle.status}")  # It is committed; you could stop here.

        conversation = handle.wait(timeout=60)
        assert conversation.receipt is not None  # There is one when it is done.
        for fact in conversation.receipt.facts:
            print(f"{fact.action} [{fact.importance}] {fact.fact}")
            print(f'    said in message {fact.message_indexes}: "{fact.quote}"')


if __name__ == "__main__":
    environment.require()
    main()
