"""Importance and half-lives: what fades slowly, and what fades fast.

python -m examples.importance
"""

from __future__ import annotations

from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"

FACTS = [
    ("Is allergic to penicillin", 1.0),  # Matters whenever it comes up.
    ("Is preparing a talk for the spring conference", 0.7),  # Matters for weeks.
    ("Was late for the stand-up this morning", 0.2),  # Hardly matters tomorrow.
]


def main() -> None:
    """Store three facts of different importance and show the half-life of each."""
    with Smara() as client:
        for fact, importance in FACTS:
            client.store(USER, fact, importance=importance)

        found = client.search(USER, "What should I know about her?", explain=True)
        for memory in sorted(found, key=lambda memory: -memory.importance):
            assert memory.explain is not None  # It is there because we asked for it.
            days = memory.explain.half_life_days
            print(f"importance {memory.importance}: half-life {days:g} days: {memory.fact}")


if __name__ == "__main__":
    environment.require()
    main()
