"""The word lists as they are written: what a set hides once it is built, a doubled word or a
missing quote, is looked for in the source.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

APP = Path(__file__).parents[3] / "app"
MODULES = {
    str(path.relative_to(APP)): ast.parse(path.read_text("utf-8")) for path in APP.rglob("*.py")
}
BUILDERS = {"word_list", "word_set", "word_map"}
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
    assert len(list(calls())) > 30
    assert {where.partition(":")[0] for where, *_ in calls()} > {
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
            WORD.fullmatch(word) for word in re.split({"word_map": ":"}.get(builder, "/"), entry)
        )
    ]
    assert strange == []


def test_pairs_have_two_members_and_neither_is_empty_or_the_other() -> None:
    pairs = [
        (where, entry, entry.split(":"))
        for where, builder, entries in calls()
        if builder == "word_map"
        for entry in entries
    ]
    assert len(pairs) > 5
    assert [pair for pair in pairs if len(pair[2]) != 2 or not all(pair[2])] == []
