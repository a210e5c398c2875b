"""Nothing true is lost: everyday facts stay side by side, and a life is remembered alike in
whatever order it is told."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.embed.minilm import MiniLM
from app.memories.plan import NEIGHBOURS
from app.providers.registry import MINILM_BANDS
from app.rules.bands import PUBLISHED, Bands
from app.rules.decision import decide
from app.rules.types import Neighbour
from tests.providers.voyage import embedding

DATA = Path(__file__).parents[2] / "data"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MONTHS = [
    datetime(year, month, 15, tzinfo=UTC) for year in (2024, 2025, 2026) for month in range(1, 13)
]


def sections() -> dict[str, list[str]]:
    """The facts of each person and of the code base, as one memory knows them."""
    found: dict[str, list[str]] = {}
    for line in (DATA / "side_by_side.txt").read_text("utf-8").splitlines():
        if line.startswith("== "):
            facts = found.setdefault(line[3:], [])
        elif line and not line.startswith("#"):
            facts.append(line)
    return found


def lost(facts: list[str], similarity: Callable[[int, int], float], bands: Bands) -> Iterator[str]:
    """Tell one memory the facts, one after the other; give those that did not become one more."""
    live: list[int] = []
    for n, fact in enumerate(facts):
        near = sorted(((similarity(n, k), k) for k in live), reverse=True)[:NEIGHBOURS]
        neighbours = [Neighbour(UUID(int=k), facts[k], least, NOW) for least, k in near]
        decision = decide(fact, NOW, neighbours, bands)
        if decision.outcome != "new":
            yield f"{fact} {decision.outcome}: {decision.neighbour}"
        live.append(n)


def test_there_are_five_hundred_everyday_facts_and_a_life_in_forty_statements() -> None:
    facts = [fact for section in sections().values() for fact in section]

    assert len(facts) == len(set(facts)) == 600
    assert len(life()) == 40


@pytest.mark.parametrize("section", sections())
def test_everyday_facts_are_all_live_whatever_a_model_thinks_of_them(section: str) -> None:
    """Each fact has every other one as its neighbour, so close that each band is reached."""
    facts = sections()[section]
    taken = [
        f"{new} {decision.outcome} {decision.neighbour}"
        for new in facts
        for decision in [
            decide(
                new,
                NOW,
                [Neighbour(UUID(int=1), old, 0.99, NOW) for old in facts if old != new],
                PUBLISHED,
            )
        ]
        if decision.outcome != "new"
    ]

    assert taken == []


@pytest.mark.parametrize("section", sections())
def test_everyday_facts_are_all_live_with_the_faked_embedder(section: str) -> None:
    facts = sections()[section]
    vectors = np.array([embedding(fact, 1024) for fact in facts])
    cosines = np.minimum(vectors @ vectors.T, 0.9999)

    assert list(lost(facts, lambda n, k: float(cosines[n, k]), PUBLISHED)) == []


@pytest.mark.anyio
@pytest.mark.parametrize("section", sections())
async def test_everyday_facts_are_all_live_with_the_built_in_embedder(
    section: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    facts = sections()[section]
    model = MiniLM(tmp_path_factory.getbasetemp() / "minilm")
    vectors = np.array((await model.embed_documents(facts)).vectors)
    cosines = np.minimum(vectors @ vectors.T, 0.9999)

    assert list(lost(facts, lambda n, k: float(cosines[n, k]), MINILM_BANDS)) == []


@dataclass
class Memory:
    """A memory as the database keeps it: since when it holds, when it was said again, and until
    when it held."""

    fact: str
    valid_from: datetime
    said_again: datetime | None = None
    until: datetime | None = None
    successor: Memory | None = None


def life() -> list[tuple[datetime, str, str]]:
    """When each statement was said, how it ended, and its words."""
    lines = (DATA / "life.txt").read_text("utf-8").splitlines()
    rows = [line.split(None, 2) for line in lines if not line.startswith("#")]
    return [(_day(when), end, words) for when, end, words in rows]


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def remembered(told: list[tuple[datetime, str, str]]) -> list[Memory]:
    """Tell the statements in that order. What is replaced or late is dated as app/db/lineage.py
    does it, and what is said again counts from its first time to its last."""
    memories: list[Memory] = []
    for said, _, words in told:
        live = [memory for memory in memories if memory.successor is None]
        neighbours = [
            Neighbour(UUID(int=n), each.fact, 0.7, each.valid_from, said_again=each.said_again)
            for n, each in enumerate(live)
        ]
        decision = decide(words, said, neighbours, PUBLISHED)
        found = live[decision.neighbour.memory_id.int] if decision.neighbour else None
        if decision.outcome == "duplicate" and found is not None:
            _say_again(found, said, memories)
            continue
        new = Memory(words, said)
        if decision.outcome == "replaces" and found is not None:
            found.until, found.successor = said, new
        elif decision.outcome == "history" and found is not None:
            _insert(new, found, memories)
        memories.append(new)
    return memories


def _insert(new: Memory, successor: Memory, memories: list[Memory]) -> None:
    """Fit what came late into the line of what now holds."""
    line = [memory for memory in memories if _ends_in(memory, successor)]
    new.until = min(each.valid_from for each in line if each.valid_from > new.valid_from)
    new.successor = successor
    for each in line:
        if each.until and each.valid_from < new.valid_from < each.until:
            each.until = new.valid_from


def _say_again(found: Memory, said: datetime, memories: list[Memory]) -> None:
    """Let a memory hold since the first time that it was said, and what it replaced until then."""
    found.said_again = max(said, found.valid_from, found.said_again or said)
    for each in memories:
        if each.successor is not None and _ends_in(each, found) and each.until == found.valid_from:
            each.until = min(said, found.valid_from)
    found.valid_from = min(said, found.valid_from)


def _ends_in(memory: Memory, successor: Memory) -> bool:
    while memory is not successor:
        if memory.successor is None:
            return False
        memory = memory.successor
    return True


def truth(memories: list[Memory]) -> list[set[str]]:
    """What is true in the middle of each month."""
    return [
        {
            memory.fact
            for memory in memories
            if memory.valid_from <= month and (memory.until is None or month < memory.until)
        }
        for month in MONTHS
    ]


def wanted() -> list[set[str]]:
    """The truth of each month as the script has it."""
    return [
        {
            words
            for when, end, words in life()
            if when <= month and (end in ("-", "again") or month < _day(end))
        }
        - {words for when, end, words in life() if end not in ("-", "again") and month >= _day(end)}
        for month in MONTHS
    ]


def test_a_life_told_in_order_is_remembered_as_it_was() -> None:
    assert truth(remembered(life())) == wanted()


@pytest.mark.parametrize("seed", range(200))
def test_a_life_told_in_any_order_is_remembered_as_it_was(seed: int) -> None:
    told = life()
    random.Random(seed).shuffle(told)

    assert truth(remembered(told)) == wanted()
