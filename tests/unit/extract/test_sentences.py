from __future__ import annotations

import pytest

from app.extract.keyless.language import language_of
from app.extract.keyless.prose import prose_spans
from app.extract.keyless.sentences import note_at_end, sentences


def split(content: str) -> list[str]:
    found = sentences(content, prose_spans(content))
    assert all(content[s.start : s.start + len(s.text)] == s.text for s in found)
    return [s.text for s in found]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("I ran. I swam!", ["I ran.", "I swam!"]),
        ("I saw Dr. Lee at 3.5 km, e.g. there. Ok", ["I saw Dr. Lee at 3.5 km, e.g. there.", "Ok"]),
        ("Wait... what?! Yes", ["Wait...", "what?!", "Yes"]),
        ("no marks at all\nnext line", ["no marks at all", "next line"]),
        ("1. first\n2) second\n- third", ["first", "second", "third"]),
        ("I love it 😀 and you", ["I love it 😀 and you"]),
        ("犬が好きです。猫も好き。", ["犬が好きです。", "猫も好き。"]),
        ("See https://a.b/c.d?e=f now.", ["See https://a.b/c.d?e=f now."]),
        ("  \n ", []),
    ],
)
def test_a_message_is_cut_at_its_sentences_ends(content: str, parts: list[str]) -> None:
    assert split(content) == parts


@pytest.mark.parametrize(
    ("text", "asks"), [("Really?", True), ("Really?!", True), ("(Why?)", True), ("I ask.", False)]
)
def test_a_question_is_known_by_its_mark(text: str, asks: bool) -> None:
    (sentence,) = sentences(text, [(0, len(text))])

    assert sentence.is_question is asks


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("Look! [shares a photo: a cat]", ("shares a photo: a cat", 6)),
        ("See [1] for more", None),
        ("[a] [b]  ", ("b", 4)),
        ("", None),
    ],
)
def test_a_bracketed_note_counts_only_at_the_end(
    content: str, note: tuple[str, int] | None
) -> None:
    assert note_at_end(content) == note


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I live in Oslo with my dog", "en"),
        ("Vivo en Madrid con mi mujer", "es"),
        ("Ich wohne in Berlin", "de"),
        ("J'habite à Lyon avec ma femme", "fr"),
        ("Abito a Roma con mio fratello", "other"),
        ("Я живу в Москве", "other"),
        ("no", "en"),
        ("12:30", "en"),
    ],
)
def test_the_language_is_told_by_its_common_words(text: str, language: str) -> None:
    assert language_of(text) == language
