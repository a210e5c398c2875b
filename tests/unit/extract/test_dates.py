from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.extract.keyless.dates import absolute, with_day_noted

SAID_AT = datetime(2023, 5, 25, 13, 14, tzinfo=UTC)  # A Thursday.


@pytest.mark.parametrize(
    ("said", "dated", "starts_on"),
    [
        ("I ran yesterday.", "I ran on 24 May 2023.", "2023-05-24"),
        ("I ran the day before yesterday.", "I ran on 23 May 2023.", "2023-05-23"),
        ("I ran yesterday morning.", "I ran on the morning of 24 May 2023.", "2023-05-24"),
        ("I ran last night.", "I ran on the night of 24 May 2023.", "2023-05-24"),
        ("I ran this morning.", "I ran on the morning of 25 May 2023.", "2023-05-25"),
        ("I ran last Saturday.", "I ran on Saturday 20 May 2023.", "2023-05-20"),
        ("I ran last Thursday.", "I ran on Thursday 18 May 2023.", "2023-05-18"),
        ("I run next Thursday.", "I run on Thursday 1 June 2023.", "2023-06-01"),
        ("I ran last week.", "I ran in the week before 25 May 2023.", "2023-05-15"),
        ("I ran last weekend.", "I ran on the weekend before 25 May 2023.", "2023-05-20"),
        ("I camp next month.", "I camp in June 2023.", "2023-06-01"),
        ("I painted it last year!", "I painted it in 2022!", "2022-01-01"),
        ("I moved last December.", "I moved in December 2022.", "2022-12-01"),
        ("I moved last summer.", "I moved in the summer of 2022.", "2022-06-01"),
        ("I moved two days ago.", "I moved on 23 May 2023.", "2023-05-23"),
        ("I moved 2 weeks ago.", "I moved around 11 May 2023.", "2023-05-11"),
        ("I moved three years ago.", "I moved in 2020.", "2020-01-01"),
        ("I leave in 3 weeks.", "I leave around 15 June 2023.", "2023-06-15"),
        ("I've felt ill since yesterday.", "I've felt ill since 24 May 2023.", "2023-05-24"),
        ("I met him on 7 May 2021.", "I met him on 7 May 2021.", "2021-05-07"),
        ("I met him on May 7th, 2021.", "I met him on May 7th, 2021.", "2021-05-07"),
        ("I moved in 2019.", "I moved in 2019.", "2019-01-01"),
    ],
)
def test_relative_dates_are_counted_from_when_it_was_said(
    said: str, dated: str, starts_on: str
) -> None:
    result = absolute(said, SAID_AT)

    assert result.text == dated
    assert result.starts_at is not None
    assert result.starts_at.date().isoformat() == starts_on


@pytest.mark.parametrize(
    "said",
    [
        "It feels like yesterday.",
        "I worked a lot over the last year.",
        "the last week of my life",
        "I have no time these days.",
        "I moved 999 years ago and 31 June 2023 is no day; well, 30 of February 2021.",
    ],
)
def test_phrases_that_are_no_dates_stay_as_they_are(said: str) -> None:
    if "999" in said:
        assert absolute(said, SAID_AT).text.startswith("I moved in 1024")
    else:
        assert absolute(said, SAID_AT).text == said
        assert absolute(said, SAID_AT).starts_at is None


def test_a_few_weeks_ago_is_told_from_the_day_and_begins_nowhere() -> None:
    result = absolute("I moved a few weeks ago.", SAID_AT)

    assert (result.text, result.starts_at) == ("I moved a few weeks before 25 May 2023.", None)


def test_what_happens_this_year_began_at_no_known_day() -> None:
    assert absolute("I want to learn Japanese this year.", SAID_AT).starts_at is None


def test_days_follow_the_speakers_own_clock() -> None:
    tokyo = timezone(timedelta(hours=9))

    result = absolute("I ran yesterday.", datetime(2023, 5, 25, 1, 0, tzinfo=tokyo))

    assert result.text == "I ran on 24 May 2023."
    assert result.starts_at == datetime(2023, 5, 23, 15, 0, tzinfo=UTC)


def test_a_date_before_year_one_stays_as_said() -> None:
    assert (
        absolute("It began 900 years ago.", datetime(500, 1, 1, tzinfo=UTC)).text
        == "It began 900 years ago."
    )


@pytest.mark.parametrize(
    ("language", "said", "noted"),
    [
        ("es", "Ayer compré un coche.", "Ayer (2023-05-24) compré un coche."),
        ("de", "Ich fliege morgen nach Rom.", "Ich fliege morgen (2023-05-26) nach Rom."),
        ("de", "Guten Morgen, ich wohne hier.", "Guten Morgen, ich wohne hier."),
        ("fr", "Hier je suis tombé.", "Hier (2023-05-24) je suis tombé."),
        ("other", "Ieri sono caduto.", "Ieri sono caduto."),
    ],
)
def test_other_languages_keep_their_words_with_the_date_behind(
    language: str, said: str, noted: str
) -> None:
    assert with_day_noted(said, SAID_AT, language).text == noted
