"""How answers are counted, on data written here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evals.ingest import Ingested, broken_citations
from evals.locomo import Question, Session, Turn
from evals.questions import Answer, Tally, Turns, tally
from evals.report import messages_kept

SESSION = Session(
    "talk",
    1,
    datetime(2026, 1, 5, tzinfo=UTC),
    tuple(Turn(f"D1:{n}", "Ana", f"words {n}") for n in range(1, 5)),
)


def fact(
    action: str, memory_id: str, *indexes: int, replaced_id: str | None = None
) -> dict[str, Any]:
    return {
        "action": action,
        "memory_id": memory_id,
        "message_indexes": list(indexes),
        "replaced_id": replaced_id,
    }


def ingested(*facts: dict[str, Any]) -> Ingested:
    return Ingested(SESSION, "c1", False, "done", None, SESSION.began_at, SESSION.began_at, facts)


def answer(evidence: set[str], cited: set[str]) -> Answer:
    return Answer(
        Question("q", "talk", "Who?", "single-hop", frozenset(evidence)),
        frozenset(cited),
        1.0,
        False,
    )


def test_any_needs_one_evidence_turn_and_all_needs_every_one() -> None:
    answers = [
        answer({"D1:1", "D1:3"}, {"D1:3", "D1:4"}),
        answer({"D1:2"}, {"D1:2"}),
        answer({"D1:2"}, {"D1:4"}),
    ]

    assert tally(answers) == Tally(asked=3, any_found=2, all_found=1)


def test_a_question_without_evidence_is_not_counted() -> None:
    assert tally([answer(set(), {"D1:1"})]) == Tally(asked=0, any_found=0, all_found=0)


def test_a_memory_leads_back_to_the_turns_that_it_cites() -> None:
    results: list[dict[str, Any]] = [
        {"conversation_id": "c1", "message_indexes": [0, 2]},
        {"conversation_id": "of somebody else", "message_indexes": [1]},
        {"conversation_id": None, "message_indexes": []},
    ]

    assert Turns([ingested()]).cited_by(results) == {"D1:1", "D1:3"}


def test_a_memory_that_cites_nothing_or_a_message_that_is_not_there_is_a_problem() -> None:
    one = ingested(
        fact("stored", "m1", 3),
        fact("stored", "m2", 4),
        fact("duplicate", "m1"),
        fact("rejected", "", 9),
    )

    assert broken_citations([one]) == [
        "talk session 1: memory m2 cites [4] of 4 messages",
        "talk session 1: memory m1 cites [] of 4 messages",
    ]


def test_messages_of_retired_duplicate_and_rejected_facts_are_not_counted_as_kept() -> None:
    one = ingested(
        fact("stored", "m1", 0),
        fact("replaced", "m2", 1, replaced_id="m1"),
        fact("duplicate", "m2", 2),
        fact("rejected", "", 3),
    )

    assert messages_kept([one]) == {("c1", 1)}
