"""The cut of the torture that runs with every other test: a fixed seed, each part harmed once, the
same checks."""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from uuid import UUID

import pytest

from app.rules.bands import PUBLISHED
from app.rules.decision import decide
from app.rules.types import Neighbour
from tests.providers.voyage import embedding
from torture import report
from torture.catalogue import CATALOGUE
from torture.checks.speed import READING, RECOVERY
from torture.clocks import SHORT
from torture.faults import FAULTS
from torture.plan import Plan
from torture.run import GIVE_UP_SECONDS, Run
from torture.script import MIX, Script
from torture.words import HOMES, STATEMENTS, VARIANTS, canaries_in, canary, named

CUT = (
    "worker_killed",
    "crash_with_the_answer_unsaved",
    "crash_before_commit",
    "crash_after_commit",
    "api_killed",
    "postgres_killed",
    "backends_terminated",
    "redis_killed",
    "redis_flushed",
    "replies_lost",
    "overloaded",
    "poison",
)


def test_nothing_is_lost_and_nothing_doubled_whatever_dies() -> None:
    plan = Plan(
        seed=1,
        faults=CUT,
        mixed_faults=0,
        calm_seconds=1.0,
        alone_seconds=0.2,
        per_second_alone=5.0,
        stories_alone=3.0,
        clocks=SHORT,
        posters=4,
        tellers=3,
        large=0.0,
        preloaded=True,
    )
    with tempfile.TemporaryDirectory(prefix="smara-torture-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        outcome = asyncio.run(Run(plan, Path(name)).go())

    # How soon it recovers and how fast it reads is judged where the machine has nothing else to do:
    # make torture.
    recovered = [each for each in outcome.verdicts if each.what.startswith(RECOVERY)]
    broken = [
        each
        for each in outcome.verdicts
        if not each.held and not each.what.startswith((RECOVERY, READING))
    ]
    assert broken == []
    assert sorted(each.what for each in recovered) == sorted(
        f"{RECOVERY} {what}" for what in (*CUT, "the last POST, until the queue was empty")
    )
    assert max(each.figure for each in recovered) < GIVE_UP_SECONDS
    assert sorted(outcome.times) == sorted(CUT)
    assert outcome.figures["accepted"] > 50
    assert outcome.figures["dead_by_reason"] == {"crashed": 1}
    page = report.markdown(report.document(outcome, finished_at="then"))
    assert "0 lost, 0 doubled, 0 misplaced, 0 unplanned, 0 in a wrong order; 12 faults" in page


def test_every_fault_is_injected_or_shown_by_tests_that_exist_or_says_why_not() -> None:
    assert list(CATALOGUE) == [f"F{n}" for n in range(1, 51)]
    injected = {number for fault in FAULTS.values() for number in fault.numbers}
    assert injected <= set(CATALOGUE)
    for number, known in CATALOGUE.items():
        assert number in injected or known.here or known.tests or known.open, number
        for cited in known.tests:
            file, name = cited.split("::")
            assert re.search(rf"def {name}\(", Path(file).read_text()), f"{number} cites {cited}"


def test_every_fault_says_what_it_does() -> None:
    assert [name for name, fault in FAULTS.items() if not fault.does.endswith(".")] == []


def test_no_two_canaries_are_alike() -> None:
    words = [canary(number) for number in range(100_000)]

    assert len(set(words)) == 100_000
    assert canaries_in(f"{named(words[1])} met {words[2].upper()}.") == {words[1], words[2]}


def test_facts_of_different_birds_are_different_facts() -> None:
    facts = [each.format(named(canary(n))) for n in (1, 2) for each in (*STATEMENTS, HOMES[0])]
    homes = {HOMES[0].format(named(canary(n))) for n in (1, 2)}

    alike = [
        (one, other)
        for one, other in permutations(facts, 2)
        if verdict(one, other) != "new" and {one, other} != homes
    ]

    assert alike == []


def test_the_variants_of_a_fact_are_one_fact_and_a_new_home_replaces_the_old_one() -> None:
    variants = [each.format(named(canary(1))) for each in VARIANTS]
    homes = [each.format(named(canary(n))) for n in (1, 2) for each in HOMES]

    assert {verdict(*pair) for pair in permutations(variants, 2)} == {"duplicate"}
    assert {verdict(new, old) for new in homes[:2] for old in homes[2:]} == {"replaces"}


@pytest.mark.parametrize("name", MIX)
def test_the_same_seed_plans_the_same_acts(name: str) -> None:
    first, second = (Script(5, tenants=3).act(name) for _ in range(2))

    assert first == second
    assert len({entry.key for entry in first.entries}) == len(first.entries)


def test_a_large_chat_plans_as_many_facts_as_are_asked_for_and_keeps_the_first() -> None:
    [entry] = Script(5, tenants=3, large_facts=30, most=20).act("large").entries

    assert (len(entry.facts), len(entry.canaries), entry.most) == (30, 20, 20)


def verdict(new: str, old: str) -> str:
    """What becomes of a fact beside another, as the service judges it with the fake's vectors."""
    now, similarity = datetime.now(UTC), float(embedding(new, 1024) @ embedding(old, 1024))
    beside = Neighbour(UUID(int=1), old, min(similarity, 0.9999), now)
    return decide(new, now, [beside], PUBLISHED).outcome
