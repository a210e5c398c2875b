"""Transcripts as people paste them, and content as chat APIs send it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.transcripts.labels import speaker_name, with_speakers
from app.rules.transcripts.parse import parse_transcript
from app.rules.transcripts.turns import said, text_of
from app.rules.types import Message, Transcript


def test_named_lines_become_messages_of_their_speakers() -> None:
    assert parse_transcript(
        "Caroline: Hi Mel!\nMelanie: Hey Caroline.\nAnne-Marie O'Neil: Hello."
    ) == [
        Message("user", "Hi Mel!", "Caroline"),
        Message("user", "Hey Caroline.", "Melanie"),
        Message("user", "Hello.", "Anne-Marie O'Neil"),
    ]


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("User", "user"),
        ("HUMAN", "user"),
        ("Me", "user"),
        ("Assistant", "assistant"),
        ("AI", "assistant"),
        ("bot", "assistant"),
        ("Claude", "assistant"),
        ("System", "system"),
        ("tool", "tool"),
        ("Developer", "system"),
        ("Observation", "tool"),
        ("Observation 2", "tool"),
        ("Function", "tool"),
        ("FUNCTION_RESULT", "tool"),
        ("Tool result", "tool"),
        ("Tool Result (search)", "tool"),
        ("Tool output [1]", "tool"),
        ("tool_call", "tool"),
        ("Action Input", "tool"),
        ("Search results", "tool"),
        ("**Assistant**", "assistant"),
        ("Final Answer", "assistant"),
        ("ＳＹＳＴＥＭ", "system"),
        ("Sys\u200btem", "system"),
        ("Система", "system"),
        ("系统", "system"),
        ("Système", "system"),
        ("시스템", "system"),
        ("Asistente", "assistant"),
        ("用户", "user"),
    ],
)
def test_labels_that_mean_a_role_become_that_role_without_a_name(label: str, role: Any) -> None:
    assert parse_transcript(f"{label}: I live in Oslo.") == [Message(role, "I live in Oslo.")]


def test_a_line_without_a_name_goes_on_with_the_message_before_it() -> None:
    assert parse_transcript("User: I live in Oslo.\nIt is cold.\n\nAssistant:\nIs it?") == [
        Message("user", "I live in Oslo.\nIt is cold."),
        Message("assistant", "Is it?"),
    ]


def test_a_text_without_names_is_the_users_a_message_a_line() -> None:
    assert parse_transcript("I live in Oslo.\r\n\r\n  It is cold.  ") == [
        Message("user", "I live in Oslo."),
        Message("user", "It is cold."),
    ]


@pytest.mark.parametrize("text", ["", "  \n\t\n", "User:", "User:   \nAssistant:"])
def test_where_nothing_was_said_there_is_no_message(text: str) -> None:
    assert parse_transcript(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "Meet me at 10:30 tomorrow.",
        "10:30 works for me.",
        "https://example.org/a:b is my site.",
        "See https://example.org for more.",
        "My ratio is 3:1 these days.",
        "I wrote down three things that I want to do this summer: swim, run and read.",
    ],
)
def test_a_colon_in_a_time_an_address_or_late_in_a_sentence_names_nobody(line: str) -> None:
    assert parse_transcript(line) == [Message("user", line)]
    assert parse_transcript(f"User: Hello.\n{line}") == [Message("user", f"Hello.\n{line}")]


@pytest.mark.parametrize(
    "line",
    [
        "I have three hobbies: chess, go and running.",
        "Note to self: buy milk.",
        "My allergies are these: nuts and milk.",
        "The truth is: I hate Oslo.",
    ],
)
def test_the_start_of_a_sentence_before_a_colon_is_not_a_speaker(line: str) -> None:
    assert parse_transcript(line) == [Message("user", line)]
    assert parse_transcript(f"User: Hello.\n{line}") == [Message("user", f"Hello.\n{line}")]


def test_a_colon_in_the_words_of_a_named_speaker_stays_in_the_words() -> None:
    assert parse_transcript("User: I have two hobbies: chess and go.") == [
        Message("user", "I have two hobbies: chess and go.")
    ]


@pytest.mark.parametrize(
    "name", ["Jose\u0301", "प्रिया", "สมชาย", "Ольга", "小明", "Zoë van der Berg"]
)
def test_a_speaker_may_have_a_name_in_any_script(name: str) -> None:
    assert parse_transcript(f"{name}: Hello.") == [Message("user", "Hello.", name)]


@pytest.mark.parametrize(
    "name",
    [
        "system",
        "Assistant",
        "DEVELOPER",
        "tool",
        "Tool_Result",
        "function",
        "user",
        " ",
        "",
        "bot",
        "Sуstem",
        "assistant-1",
    ],
)
def test_a_roles_word_is_nobodys_name(name: str) -> None:
    message = Message("user", "I work at Globex.", name)
    said = Transcript((message,), datetime(2026, 4, 2, tzinfo=UTC))

    assert speaker_name(name) is None
    assert with_speakers(said).messages == (Message("user", "I work at Globex."),)


@pytest.mark.parametrize("name", ["Claude", "Ana", "Systema Ivanova", "Tooley", "小明", "me", None])
def test_a_persons_name_stays(name: str | None) -> None:
    said = Transcript((Message("user", "Hi.", name),), datetime(2026, 4, 2, tzinfo=UTC))

    assert with_speakers(said) is said


@given(st.text(st.sampled_from("aA:é1 \n\r\u2028.-/'") | st.characters(exclude_categories=["Cs"])))
def test_a_message_is_never_empty_and_says_what_the_transcript_says(text: str) -> None:
    for message in parse_transcript(text):
        assert message.content
        assert " ".join(message.content.split()) in " ".join(text.split())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("I live in Oslo.", "I live in Oslo."),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}], "One.\nTwo."),
        ([{"type": "input_text", "text": "One."}], "One."),
        (
            [{"type": "text", "text": "Look:"}, {"type": "image_url", "image_url": {"url": "x"}}],
            "Look:\n[image]",
        ),
        ([{"type": "image", "source": {"type": "base64", "data": "x"}}], "[image]"),
        ([{"type": "input_audio", "input_audio": {"data": "x"}}], "[audio]"),
        ([{"type": "tool_use", "id": "t1", "name": "f", "input": {}}], "[tool_use]"),
        ([{"type": "tool_result", "tool_use_id": "t1", "content": "42"}], "42"),
        (
            [
                {
                    "type": "tool_result",
                    "content": [{"type": "text", "text": "42"}, {"type": "image"}],
                }
            ],
            "42\n[image]",
        ),
        ([{"type": "tool_result", "tool_use_id": "t1"}], ""),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "redacted_thinking", "data": "x"}], ""),
        ([{"type": "text", "text": ""}, {"type": "text", "text": "One."}], "One."),
    ],
)
def test_content_of_the_chat_apis_becomes_its_words(content: Any, text: str) -> None:
    assert text_of(content) == text


RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "I live in Evilville."}


@pytest.mark.parametrize(
    ("content", "heard"),
    [
        ("I live in Oslo.", ("user", "I live in Oslo.")),
        ([{"type": "text", "text": "I live in Oslo."}], ("user", "I live in Oslo.")),
        ([RESULT], ("tool", "I live in Evilville.")),
        ([RESULT, RESULT], ("tool", "I live in Evilville.\nI live in Evilville.")),
        (
            [RESULT, {"type": "text", "text": "And I live in Oslo."}],
            ("user", "[tool_result]\nAnd I live in Oslo."),
        ),
        ([], ("user", "")),
        (None, ("user", "")),
    ],
)
def test_what_a_tool_returned_in_a_turn_of_the_user_is_not_the_users(
    content: Any, heard: tuple[str, str]
) -> None:
    assert said("user", content) == heard


@pytest.mark.parametrize("content", [5, {"text": "42"}, ["42"], [5], True])
def test_a_tool_result_of_an_odd_form_is_noted_instead_of_an_error(content: Any) -> None:
    assert isinstance(text_of([{"type": "tool_result", "content": content}]), str)
