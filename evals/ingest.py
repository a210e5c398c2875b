"""Send the sessions to the service, wait until each is finished, and read the receipts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from evals.locomo import Session

WAIT_SECONDS = 30
PATIENCE_SECONDS = 600.0
"""How long one conversation may take, retries included."""

KEPT = ("stored", "replaced")
"""The actions that make a memory; a duplicate confirms one, and what is rejected leaves none."""


class IngestError(Exception):
    """The service did not accept a conversation. The message is for the person who runs the
    eval."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """A session and how it ended. ``replayed``: an earlier run had sent it. ``facts`` are the
    receipt's."""

    session: Session
    conversation_id: str
    replayed: bool
    state: str
    error: str | None
    accepted_at: datetime
    finished_at: datetime | None
    facts: tuple[dict[str, Any], ...]


def ingest(client: httpx2.Client, sessions: Sequence[Session]) -> list[Ingested]:
    """POST every session, then wait for all of them; a session that was sent before is recognised
    by its key."""
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # The service takes a user's sessions one after the other and users side by side; we wait in the
    # order of the end.
    by_turn = sorted(sessions, key=lambda session: (session.number, session.conversation))
    with Progress(*columns) as progress:
        sending = progress.add_task("sending", total=len(by_turn))
        sent = []
        for session in by_turn:
            sent.append((session, *_send(client, session)))
            progress.advance(sending)
        remembering = progress.add_task("remembering", total=len(by_turn))
        ended = []
        for session, conversation_id, replayed in sent:
            ended.append(_ended(session, replayed, _wait(client, conversation_id)))
            progress.advance(remembering)
    return ended


def memories_made(client: httpx2.Client, users: Iterable[str]) -> int:
    """How many memories the receipts of these users account for, retired ones too."""
    made: set[str] = set()
    for user in sorted(set(users)):
        cursor: str | None = None
        while True:
            query: dict[str, str | int] = {"user_id": user, "limit": 100}
            if cursor:
                query["cursor"] = cursor
            page = client.get("/v1/conversations", params=query).raise_for_status().json()
            for conversation in page["conversations"]:
                facts = (conversation["receipt"] or {}).get("facts", ())
                made.update(fact["memory_id"] for fact in facts if fact["action"] in KEPT)
            cursor = page["next_cursor"]
            if cursor is None:
                break
    return len(made)


def broken_citations(ingested: Iterable[Ingested]) -> list[str]:
    """One line for each memory that cites no message, or one that the session does not have."""
    return [
        f"{one.session.conversation} session {one.session.number}: memory {fact['memory_id']} "
        "cites "
        f"{fact['message_indexes']} of {len(one.session.turns)} messages"
        for one in ingested
        for fact in one.facts
        if fact["action"] != "rejected"
        and (
            not fact["message_indexes"]
            or not all(0 <= index < len(one.session.turns) for index in fact["message_indexes"])
        )
    ]


def _send(client: httpx2.Client, session: Session) -> tuple[str, bool]:
    body = {
        "user_id": session.conversation,
        "occurred_at": session.began_at.isoformat(),
        "external_id": f"session {session.number}",
        "messages": [
            {"role": "user", "name": turn.speaker, "content": turn.text} for turn in session.turns
        ],
    }
    key = f"{session.conversation}-session-{session.number}"
    answer = client.post("/v1/conversations", json=body, headers={"Idempotency-Key": key})
    if answer.status_code == 422 and answer.json().get("code") == "idempotency_key_reused":
        raise IngestError(
            f"{key} was sent before with other words: this data folder's past is of another data "
            "set. "
            "Remove .data/eval, or point SMARA_URL at a fresh service."
        )
    if answer.status_code != 202:
        raise IngestError(f"{key} was not accepted: {answer.status_code} {answer.text}")
    return answer.json()["id"], answer.headers.get("Idempotent-Replayed") == "true"


def _wait(client: httpx2.Client, conversation_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = client.get(f"/v1/conversations/{conversation_id}", params={"wait": WAIT_SECONDS})
        conversation: dict[str, Any] = answer.raise_for_status().json()
        if conversation["state"] in ("done", "dead", "cancelled") or time.monotonic() > deadline:
            return conversation


def _ended(session: Session, replayed: bool, conversation: dict[str, Any]) -> Ingested:
    error, finished_at = conversation["error"], conversation["finished_at"]
    return Ingested(
        session=session,
        conversation_id=conversation["id"],
        replayed=replayed,
        state=conversation["state"],
        error=error["code"] if error else None,
        accepted_at=datetime.fromisoformat(conversation["created_at"]),
        finished_at=datetime.fromisoformat(finished_at) if finished_at else None,
        facts=tuple((conversation["receipt"] or {}).get("facts", ())),
    )
