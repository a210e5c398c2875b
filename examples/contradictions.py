"""Duplicates and contradictions: store what you hear, and the service finds them.

python -m examples.contradictions
"""

from __future__ import annotations

from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"


def main() -> None:
    """Say one thing twice, then something that contradicts it, and restore the old fact."""
    with Smara() as client:
        for fact in ("Lives in Lisbon", "Lives in Lisbon.", "Lives in Porto"):
            result = client.store(USER, fact)
            print(f"{result.action:<9}  {fact}")

        # The retired memory is kept: it says by what it was replaced, and can be restored.
        current = client.get(result.id)
        for old in current.versions:
            print(f"before: {old.fact}")
        for event in current.history:
            print(f"history: {event.action} ({event.reason})")

        client.restore(current.versions[0].id)
        print("live again:", sorted(memory.fact for memory in client.list(USER)))


if __name__ == "__main__":
    environment.require()
    main()
