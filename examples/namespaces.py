"""Namespaces and metadata: keep parts of a life apart, and filter within one.

python -m examples.namespaces
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"


def main() -> None:
    """Store in two namespaces, search in one, then narrow by metadata."""
    with Smara() as client:
        client.store(USER, "Is allergic to penicillin", namespace="health")
        client.store_many(
            [
                {"fact": "The demo is on Friday", "metadata": {"project": "atlas", "priority": 1}},
                {
                    "fact": "The budget is due",
                    "metadata": {"project": "iris", "priority": 2},
                },
            ],
            user_id=USER,
            namespace="work",
        )

        def facts(namespace: str, metadata: dict[str, Any] | None = None) -> list[str]:
            found = client.search(USER, "What is coming up?", 5, namespace, metadata=metadata)
            return sorted(memory.fact for memory in found)

        print("health:", facts("health"))
        print("work:", facts("work"))
        print("atlas:", facts("work", {"project": "atlas"}))
        print("urgent:", facts("work", {"priority": {"gte": 2}}))
        print("default:", facts("default"))


if __name__ == "__main__":
    environment.require()
    main()
