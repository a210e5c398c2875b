"""Semantic search: the memories that answer a question, whatever words they use.

python -m examples.semantic_search
"""

from __future__ import annotations

from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"


def main() -> None:
    """Search a few facts and show the figures behind the order."""
    with Smara() as client:
        client.store_many(
            [
                {"fact": "Runs her databases on Hetzner machines", "importance": 0.8},
                {"fact": "Deploys with Terraform", "importance": 0.6},
                {"fact": "Drinks her coffee black", "importance": 0.3},
            ],
            user_id=USER,
        )

        for memory in client.search(USER, "How does she run her servers?", limit=2):
            print(f"{memory.score:.3f}  {memory.fact}")
            print(f"       similarity {memory.similarity:.3f}, retention {memory.decay_score:.3f}")


if __name__ == "__main__":
    environment.require()
    main()
