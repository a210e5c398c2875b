"""The context endpoint over plain HTTP: any language can do this.

python -m examples.context
"""

from __future__ import annotations

import os
from urllib.parse import quote
from uuid import uuid4

import requests

from examples import environment

USER = f"team/ada {uuid4().hex[:8]}"  # Any characters will do; in a path they are encoded.


def main() -> None:
    """Store two facts, ask for the block of text, and paste it into a system prompt."""
    http = requests.Session()
    http.headers["Authorization"] = f"Bearer {os.environ['SMARA_API_KEY']}"
    base = environment.url()

    for fact in ("Prefers tabs over spaces", "Reviews pull requests in the morning"):
        body = {"user_id": USER, "fact": fact, "importance": 0.8}
        http.post(f"{base}/v1/memories", json=body, timeout=10).raise_for_status()

    answer = http.get(
        f"{base}/v1/users/{quote(USER, safe='')}/context",
        params={"q": "Set up a formatter for my project", "top_n": "1"},
        timeout=10,
    )
    answer.raise_for_status()
    print("You help one person with their code. What you know about them:")
    print(answer.json()["context"])


if __name__ == "__main__":
    environment.require()
    main()
