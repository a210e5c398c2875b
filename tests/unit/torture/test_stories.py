"""The stories that clients tell, and that the seed makes them what they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from torture.ledger import Kind, Ledger
from torture.model.deeds import Place
from torture.model.expected import Standing, expected
from torture.script import Script
from torture.stories import STORIES, Teller
from torture.traffic import Traffic
from torture.words import canary


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def told(ledger: Ledger, number: int) -> list[str]:
    """What a story of this number begins with."""
    teller = Teller(Traffic([], ["key"] * 3, ledger, seed=5), ["key"] * 3, 5, number)
    return [str(teller.tenant), teller.user, teller.fact().text, teller.fact().text]


@pytest.mark.anyio
async def test_the_same_number_tells_the_same_story_whatever_was_told_before(
    ledger: Ledger,
) -> None:
    first, second = told(ledger, 1), told(ledger, 2)

    assert told(ledger, 1) == first
    assert told(ledger, 2) == second != first


def test_every_story_says_what_happens_in_it() -> None:
    assert [name for name, story in STORIES.items() if not story.tell.__doc__] == []
    assert all(story.weight > 0 for story in STORIES.values())


def test_the_words_of_posters_stories_keys_and_attackers_are_never_the_same() -> None:
    from torture.attackers import CANARIES_FROM as OF_ATTACKERS
    from torture.script import LARGE_FROM
    from torture.stories.teller import CANARIES_EACH, CANARIES_FROM

    # So many of each: a million posted facts, 200,000 stories, 3,000 large chats.
    assert CANARIES_FROM >= 1_000_000
    assert LARGE_FROM >= CANARIES_FROM + 200_000 * CANARIES_EACH
    assert OF_ATTACKERS >= LARGE_FROM + 3_000 * 3_000
    assert canary(23_900_000) != canary(23_000_000)


def test_what_is_accepted_is_what_must_be_there(ledger: Ledger) -> None:
    script = Script(5, tenants=3, large_facts=30, most=20)
    entries = [script.act(name).entries[0] for name in ("plain", "dream", "large")]
    for n, entry in enumerate(entries):
        ledger.plan(entry)
        for _ in range(2):  # The second answer is that of a client that has asked again.
            ledger.accept(entry, f"id-{n}", f"2026-01-01T00:00:0{n}.000Z")

    states = expected(ledger.deeds).states
    standing = {
        entry.kind: [next(iter(states[fact.word])).standing for fact in entry.facts]
        for entry in entries
    }
    assert set(standing[Kind.PLAIN]) == {Standing.LIVE}
    assert standing[Kind.DREAM] == [Standing.GONE]
    assert standing[Kind.LARGE] == [Standing.LIVE] * 20 + [Standing.GONE] * 10
    assert len(ledger.accepted) == 3


def test_places_differ_by_each_of_their_parts() -> None:
    place = Place("tenant-0", "ada")

    assert len({place, Place("tenant-1", "ada"), Place("tenant-0", "ada", agent="a")}) == 3
