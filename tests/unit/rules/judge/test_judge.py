from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules.judge.judge import judge
from tests.support.growth import grows_linearly


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Lives in New York", "Lives in New York City"),
        ("User lives in Berlin.", "The user lives in Berlin"),
        (
            "User lives in London with two flatmates.",
            "The user lives with two flatmates in London.",
        ),
        ("User has a golden retriever called Max.", "The user owns a golden retriever named Max."),
        (
            "User works as a software engineer at Google.",
            "The user is employed at Google as a software developer.",
        ),
        ("User is lactose intolerant.", "The user can't digest lactose."),
        ("User runs 5 km every morning.", "Every morning the user runs five kilometres."),
        ("User drinks coffee twice a day.", "The user has coffee two times a day."),
        ("User's budget is $500.", "The user's budget is 500 dollars."),
        ("User raised $2M.", "The user raised two million dollars."),
        ("User moved to Canada in 2015.", "In 2015 the user relocated to Canada."),
        ("User's favourite colour is teal.", "Teal is the user's favorite color."),
        ("User runs a start-up.", "The user runs a startup."),
        ("User hates coriander.", "The user can't stand coriander."),
        ("User uses VS Code.", "The user uses Visual Studio Code."),
        ("Caroline enjoys hiking.", "Caroline likes hiking."),
    ],
)
def test_the_same_fact_in_other_words_is_a_duplicate(old: str, new: str) -> None:
    assert judge(new, old, 0.9).verdict == "duplicate"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Lives in New York City", "Lives in San Francisco", "same_attribute_new_value"),
        ("User works at Stripe.", "User joined Google.", "same_attribute_new_value"),
        ("User is single.", "User got married.", "same_attribute_new_value"),
        ("User is 29 years old.", "User is 30 years old.", "same_attribute_new_value"),
        (
            "User's favourite food is pizza.",
            "User's favourite food is sushi.",
            "same_attribute_new_value",
        ),
        ("User's manager is Priya.", "User's manager is Tom.", "same_attribute_new_value"),
        ("User drives to work.", "User cycles to work.", "same_attribute_new_value"),
        ("User prefers tea over coffee.", "User prefers coffee over tea.", "opposite"),
        ("User wants dark mode.", "User wants light mode.", "opposite"),
        ("User is learning French.", "User gave up learning French.", "ended"),
        ("User plays tennis every week.", "User stopped playing tennis.", "ended"),
        ("User owns a Tesla.", "User sold the Tesla.", "ended"),
        ("User's project uses React.", "User's project migrated from React to Vue.", "moved_on"),
        ("User has no children.", "User has a daughter.", "negated"),
        ("User likes spicy food.", "User doesn't like spicy food.", "negated"),
        ("User's team has 5 members.", "User's team has 8 members.", "different_numbers"),
        ("User's deadline is 5 May.", "User's deadline is 12 May.", "different_numbers"),
        ("User's flight is on Monday.", "User's flight was moved to Tuesday.", "rescheduled"),
    ],
)
def test_a_new_value_of_one_attribute_replaces_the_old_one(old: str, new: str, reason: str) -> None:
    judgement = judge(new, old, 0.8)

    assert (judgement.verdict, judgement.reason) == ("replaces", reason)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User likes tea.", "User likes coffee."),
        ("User speaks German.", "User speaks French."),
        ("User is allergic to nuts.", "User is allergic to penicillin."),
        ("User has a brother.", "User has a sister."),
        ("User has a dog.", "User has a dog allergy."),
        ("User visited Japan in 2018.", "User visited Japan in 2022."),
        ("User lives in Berlin.", "User's brother lives in Munich."),
        ("User works at Google.", "User's wife works at Apple."),
        ("Caroline lives in Oslo.", "Melanie lives in Oslo."),
        ("User was born in Italy.", "User lives in France."),
        ("User lives in Berlin.", "User lives with two cats."),
        ("User worked at Google until 2019.", "User works at Stripe."),
        ("User works as a nurse at St Mary's.", "User works as a DJ on weekends."),
        ("User's favourite colour is blue.", "User's favourite food is pizza."),
        ("User prefers tea in the morning.", "User prefers wine in the evening."),
        ("User prefers dark mode in the IDE.", "User prefers light mode in the browser."),
        ("User doesn't eat pork.", "User eats beef."),
        ("User stopped smoking.", "User stopped eating sugar."),
        ("User's dog Rex is 5.", "User's dog Luna is 2."),
        ("User goes climbing on Tuesdays.", "User goes swimming on Thursdays."),
        ("User's work email is a@x.com.", "User's personal email is b@y.com."),
        ("User takes 20 mg of lisinopril.", "User takes 500 mg of metformin."),
        ("Jon said: It hasn't been easy.", "Jon said: It has been easy."),
        ("Visited Paris in 2019", "Visited Rome in 2019"),
        ("Supports Arsenal since childhood", "Supports Chelsea since childhood"),
        ("Dislikes Java for backends", "Dislikes Ruby for backends"),
        ("Doctor Lee is on leave", "Doctor Wu is on leave"),
        ("Anna Smith likes tea", "Anna Jones likes tea"),
        ("Anna Smith lives in Rome", "Anna Jones lives in Oslo"),
        ("Project Atlas is due on 3 May", "Project Zeus is due on 9 May"),
        ("Flight BA12 leaves at 9", "Flight LH77 leaves at 11"),
        (
            "Ana shared a photo: people around a table.",
            "Ana shared a photo: people sitting around a table.",
        ),
    ],
)
def test_two_truths_stand_beside_each_other(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "different"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User flies from Oslo to Rome.", "User flies from Rome to Oslo."),
        ("User eats meat at home.", "User doesn't eat meat at work."),
        ("User prefers short flights.", "User prefers morning flights."),
        ("User's mother is 70.", "User's mother is a painter."),
    ],
)
def test_what_only_a_reader_can_tell_is_left_to_the_band(old: str, new: str) -> None:
    assert judge(new, old, 0.8).verdict == "unsure"


def test_the_direction_counts_a_fact_that_came_back_replaces_its_end() -> None:
    assert judge("User no longer lives in Oslo.", "User lives in Oslo.", 0.9).verdict == "replaces"


def test_texts_without_words_are_left_to_the_band_or_different() -> None:
    assert judge("...", "", 0.1).verdict in ("different", "unsure")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200), st.floats(-1, 1))
def test_any_two_texts_get_a_verdict(new: str, old: str, similarity: float) -> None:
    first = judge(new, old, similarity)

    assert first.verdict in ("duplicate", "replaces", "different", "unsure")
    assert first == judge(new, old, similarity)
    assert first.reason.replace("_", "").isalpha()


@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "User's ",
        "not ",
        "1,000",
        "lives in ",
        "has a ",
        "from to ",
        "x-",
        "'",
        "the most ",
        "a, ",
        "x so ",
        "room 1 ",
    ],
)
def test_the_time_grows_with_the_length_of_the_texts_alone(piece: str) -> None:
    assert grows_linearly(lambda n: judge(piece * n, "User " + piece * n, 0.9), 5_000)
