"""Changed states, other languages, identifiers and restatements: where a word decides."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.rules.bands import PUBLISHED
from app.rules.decision import decide
from app.rules.judge.judge import judge
from app.rules.types import Neighbour


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User takes their coffee black.", "User takes their coffee with milk now."),
        ("User takes their coffee with sugar.", "User now takes their coffee black."),
        ("User wears their hair long.", "User wears their hair short these days."),
        ("User pays the rent by transfer.", "User nowadays pays the rent by card."),
        ("User works at Acme.", "User got a new job at Initech."),
        ("User works for Acme.", "User started a job with Initech."),
        ("User works at Acme.", "User was hired by Initech."),
    ],
)
def test_a_changed_state_replaces_the_old_one(old: str, new: str) -> None:
    judgement = judge(new, old, 0.8)

    assert (judgement.verdict, judgement.reason) == ("replaces", "same_attribute_new_value")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User likes tea.", "User likes coffee now."),
        ("User plays the guitar every Sunday.", "User plays the guitar in a band now."),
        ("User plays chess with Tom.", "User plays chess at the club now."),
        ("User has a dog.", "User has a cat now."),
        ("User works at Acme.", "User got a second job at Initech."),
        ("User works at Acme.", "User's wife got a new job at Initech."),
    ],
)
def test_a_new_thing_beside_the_old_one_replaces_nothing(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "different"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User vive en Sevilla.", "User vive ahora en Valencia."),
        ("User vive en Sevilla.", "User ahora vive en Valencia."),
        ("User vive en Madrid con su mujer.", "User vive en Sevilla."),
        ("User vive en Madrid.", "User se mudó a Valencia."),
        ("User trabaja para Acme.", "User trabaja ahora para Initech."),
        ("User trabaja en Acme.", "User ahora trabaja en Initech."),
        ("User wohnt in Berlin.", "User wohnt jetzt in Hamburg."),
        ("User lebt in Berlin.", "User wohnt seit Mai in Hamburg."),
        ("User wohnt in Berlin.", "User ist nach Hamburg gezogen."),
        ("User arbeitet bei Siemens.", "User arbeitet jetzt bei Bosch."),
        ("User habite à Lyon.", "User habite maintenant à Paris."),
        ("User vit à Lyon.", "User habite à Paris maintenant."),
        ("User travaille chez Renault.", "User travaille maintenant chez Peugeot."),
    ],
)
def test_a_new_home_or_employer_replaces_the_old_one_in_other_languages(old: str, new: str) -> None:
    judgement = judge(new, old, 0.8)

    assert (judgement.verdict, judgement.reason) == ("replaces", "same_attribute_new_value")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User vive en Sevilla.", "User vive en un piso pequeño."),
        ("User wohnt in Berlin.", "User wohnt in einer Wohngemeinschaft."),
        ("User habite à Lyon.", "User habite dans un appartement."),
        ("User wohnt in Berlin.", "User arbeitet bei Siemens."),
    ],
)
def test_how_one_lives_is_not_where_in_other_languages(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "different"


def test_the_same_home_in_another_language_said_twice_is_a_duplicate() -> None:
    assert judge("User vive ahora en Sevilla.", "User vive en Sevilla.", 0.9).verdict == "duplicate"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User vive en Sevilla.", "User ya no vive en Sevilla."),
        ("User wohnt in Berlin.", "User wohnt nicht mehr in Berlin."),
        ("User habite à Lyon.", "User n'habite plus à Lyon."),
    ],
)
def test_an_ended_home_is_retired_in_other_languages(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "replaces"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Sprint 42 ends Friday.", "Sprint 43 ends Friday."),
        ("Canary number 5 sings.", "Canary number 15 sings."),
        ("The sprint 42 ends Friday.", "The sprint 43 ends Friday."),
        ("User has canary number 5.", "User has canary number 15."),
        ("User booked room 12 for the workshop.", "User booked room 14 for the workshop."),
        ("Chapter 3 covers retries.", "Chapter 4 covers retries."),
        ("User's ticket #17 is about logins.", "User's ticket #18 is about logins."),
        ("User's flight BA117 leaves at noon.", "User's flight BA118 leaves at noon."),
    ],
)
def test_two_identifiers_are_two_things_however_close(old: str, new: str) -> None:
    assert judge(new, old, 0.95).verdict == "different"
    neighbour = Neighbour(UUID(int=1), old, 0.97, datetime(2026, 1, 1, tzinfo=UTC))
    assert decide(new, datetime(2026, 3, 1, tzinfo=UTC), [neighbour], PUBLISHED).outcome == "new"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User has 2 cats.", "User has 3 cats."),
        ("User's team has 5 members.", "User's team has 8 members."),
        ("User lives on floor 3.", "User lives on floor 5."),
        ("User's app is at version 3.", "User's app is at version 4."),
        ("User weighs 80 kg.", "User weighs 78 kg."),
        ("User's 2 cats are black.", "User's 3 cats are black."),
    ],
)
def test_another_amount_of_one_thing_replaces_the_old_one(old: str, new: str) -> None:
    assert judge(new, old, 0.95).verdict == "replaces"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "User is allergic to peanuts.",
            "User is allergic to peanuts, remember, so no satay please.",
        ),
        (
            "User is allergic to peanuts, remember, so no satay please.",
            "User is allergic to peanuts.",
        ),
        ("User is vegan.", "User is vegan, so please no cheese."),
    ],
)
def test_a_longer_restatement_is_a_duplicate(old: str, new: str) -> None:
    assert judge(new, old, 0.9).verdict == "duplicate"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User eats fish.", "User eats fish, but no shellfish."),
        ("User lives in Berlin.", "User lives in Berlin, so works at a startup there."),
        ("User lives in Berlin.", "User lives in Berlin, not far from the lake."),
    ],
)
def test_a_restatement_that_adds_something_stays_beside_the_first(old: str, new: str) -> None:
    neighbour = Neighbour(UUID(int=1), old, 0.97, datetime(2026, 1, 1, tzinfo=UTC))

    assert decide(new, datetime(2026, 3, 1, tzinfo=UTC), [neighbour], PUBLISHED).outcome == "new"


def test_a_restatement_that_takes_itself_back_still_ends_the_first() -> None:
    assert judge("User smoked, but no longer.", "User smokes.", 0.9).verdict == "replaces"


@pytest.mark.parametrize("similarity", [0.56, 0.75, 0.93, 0.97, 0.99])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User has a bad left knee.", "User has a bad right knee."),
        (
            "User had surgery on their left knee in the hospital of Bergen.",
            "User had surgery on their right knee in the hospital of Bergen.",
        ),
        ("User's pain is in the left knee.", "User's pain is in the right knee."),
        (
            "User has pain in the left shoulder.",
            "User no longer has pain in the right shoulder.",
        ),
        ("User goes for early runs by the river.", "User goes for late runs by the river."),
        ("User takes the early train to Bergen.", "User stopped taking the late train to Bergen."),
        ("User painted the upper cupboards green.", "User painted the lower cupboards green."),
        ("User's team sits in the north wing.", "User's team meets in the south wing."),
        ("User keeps a bike inside the flat.", "User keeps a bike outside the flat."),
    ],
)
def test_the_side_or_the_time_of_day_tells_two_things_apart_however_close(
    old: str, new: str, similarity: float
) -> None:
    neighbour = Neighbour(UUID(int=1), old, similarity, datetime(2026, 1, 1, tzinfo=UTC))
    assert decide(new, datetime(2026, 3, 1, tzinfo=UTC), [neighbour], PUBLISHED).outcome == "new"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User wears a brace on their left knee.", "User wears a brace on their right knee now."),
        ("User's flight is early on Monday.", "User's flight was moved to late Tuesday."),
        ("User lives in South Bergen.", "User moved to North Bergen."),
    ],
)
def test_a_side_that_changed_replaces_the_old_one(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "replaces"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User wants to rent a boat in Split.", "User wants to eat meat in Split."),
        ("User wants to sell the flat in Split.", "User wants to buy a flat in Split."),
        ("User rents a flat in Split.", "User wants to buy a flat in Split."),
        ("User's shift starts at 9.", "User's shift finishes at 17."),
        ("User's shop opens at 9.", "User's shop closes at 18."),
        ("User is in the garden every day.", "User is in the library."),
        ("User is 30 years old.", "User's uncle is 50 years old."),
        ("User takes their coffee in the morning.", "User takes their coffee in the evening now."),
    ],
)
def test_two_dealings_places_and_moments_can_both_be_true(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "different"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User wants the vegetarian menu.", "User wants the meat menu."),
        ("User prefers brief answers.", "User prefers long answers."),
        ("User prefers concise answers.", "User prefers long answers."),
        ("User prefers hot lunches.", "User prefers cold lunches."),
    ],
)
def test_of_two_opposites_the_newer_one_holds(old: str, new: str) -> None:
    judgement = judge(new, old, 0.8)

    assert (judgement.verdict, judgement.reason) == ("replaces", "opposite")


def test_concise_is_not_a_british_spelling() -> None:
    old, new = "User prefers brief answers.", "User prefers concise answers."
    assert judge(new, old, 0.8).verdict == "duplicate"
