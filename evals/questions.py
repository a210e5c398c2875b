"""Ask the questions, and count whose evidence was found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from rich.progress import track

from evals.ingest import Ingested
from evals.locomo import Question

K = 10
"""How many memories a question may return."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. ``cited`` are the turns behind the memories that were returned. ``milliseconds``:
    one request, as seen from here."""

    question: Question
    cited: frozenset[str]
    milliseconds: float
    degraded: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Of ``asked`` questions with evidence: for how many at least one evidence turn was cited, and
    for how many all."""

    asked: int
    any_found: int
    all_found: int


class Turns:
    """Which turn of the data a citation means: conversation id and message index → turn id."""

    def __init__(self, ingested: Iterable[Ingested]) -> None:
        self._sessions = {one.conversation_id: one.session for one in ingested}

    def cited_by(self, results: Iterable[Mapping[str, Any]]) -> frozenset[str]:
        """The turns that the memories of a search reply cite; a conversation that we did not send
        has none."""
        cited: set[str] = set()
        for memory in results:
            session = self._sessions.get(memory["conversation_id"] or "")
            if session is not None:
                turns = session.turns
                cited.update(
                    turns[index].id
                    for index in memory["message_indexes"]
                    if 0 <= index < len(turns)
                )
        return frozenset(cited)


def ask(client: httpx2.Client, questions: Sequence[Question], turns: Turns) -> list[Answer]:
    """Ask one search per question, one after the other."""
    answers = []
    for question in track(questions, description="asking      "):
        query: dict[str, str | int] = {
            "user_id": question.conversation,
            "q": question.text,
            "limit": K,
        }
        began = time.perf_counter()
        reply = client.get("/v1/memories/search", params=query)
        milliseconds = (time.perf_counter() - began) * 1000
        found = reply.raise_for_status().json()
        answers.append(
            Answer(question, turns.cited_by(found["results"]), milliseconds, found["degraded"])
        )
    return answers


def tally(answers: Iterable[Answer]) -> Tally:
    """Count the answers whose question has evidence."""
    with_evidence = [answer for answer in answers if answer.question.evidence]
    return Tally(
        asked=len(with_evidence),
        any_found=sum(1 for answer in with_evidence if answer.question.evidence & answer.cited),
        all_found=sum(1 for answer in with_evidence if answer.question.evidence <= answer.cited),
    )
