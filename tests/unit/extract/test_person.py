from __future__ import annotations

import pytest

from app.extract.keyless.person import third_person


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I have two cats", "Ana has two cats"),
        ("I'm tired", "Ana is tired"),
        ("I've been ill", "Ana has been ill"),
        ("I'd like to go", "Ana would like to go"),
        ("I'd been there", "Ana had been there"),
        ("I'll go", "Ana will go"),
        ("I don't smoke", "Ana doesn't smoke"),
        ("I haven't eaten", "Ana hasn't eaten"),
        ("I can't swim", "Ana can't swim"),
        ("I was ill", "Ana was ill"),
        ("I teach and garden", "Ana teaches and gardens"),
        ("I live in Oslo and have a dog", "Ana lives in Oslo and has a dog"),
        ("I want to live in Oslo and have a dog", "Ana wants to live in Oslo and have a dog"),
        ("I really love it", "Ana really loves it"),
        ("I no longer live there", "Ana no longer lives there"),
        ("I gotta go", "Ana has got to go"),
        ("I'm gonna go", "Ana is going to go"),
        ("I think I'm late and my bus is gone", "Ana thinks they are late and their bus is gone"),
        ("my wife and I have a boat", "Ana's wife and Ana have a boat"),
        ("I told them I was ill", "Ana told them Ana was ill"),
        ("we're moving", "Ana and others are moving"),
        ("I moved, so we met", "Ana moved, so Ana and others met"),
        ("I hurt myself", "Ana hurt themselves"),
        ("it is mine", "it is Ana's"),
        ('I like "I want to break free"', 'Ana likes "I want to break free"'),
        ("I LOVE IT", "Ana LOVES IT"),
        (
            "I study physics, fly gliders and go home",
            "Ana studies physics, flies gliders and goes home",
        ),
        ("I am proud of you", "Ana is proud of Ben"),
        ("I know you are ill", "Ana knows Ben is ill"),
        ("I love your dog", "Ana loves Ben's dog"),
        ("I know how it is if you run", "Ana knows how it is if you run"),
    ],
)
def test_the_first_person_becomes_the_third(said: str, told: str) -> None:
    assert third_person(said, "Ana", you="Ben") == told


def test_we_names_the_company_when_it_is_known() -> None:
    assert (
        third_person("we camp and we hike", "Ana", you=None, we="Ana and their kids")
        == "Ana and their kids camp and they hike"
    )


def test_a_name_that_ends_in_s_takes_a_bare_apostrophe() -> None:
    assert third_person("my dog", "James", you=None) == "James' dog"
