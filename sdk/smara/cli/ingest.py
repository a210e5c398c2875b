"""``smara ingest``: send conversations, and wait for them if asked."""

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
    "user_speaker",
    "transcript_format",
    "namespace",
    "source",
    "external_id",
    "occurred_at",
    "metadata",
    "instructions",
)

_OBSTACLES = {
    "provider": "a provider that does not answer or refuses its key",
    "budget": "the tenant's budget, which is used up",
}

NOT_REMEMBERED, UNFINISHED = 1, 4
"""Exit codes: a conversation is dead or cancelled; one was not finished in time."""


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
    problems = [_problem(each, given.wait_timeout) for each in ended if each.status != "done"]
    _progress("", last=True)
    if given.json:
        answers: list[Model] = [*ended] or [handle.accepted for handle in handles]
        shown = [each.to_dict() for each in answers]
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        for problem in problems:
            print(f"smara: {problem}", file=sys.stderr)
    elif given.wait:
        _print_facts(ended)
        for problem in problems:
            print(problem)
    else:
        for handle in handles:
            print(f"{handle.status}  {handle.id}")
    if any(each.finished and each.status != "done" for each in ended):
        return NOT_REMEMBERED
    return UNFINISHED if problems else 0


def _send(client: Smara, given: argparse.Namespace, body: transcripts.Body) -> ConversationHandle:
    own = {name: value for name, value in body.items() if name in _TAKEN and value is not None}
    options = {
        "namespace": given.namespace,
        "source": given.source,
        "occurred_at": given.occurred_at,
        "instructions": given.instructions,
        "user_speaker": given.user_speaker,
        "transcript_format": given.transcript_format,
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
            yield error.conversation


def _print_facts(ended: Iterable[Conversation]) -> None:
    done = [each for each in ended if each.status == "done"]
    facts = [fact for each in done if each.receipt for fact in each.receipt.facts]
    for fact in facts:
        print(f"{fact.action:<9}  {fact.fact}")
    if done and not facts:
        print("Nothing to remember was found.")


def _problem(conversation: Conversation, seconds: float) -> str:
    """Describe a conversation that did not become memories, in one line: its state, and why."""
    why = []
    if not conversation.finished:
        why.append(f"not finished after {seconds:g} s")
        why += _waits(conversation)
    reason = conversation.error
    if reason is not None:
        why.append(f"{reason.message} [{reason.code}]")
    said = f"{conversation.status:<9}  {conversation.id}"
    return f"{said}: {'; '.join(why)}" if why else said


def _waits(conversation: Conversation) -> list[str]:
    if conversation.status == "processing":
        return ["a worker is at it"]
    if conversation.waiting_for is not None:
        what = _OBSTACLES.get(conversation.waiting_for, conversation.waiting_for)
        return [f"it waits for {what}"]
    return [] if conversation.error else ["it waits for its turn"]


def _progress(text: str, *, last: bool = False) -> None:
    """Print one line on standard error that overwrites itself; nothing where nobody watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text and not last:
        print(text, file=sys.stderr)
