"""The judge's data files as they are written: each pattern reads its own example, and no word
stands twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from app.rules.judge import data
from app.rules.judge.attributes import known
from app.rules.judge.endings import ends
from app.rules.judge.lists import lines, mapped, names, spaced, table
from app.rules.judge.patterns import patterns

FOLDER = Path(str(data.__file__)).parent
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".toml", ".txt", ".tsv"))
SUBJECT = {"verb": "User {}.", "noun": "User's {}.", "whole": "{}."}
READ_AS_ANOTHER = {"changed": "User {}.", "set_to": "User's {}."}


def rows() -> list[dict[str, str]]:
    found: list[dict[str, str]] = table("patterns")["pattern"]
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["like"])
def test_each_pattern_reads_its_example_and_not_with_a_clause_more(row: dict[str, str]) -> None:
    sentence = READ_AS_ANOTHER.get(row["name"], SUBJECT[row["of"]])

    assert known(sentence.format(row["like"])) != ()
    assert known(sentence.format(row["like"] + " and hates it")) == ()


def test_there_is_a_pattern_for_each_row() -> None:
    assert sum(len(patterns(of)) for of in SUBJECT) == len(rows()) > 40


def filled(form: str, thing: str) -> str:
    return re.sub(r"\[[^\]]*\]", "their", form).replace("{x}", thing).replace("{y}", "Zork")


@pytest.mark.parametrize("ending", table("endings")["ending"], ids=lambda each: each["over"][0])
def test_what_is_over_ends_what_went_on_with_the_same_name_alone(
    ending: dict[str, list[str]],
) -> None:
    going, over = ending["going"][0], ending["over"][0]
    later = f"User {filled(over, 'Blik')}."

    assert ends(later, f"User {filled(going, 'Blik')}.")
    assert not ends(later, f"User's sister Ana {filled(going, 'Blik')}.")
    if "{x}" in going:
        assert not ends(later, f"User {filled(going, 'Flop')}.")


@pytest.mark.parametrize("name", FILES)
def test_each_file_says_at_its_head_what_it_is_and_who_reads_it(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    head = text[:1200]

    assert head.startswith("# ")
    assert re.search(r"app/rules/\w+", head)


def test_no_word_stands_in_its_list_twice() -> None:
    texts = {
        f"{name}.{key}": value
        for name in ("english", "attributes", "synonyms", "opposites")
        for key, value in table(name).items()
        if isinstance(value, str)
    }
    twice = {
        where: [word for word, times in Counter(text.split()).items() if times > 1]
        for where, text in texts.items()
    }
    assert {where: words for where, words in twice.items() if words} == {}
    jobs = Counter(" ".join(line.partition(": ")[2] for line in lines("jobs.txt")).split())
    assert [word for word, times in jobs.items() if times > 1] == []


def test_aliases_name_one_thing_each() -> None:
    for kind, groups in table("aliases").items():
        members = Counter(name.strip().casefold() for line in groups for name in line.split("|"))
        assert [name for name, times in members.items() if times > 1] == [], kind


def test_lists_are_read_as_they_are_written() -> None:
    assert "New South Wales" in names("regions.txt")
    assert spaced("a b|c") == {"a", "b c"}
    assert mapped("can't:can_not") == {"can't": "can not"}
    assert len(lines("places.tsv")) > 12_000
