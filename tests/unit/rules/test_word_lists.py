"""The word lists as they are written: what a set hides once it is built, a doubled word or a
missing quote, is looked for in the source.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from app.rules.judge.cues import OPPOSITES, SIDES, stems
from app.rules.judge.normalise import content_words, plain
from app.rules.judge.synonyms import SYNONYMS

APP = Path(__file__).parents[3] / "app"
MODULES = {
    str(path.relative_to(APP)): ast.parse(path.read_text("utf-8")) for path in APP.rglob("*.py")
}
JUDGE = {name: tree for name, tree in MODULES.items() if name.startswith("rules/judge/")}
BUILDERS = {"word_list", "word_set", "word_map", "word_pairs", "stems"}
WORD = re.compile(r"'?[^\W_]+(?:[-'’._&+][^\W_]+)*\.?")
"""A word as the lists write it: also "k8s", "mother's", "ph.d" and "homework_place"."""


def calls() -> Iterator[tuple[str, str, list[str]]]:
    """Every list that is written as running text: where, by which function, and its entries."""
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                if node.func.id in BUILDERS and texts:
                    yield f"{name}:{node.lineno}", node.func.id, str(texts[0]).split()


def literals() -> Iterator[tuple[str, list[str]]]:
    """Every literal that holds nothing but strings, and the keys of every mapping."""
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                nodes: Iterable[ast.expr | None] = node.elts
            elif isinstance(node, ast.Dict):
                nodes = node.keys
            else:
                continue
            entries = [entry.value if isinstance(entry, ast.Constant) else None for entry in nodes]
            if entries and all(isinstance(entry, str) for entry in entries):
                yield f"{name}:{node.lineno}", [str(entry) for entry in entries]


def twice(entries: Iterable[str]) -> list[str]:
    return [entry for entry, times in Counter(entries).items() if times > 1]


def test_the_lists_are_found() -> None:
    assert len(list(calls())) > 60
    assert {where.partition(":")[0] for where, *_ in calls()} > {
        "rules/judge/cues.py",
        "rules/judge/reading.py",
        "rules/judge/normalise.py",
        "rules/secrets/patterns.py",
        "extract/keyless/verbs.py",
    }


def test_no_entry_stands_in_its_list_twice() -> None:
    assert [(where, twice(entries)) for where, _, entries in calls() if twice(entries)] == []
    assert [(where, twice(entries)) for where, entries in literals() if twice(entries)] == []


def test_entries_are_words() -> None:
    strange = [
        (where, entry)
        for where, builder, entries in calls()
        for entry in entries
        if not all(
            WORD.fullmatch(word)
            for word in re.split({"word_map": ":", "word_pairs": "/"}.get(builder, "/"), entry)
        )
    ]
    assert strange == []


def test_pairs_have_two_members_and_neither_is_empty_or_the_other() -> None:
    pairs = [
        (where, entry, entry.split({"word_map": ":", "word_pairs": "/"}[builder]))
        for where, builder, entries in calls()
        if builder in ("word_map", "word_pairs")
        for entry in entries
    ]
    assert len(pairs) > 100
    assert [pair for pair in pairs if len(pair[2]) != 2 or not all(pair[2])] == []
    written = [entry for where, entry, _ in pairs if where.startswith("rules/judge/")]
    assert len(written) == len(OPPOSITES) + len(SIDES)
    assert [pair for pair in (*OPPOSITES, *SIDES) if len(pair) != 2] == []


def test_no_two_pairs_are_one_and_a_pair_of_sides_is_no_pair_of_opposites() -> None:
    assert [pair for pair, times in Counter((*OPPOSITES, *SIDES)).items() if times > 1] == []


def test_what_is_compared_in_its_common_form_can_come_out_of_a_text() -> None:
    """An entry that no text is ever brought to ("enabled" is compared as "enabl") says nothing."""
    heads = set(SYNONYMS.values())

    def comes_out(word: str) -> bool:
        return word in heads or any(
            content_words(plain(form)) == [word]
            for stem in (word, f"{word}e", f"{word}y")
            for form in (stem, f"{stem}s", f"{stem}ing", f"{stem}ed", f"{stem}ly")
        )

    compared = {
        word
        for where, builder, entries in calls()
        if builder in ("stems", "word_pairs") and where.startswith("rules/judge/")
        for entry in entries
        for word in stems(entry.replace("/", " "))
    }
    assert len(compared) > 150
    assert sorted(word for word in compared if not comes_out(word)) == []


def test_two_words_of_a_compared_list_are_not_one_word_to_it() -> None:
    same = [
        (where, entries)
        for where, builder, entries in calls()
        if builder == "stems" and len(stems(" ".join(entries))) < len(entries)
    ]
    assert same == []


def test_a_word_has_one_common_form_and_that_form_is_its_own() -> None:
    [groups] = [
        dict(zip(node.keys, node.values, strict=True))
        for node in ast.walk(JUDGE["rules/judge/synonyms.py"])
        if isinstance(node, ast.Dict) and len(node.keys) > 50
    ]
    heads = [key.value for key in groups if isinstance(key, ast.Constant)]
    members = [
        word
        for value in groups.values()
        if isinstance(value, ast.Constant)
        for word in str(value.value).split()
    ]
    assert twice(members) == []
    assert sorted(set(heads) & set(members)) == []
    assert [word for word in SYNONYMS.values() if SYNONYMS[word] != word] == []


@pytest.mark.parametrize("name", sorted(JUDGE))
def test_no_alternative_of_a_pattern_stands_in_it_twice(name: str) -> None:
    innermost = re.compile(r"\((?:\?(?:P<\w+>|<?[:=!]))?([^()]*\|[^()]*)\)")
    patterns: list[str] = []
    module = import_module("app." + name.removesuffix(".py").replace("/", "."))
    for value in vars(module).values():
        inside = value if isinstance(value, tuple) else (value,)
        for item in inside:
            members = item if isinstance(item, tuple) else (item,)
            patterns += [found.pattern for found in members if isinstance(found, re.Pattern)]
    found = [
        (alternatives, twice(alternatives.split("|")))
        for pattern in patterns
        for alternatives in innermost.findall(pattern)
        if twice(alternatives.split("|"))
    ]
    assert found == []
