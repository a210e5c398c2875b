"""``smara ingest``: send, and if asked wait."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterable

from smara._sync.client import Smara
from smara._sync.conversations import ConversationHandle
from smara.cli import transcripts
from smara.errors import ConversationFailed, WaitTimeout
from smara.models import Conversation, Model

_TAKEN = (
    "messages",
    "transcript",
    "namespace",
    "source",
    "external_id",
    "occurred_at",
    "metadata",
    "instructions",
)


def ingest(client: Smara, given: argparse.Namespace) -> int:
    """Send every conversation of every file. Nothing is sent unless all files can be read."""
    if given.files.count("-") > 1:
        raise ValueError("standard input can be read only once")
    bodies = [
        body
        for name in given.files
        for body in transcripts.conversations(name, transcripts.read(name))
    ]
    handles = []
    for number, body in enumerate(bodies, 1):
        handles.append(_send(client, given, body))
        _progress(f"sent {number} of {len(bodies)}")
    ended = list(_wait(handles, given.wait_timeout)) if given.wait else []
    _progress("", last=True)
    if given.json:
        answers: list[Model] = [*ended] or [handle.accepted for handle in handles]
        shown = [each.to_dict() for each in answers]
        print(json.dumps(shown, ensure_ascii=False, indent=2))
    elif given.wait:
        _print_facts(ended)
    else:
        for handle in handles:
            print(f"{handle.status}  {handle.id}")
    return 0 if all(each.status == "done" for each in ended) else 1


def _send(client: Smara, given: argparse.Namespace, body: transcripts.Body) -> ConversationHandle:
    own = {name: value for name, value in body.items() if name in _TAKEN and value is not None}
    options = {
        "namespace": given.namespace,
        "source": given.source,
        "occurred_at": given.occurred_at,
        "instructions": given.instructions,
    }
    fields = {**own, **{name: value for name, value in options.items() if value is not None}}
    same = json.dumps([given.user, fields], sort_keys=True).encode()
    key = f"ingest-{hashlib.sha256(same).hexdigest()}"
    return client.ingest(given.user, **fields, idempotency_key=key)


def _wait(handles: list[ConversationHandle], timeout: float) -> Iterable[Conversation]:
    ends_at = time.monotonic() + timeout
    for number, handle in enumerate(handles, 1):
        _progress(f"{number - 1} of {len(handles)} done")
        try:
            yield handle.wait(max(1.0, ends_at - time.monotonic()))
        except (ConversationFailed, WaitTimeout) as error:
            _progress("", last=True)
            print(f"smara: {error}", file=sys.stderr)
            yield error.conversation


def _print_facts(ended: Iterable[Conversation]) -> None:
    facts = [fact for each in ended if each.receipt for fact in each.receipt.facts]
    for fact in facts:
        print(f"{fact.action:<9}  {fact.fact}")
    if not facts:
        print("Nothing to remember was found.")


def _progress(text: str, *, last: bool = False) -> None:
    """One line on standard error that overwrites itself; nothing where nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text and not last:
        print(text, file=sys.stderr)
