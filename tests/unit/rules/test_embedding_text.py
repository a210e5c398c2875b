from __future__ import annotations

import pytest

from app.rules.embedding_text import document_text, query_text
from app.rules.types import Fact


def test_a_fact_is_embedded_as_it_stands() -> None:
    assert (
        document_text(Fact("Caroline lives in Oslo.", 0.9, about="Caroline"))
        == "Caroline lives in Oslo."
    )


@pytest.mark.parametrize(
    ("question", "embedded"),
    [
        ("When did Caroline go to the support group?", "When did go to the support group?"),
        ("What are Melanie's pets' names?", "What are pets' names?"),
        ("What do caroline and Melanie’s kids like?", "What do and kids like?"),
        ("Where does Melania live?", "Where does Melania live?"),
        ("What is James' job?", "What is job?"),
        ("What is the user's job?", "What is job?"),
        ("user interface preferences", "user interface preferences"),
    ],
)
def test_the_names_of_a_stores_people_are_left_out_of_a_question(
    question: str, embedded: str
) -> None:
    assert query_text(question, {"Caroline", "Melanie", "James"}) == embedded


def test_a_question_of_names_only_stays_as_it_is() -> None:
    assert query_text("Caroline?", ["Caroline"]) == "Caroline?"


def test_a_name_with_marks_of_regular_expressions_is_only_a_name() -> None:
    assert query_text("Who is J.R. (Bob)?", ["J.R. (Bob)", "", " "]) == "Who is ?"


def test_without_names_a_question_stays_as_it_is() -> None:
    assert query_text("cloud infrastructure preferences", []) == "cloud infrastructure preferences"
