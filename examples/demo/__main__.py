"""`make demo`: chats in, receipts out, then the context that an agent would get. No key, no
network."""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
from rich.console import Console

from examples.demo import show
from examples.demo.chats import CHATS, QUESTIONS, Chat
from examples.service import StartError, running

DATA = Path(".data/demo")

NEXT = """
[bold]Next[/], the same service to keep:
  make up
and in another terminal, in this folder:
  source .venv/bin/activate
  export SMARA_API_URL=http://localhost:3010 SMARA_API_KEY=$(cat .data/api_key)
  echo "User: I live in Lisbon." | smara ingest - --user you --wait
  smara context you "Where do I live?"
"""
"""Every command is whole on its line, so that it can be pasted."""


def main() -> None:
    """Run the demo; exits with 1 when a chat did not become memories."""
    out = show.console()
    out.print(
        "[bold]Chats in, memories out.[/] Everything runs on this machine: no key, no network."
    )
    out.print(f"Starting Postgres, Redis, API, worker and scheduler; data in {DATA} …")
    began = time.monotonic()
    try:
        with running(DATA) as service, service.client() as client:
            out.print(f"Up after {time.monotonic() - began:.1f} s.")
            # Each run has users of its own, so that it starts with nothing known about them.
            run = f"{time.time():.0f}"
            counts = _remember(out, client, run)
            _send_again(out, client, run)
            _recall(out, client, run)
    except (StartError, httpx2.HTTPError) as error:
        out.print(f"demo: {error}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    came_to = ", ".join(
        f"[{colour}]{counts[action]} {action}[/]" for action, colour in show.COLOURS.items()
    )
    out.print(
        f"\n{len(CHATS)} chats came to {came_to}. The service is stopped; "
        f"{time.monotonic() - began:.0f} s in all."
    )
    out.print(NEXT, end="", soft_wrap=True)


def _remember(out: Console, client: httpx2.Client, run: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    known: dict[str, str] = {}
    for said in CHATS:
        show.chat(out, said)
        accepted = _post(client, said, run).json()
        conversation = (
            client.get(accepted["status_url"], params={"wait": 30}).raise_for_status().json()
        )
        if conversation["state"] != "done":
            raise StartError(f"this chat ended {conversation['state']}: {conversation['error']}")
        show.receipt(out, conversation, known)
        for fact in conversation["receipt"]["facts"]:
            counts[fact["action"]] += 1
            if fact["action"] in ("stored", "replaced"):
                known[fact["memory_id"]] = fact["fact"]
    return counts


def _send_again(out: Console, client: httpx2.Client, run: str) -> None:
    again = _post(client, CHATS[0], run)
    replayed = again.headers.get("Idempotent-Replayed", "false")
    out.print()
    out.rule(
        "[bold]The first chat is sent again, as a client does that saw no answer[/]", align="left"
    )
    out.print(
        f"  {again.status_code}, Idempotent-Replayed: {replayed}. It is the same conversation: "
        "nothing is stored."
    )


def _recall(out: Console, client: httpx2.Client, run: str) -> None:
    out.print()
    out.rule(
        "[bold]Before an LLM call, an agent asks for context to paste into the prompt[/]",
        align="left",
    )
    for question in QUESTIONS:
        user = quote(_user(question.user, run), safe="")
        query: dict[str, Any] = {"q": question.q, "top_n": 3}
        answer = client.get(f"/v1/users/{user}/context", params=query).raise_for_status().json()
        show.context(out, question.user, question.q, answer["context"])


def _post(client: httpx2.Client, said: Chat, run: str) -> httpx2.Response:
    body = {"user_id": _user(said.user, run), "occurred_at": said.occurred_at, **said.body}
    key = f"{run}-{CHATS.index(said)}"
    return client.post(
        "/v1/conversations", json=body, headers={"Idempotency-Key": key}
    ).raise_for_status()


def _user(name: str, run: str) -> str:
    return f"{name}/{run}"


if __name__ == "__main__":
    main()
