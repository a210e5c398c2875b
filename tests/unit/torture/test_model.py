"""The oracle of the chaos tests: the right state passes, and what is wrong is caught as what it
is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.rules.content_hash import content_hash
from torture.model.deeds import (
    Acceptance,
    Deed,
    Dissolved,
    Edited,
    Ended,
    Erased,
    Fact,
    Place,
    Restored,
    Said,
)
from torture.model.expected import expected
from torture.model.findings import Wrong, done_out_of_order, findings, out_of_order
from torture.model.rows import Row
from torture.words import canary, named

ADA = Place("tenant-1", "ada")
BEN = Place("tenant-1", "ben")
MOVER = Place("tenant-1", "mover-1")
ERASED = Place("tenant-1", "person-1")
TEAM = Place("tenant-1", "ada", team="crew")
WORDS = [canary(number) for number in range(1, 20)]


def fact(n: int, sentence: str = "My canary {} sings.") -> Fact:
    return Fact(WORDS[n], sentence.format(named(WORDS[n])))


def home(n: int) -> Fact:
    return fact(n, "I live in {}.")


DEEDS: tuple[Deed, ...] = (
    Said((fact(0), fact(1)), ADA, source="c-0"),
    Said((fact(2),), BEN, source="c-2"),
    Said((home(3),), MOVER, "c-3", topic="home", at="09:00"),
    Said((home(4),), MOVER, "c-4", topic="home", at="09:01"),
    Said((fact(5),), replace(ADA, namespace="work")),
    Edited(WORDS[5], text=fact(5, "{} built a nest.").text),
    Edited(WORDS[5], text=fact(5, "{} built two nests.").text),
    Said((fact(6),), TEAM),
    Said((fact(7),), ADA),
    Ended((WORDS[7],)),
    Said((fact(8),), ERASED, source="c-8"),
    Erased("tenant-1", "person-1"),
    Said((fact(9),), replace(ADA, agent="robot")),
    Said((fact(10),), ADA, waits=True),
    Said((fact(11), fact(12)), BEN, source="c-11", most=1),
)


def row(
    n: int,
    place: Place,
    text: str | None = None,
    *,
    source: str | None = None,
    state: str = "live",
    quote: str = "",
    by: str | None = None,
    memory: str = "",
    scope: str = "",
) -> Row:
    said = text or fact(n).text
    where = place.team or f"{place.user} {place.agent}"
    return Row(
        memory or f"m-{n}",
        place,
        said,
        quote or (said if source else ""),
        content_hash(said),
        state,
        source,
        by,
        scope or f"{place.tenant} {where} {place.namespace}",
    )


RIGHT: dict[str, Row] = {
    "m-0": row(0, ADA, source="c-0"),
    "m-1": row(1, ADA, source="c-0"),
    "m-2": row(2, BEN, source="c-2"),
    "m-3": row(3, MOVER, home(3).text, source="c-3", state="superseded", by="m-4"),
    "m-4": row(4, MOVER, home(4).text, source="c-4"),
    "m-5": row(5, replace(ADA, namespace="work"), fact(5, "{} built two nests.").text),
    "m-6": row(6, TEAM),
    "m-9": row(9, replace(ADA, agent="robot")),
    "m-10": row(10, ADA, state="quarantined"),
    "m-11": row(11, BEN, source="c-11"),
}

Rows = dict[str, Row]


def judged(rows: Rows, deeds: tuple[Deed, ...] = DEEDS) -> set[Wrong]:
    return {each.wrong for each in findings(expected(deeds), [*rows.values()], ["tenant-1"])}


def changed(memory: str, **columns: object) -> Callable[[Rows], Rows]:
    return lambda rows: {**rows, memory: replace(rows[memory], **columns)}  # type: ignore[arg-type]


def reworded(memory: str, text: str) -> Callable[[Rows], Rows]:
    return changed(memory, fact=text, content_hash=content_hash(text))


def added(new: Row) -> Callable[[Rows], Rows]:
    return lambda rows: {**rows, new.memory: new}


def without(memory: str) -> Callable[[Rows], Rows]:
    return lambda rows: {name: each for name, each in rows.items() if name != memory}


def both(first: Callable[[Rows], Rows], second: Callable[[Rows], Rows]) -> Callable[[Rows], Rows]:
    return lambda rows: second(first(rows))


def test_the_right_state_passes() -> None:
    assert judged(RIGHT) == set()


WRONG: dict[str, tuple[Callable[[Rows], Rows], set[Wrong]]] = {
    # The seven that the checks before this oracle were fed.
    "a fact is lost": (without("m-2"), {Wrong.LOST}),
    "a fact lives twice": (
        added(row(2, BEN, source="c-2", memory="m-2-again")),
        {Wrong.DOUBLED},
    ),
    "a fact went to another user of the tenant": (
        changed("m-2", place=ADA, scope=RIGHT["m-0"].scope),
        {Wrong.MISPLACED},
    ),
    "the mover keeps the old home, the newer one is lost": (
        both(without("m-4"), changed("m-3", state="live", superseded_by=None)),
        {Wrong.WRONG_ORDER, Wrong.LOST},
    ),
    "the mover lives somewhere that nobody said": (
        added(row(18, MOVER, home(18).text, source="c-4")),
        {Wrong.UNPLANNED},
    ),
    "the word is there, the sentence around it is wrong": (
        reworded("m-0", fact(0, "My canary {} never sings, hates singing.").text),
        {Wrong.ALTERED},
    ),
    "a memory that nobody planted": (
        added(row(17, ADA, "User owns a yacht.", memory="m-yacht")),
        {Wrong.UNPLANNED},
    ),
    # More of the kind.
    "two updates in the other order": (
        reworded("m-5", fact(5, "{} built a nest.").text),
        {Wrong.WRONG_ORDER},
    ),
    "two homes in the other order": (
        both(
            changed("m-3", state="live", superseded_by=None),
            changed("m-4", state="superseded", superseded_by="m-3"),
        ),
        {Wrong.WRONG_ORDER, Wrong.LOST},
    ),
    "a superseded home is still live": (
        changed("m-3", state="live", superseded_by=None),
        {Wrong.WRONG_ORDER},
    ),
    "what was replaced is not kept": (without("m-3"), {Wrong.LOST}),
    "history that names something else as its successor": (
        changed("m-3", superseded_by="m-0"),
        {Wrong.WRONG_ORDER},
    ),
    "a live one is retired": (changed("m-1", state="superseded"), {Wrong.LOST}),
    "a live one waits for a review": (changed("m-1", state="quarantined"), {Wrong.LOST}),
    "one that waits for its review is live": (changed("m-10", state="live"), {Wrong.LOST}),
    "the namespaces of two facts are swapped": (
        both(
            changed("m-5", place=ADA, scope=RIGHT["m-0"].scope),
            changed("m-0", place=RIGHT["m-5"].place, scope=RIGHT["m-5"].scope),
        ),
        {Wrong.MISPLACED},
    ),
    "a team's fact is private": (
        changed("m-6", place=ADA, scope=RIGHT["m-0"].scope),
        {Wrong.MISPLACED},
    ),
    "a private fact is a team's": (
        changed("m-1", place=TEAM, scope=RIGHT["m-6"].scope),
        {Wrong.MISPLACED},
    ),
    "a team's fact has another author": (
        changed("m-6", place=replace(TEAM, user="ben")),
        {Wrong.MISPLACED},
    ),
    "an agent's fact is its user's": (
        changed("m-9", place=ADA, scope=RIGHT["m-0"].scope),
        {Wrong.MISPLACED},
    ),
    "the right place, and the scope of another": (
        changed("m-2", scope=RIGHT["m-0"].scope),
        {Wrong.MISPLACED},
    ),
    "a fact of an erased person": (added(row(8, ERASED, source="c-8")), {Wrong.RETURNED}),
    "a superseded fact of an erased person": (
        added(row(8, ERASED, source="c-8", state="superseded")),
        {Wrong.RETURNED},
    ),
    "a deleted fact": (added(row(7, ADA)), {Wrong.RETURNED}),
    "a fact beyond the bound of one conversation": (
        added(row(12, BEN, source="c-11")),
        {Wrong.RETURNED},
    ),
    "the words are right and their digest is not": (
        changed("m-2", content_hash=content_hash("something else")),
        {Wrong.ALTERED},
    ),
    "one letter is another": (
        reworded("m-2", fact(2, "My canary {} sinks.").text),
        {Wrong.ALTERED},
    ),
    "a blank too many": (changed("m-2", fact=fact(2).text + " "), {Wrong.ALTERED}),
    "learned from another conversation": (changed("m-2", source="c-0"), {Wrong.WRONG_SOURCE}),
    "learned from none": (changed("m-2", source=None), {Wrong.WRONG_SOURCE}),
    "stated directly, and said to be learned": (changed("m-6", source="c-0"), {Wrong.WRONG_SOURCE}),
    "the quote is of another fact": (changed("m-2", quote=fact(1).text), {Wrong.WRONG_SOURCE}),
    "two facts in one memory": (
        reworded("m-2", f"{fact(2).text} {fact(1).text}"),
        {Wrong.LOST, Wrong.UNPLANNED},
    ),
    "a second, superseded row of a fact that was never replaced": (
        added(row(2, BEN, source="c-2", state="superseded", memory="m-2-old")),
        {Wrong.UNPLANNED},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_went_wrong_is_caught_as_what_it_is(name: str) -> None:
    harm, wrong = WRONG[name]

    assert judged(harm(dict(RIGHT))) == wrong


def test_memories_of_tenants_that_nobody_watches_are_not_judged() -> None:
    elsewhere = row(18, Place("attacker", "eve"))

    assert judged({**RIGHT, "m-e": elsewhere}) == set()


def test_a_fact_told_in_several_ways_lives_once_in_any_of_them() -> None:
    deeds = (
        Said((fact(0),), ADA, source="c-1"),
        Said((fact(0, "my canary {} sings!"),), ADA, source="c-2"),
    )
    either = [row(0, ADA, source="c-1"), row(0, ADA, "my canary {} sings!", source="c-2")]
    either[1] = row(0, ADA, fact(0, "my canary {} sings!").text, source="c-2")

    assert [judged({"m": each}, deeds) for each in either] == [set(), set()]
    assert judged({"m": row(0, ADA, source="c-3")}, deeds) == {Wrong.WRONG_SOURCE}


@pytest.mark.parametrize(
    ("deed", "right"),
    [
        (Ended((WORDS[0],), sure=False), [{}, {"m": row(0, ADA)}]),
        (
            Edited(WORDS[0], namespace="work", sure=False),
            [{"m": row(0, ADA)}, {"m": row(0, replace(ADA, namespace="work"))}],
        ),
        (
            Edited(WORDS[0], text=fact(0, "{} flew.").text, sure=False),
            [{"m": row(0, ADA)}, {"m": row(0, ADA, fact(0, "{} flew.").text)}],
        ),
    ],
)
def test_a_deed_without_an_answer_may_have_happened_or_not(deed: Deed, right: list[Rows]) -> None:
    deeds = (Said((fact(0),), ADA), deed)

    assert [judged(rows, deeds) for rows in right] == [set() for _ in right]
    assert judged({"m": row(0, BEN)}, deeds) != set()


def test_what_was_never_answered_may_be_there_or_not() -> None:
    deeds = (Said((fact(0),), ADA, sure=False),)

    assert judged({}, deeds) == judged({"m": row(0, ADA)}, deeds) == set()
    assert judged({"m": row(0, BEN)}, deeds) != set()


def test_of_homes_that_were_accepted_at_the_same_time_any_one_is_the_last() -> None:
    deeds = (
        Said((home(3),), MOVER, topic="home", at="09:00"),
        Said((home(4),), MOVER, topic="home", at="09:00"),
    )
    first = {
        "m-3": row(3, MOVER, home(3).text, state="superseded", by="m-4"),
        "m-4": row(4, MOVER, home(4).text),
    }
    second = {
        "m-3": row(3, MOVER, home(3).text),
        "m-4": row(4, MOVER, home(4).text, state="superseded", by="m-3"),
    }
    none = {"m-3": first["m-3"], "m-4": second["m-4"]}
    all_of_them = {"m-3": second["m-3"], "m-4": first["m-4"]}

    assert judged(first, deeds) == judged(second, deeds) == set()
    assert judged(none, deeds) == {Wrong.LOST}
    assert judged(all_of_them, deeds) == {Wrong.WRONG_ORDER}


def test_homes_count_by_their_time_whatever_order_their_answers_came_in() -> None:
    swapped = (*DEEDS[:2], DEEDS[3], DEEDS[2], *DEEDS[4:])

    assert judged(RIGHT, swapped) == set()


def test_what_a_dissolved_team_knew_goes_to_who_told_it() -> None:
    deeds = (Said((fact(6),), TEAM), Dissolved("tenant-1", "crew"))

    assert judged({"m": row(6, ADA)}, deeds) == set()
    assert judged({"m": row(6, TEAM)}, deeds) == {Wrong.MISPLACED}


def test_what_was_restored_is_live_beside_what_had_replaced_it() -> None:
    deeds = (*DEEDS[2:4], Restored(WORDS[3]))
    rows = {"m-3": replace(RIGHT["m-3"], state="live", superseded_by=None), "m-4": RIGHT["m-4"]}

    assert judged(rows, deeds) == set()
    assert judged({"m-3": RIGHT["m-3"], "m-4": RIGHT["m-4"]}, deeds) == {Wrong.LOST}


def test_a_reverted_fact_that_is_learned_again_is_live() -> None:
    deeds = (
        Said((fact(0),), ADA, source="c-0"),
        Ended((WORDS[0],)),
        Said((fact(0),), ADA, source="c-0"),
    )

    assert judged({"m": row(0, ADA, source="c-0")}, deeds) == set()
    assert judged({}, deeds) == {Wrong.LOST}


def test_an_erased_person_who_speaks_again_is_remembered_from_then_on() -> None:
    deeds = (
        Said((fact(0),), ERASED),
        Erased("tenant-1", "person-1"),
        Said((fact(1),), ERASED),
    )

    assert judged({"m": row(1, ERASED)}, deeds) == set()
    assert judged({"m": row(1, ERASED), "n": row(0, ERASED)}, deeds) == {Wrong.RETURNED}


def test_acceptances_contradict_their_clients_only_when_they_did_not_overlap() -> None:
    first = Acceptance("first", ("t", "u"), sent=1.0, answered=2.0, created_at="09:00:01")
    beside = Acceptance("beside", ("t", "u"), sent=1.5, answered=2.5, created_at="09:00:00")
    after = Acceptance("after", ("t", "u"), sent=3.0, answered=4.0, created_at="09:00:02")
    early = replace(after, created_at="08:59:00")

    assert out_of_order([after, first, beside]) == []
    assert {each.wrong for each in out_of_order([first, beside, early])} == {Wrong.WRONG_ORDER}
    assert out_of_order([first, replace(early, owner=("t", "other"))]) == []


def test_conversations_of_one_owner_end_in_the_order_in_which_they_were_accepted() -> None:
    assert done_out_of_order([("a", "1", "10:00"), ("a", "2", "10:01"), ("b", "0", "10:02")]) == []
    assert len(done_out_of_order([("a", "1", "10:02"), ("a", "2", "10:01")])) == 1
