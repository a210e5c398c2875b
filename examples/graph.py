"""Graph: connect memories, and follow the connections.

python -m examples.graph
"""

from __future__ import annotations

from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"


def main() -> None:
    """Connect three memories and walk from the first one to the last."""
    with Smara() as client:
        home = client.store(USER, "Lives in Lisbon")
        search = client.store(USER, "Is looking for a larger flat")
        dogs = client.store(USER, "Has two dogs")

        client.graph.connect(home.id, search.id, "context_for", 0.9)
        client.graph.connect(dogs.id, search.id, "constrains")

        walk = client.graph.traverse(home.id, depth=2)
        for node in walk.nodes:
            assert node.edge is not None
            print(f"{node.depth} step(s), {node.edge.relationship_type}: {node.fact}")

        # A replaced memory hands its edges on, so a change of mind does not tear the graph.
        moved = client.store(USER, "Lives in Porto")
        print(f"{moved.action}: {[node.fact for node in client.graph.related(moved.id).related]}")


if __name__ == "__main__":
    environment.require()
    main()
