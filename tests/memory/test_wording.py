from __future__ import annotations

import pytest

from app.memory.types import Fact
from app.memory.wording import document_text, query_text


@pytest.mark.parametrize(
    ("about", "text", "embedded"),
    [
        ("Caroline", "Caroline went to a support group on 7 May 2023.", "went to a support group on 7 May 2023."),
        ("Caroline", "Caroline's daughter is called Ana.", "daughter is called Ana."),
        ("James", "James' dog is called Rex.", "dog is called Rex."),
        ("Mel", "Mel said: It takes courage.", "It takes courage."),
        ("Mel", 'Mel, asked "Where from?", said: Sweden.', '"Where from?", said: Sweden.'),
        ("User", "User lives in Oslo.", "lives in Oslo."),
        ("User", "The user lives in Oslo.", "lives in Oslo."),
    ],
)
def test_the_name_that_opens_a_fact_is_not_embedded(about: str, text: str, embedded: str) -> None:
    assert document_text(Fact(text, 0.5, about=about)) == embedded


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ("User", "Lives in New York"),
        ("Ann", "Annabel swims."),
        ("User", "Users like it."),
        ("User", "User"),
        ("", "Swims."),
    ],
)
def test_a_fact_that_opens_otherwise_is_embedded_whole(about: str, text: str) -> None:
    assert document_text(Fact(text, 0.5, about=about)) == text


@pytest.mark.parametrize(
    ("question", "embedded"),
    [
        ("When did Caroline go to the support group?", "When did go to the support group?"),
        ("What are Melanie's pets' names?", "What are pets' names?"),
        ("What do caroline and Melanie’s kids like?", "What do and kids like?"),
        ("Where does Melania live?", "Where does Melania live?"),
        ("What is James' job?", "What is job?"),
    ],
)
def test_the_names_of_a_stores_people_are_left_out_of_a_question(question: str, embedded: str) -> None:
    assert query_text(question, {"Caroline", "Melanie", "James"}) == embedded


def test_a_question_of_names_only_stays_as_it_is() -> None:
    assert query_text("Caroline?", ["Caroline"]) == "Caroline?"


def test_a_name_with_marks_of_regular_expressions_is_only_a_name() -> None:
    assert query_text("Who is J.R. (Bob)?", ["J.R. (Bob)", "", " "]) == "Who is ?"


def test_without_names_a_question_stays_as_it_is() -> None:
    assert query_text("cloud infrastructure preferences", []) == "cloud infrastructure preferences"
