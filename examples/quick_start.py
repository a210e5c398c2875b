"""Quick start: remember one fact, then get it back as text for a prompt.

python -m examples.quick_start
"""

from __future__ import annotations

from uuid import uuid4

from smara import Smara

from examples import environment

USER = f"ada-{uuid4().hex[:8]}"  # Your own id for a person; here a new one for each run.


def main() -> None:
    """Store a fact and ask for the context of a message."""
    with Smara() as client:  # SMARA_API_KEY and SMARA_API_URL say where and as whom.
        result = client.store(USER, "Writes her services in Go", importance=0.7)
        print(result.action)

        context = client.context(USER, q="Which language shall I use for the new service?")
        print(context)


if __name__ == "__main__":
    environment.require()
    main()
