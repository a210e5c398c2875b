"""Who may retire what: trust, one's own words, and what safety hangs on."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.rules.bands import PUBLISHED
from app.rules.decision import decide
from app.rules.safety import is_safety
from app.rules.trust import OF_ROLE, OWN_WORDS, PASTED, STATED
from app.rules.types import Neighbour

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = OF_ROLE["assistant"]


def outcome(new: str, trust: float, old: str, old_trust: float, similarity: float = 0.9) -> str:
    neighbour = Neighbour(UUID(int=1), old, similarity, NOW, old_trust, 0.5)
    return decide(new, NOW, [neighbour], PUBLISHED, trust).outcome


@pytest.mark.parametrize(
    ("trust", "old_trust", "expected"),
    [
        (STATED, STATED, "replaces"),
        (STATED, MODEL, "replaces"),
        (OWN_WORDS, OWN_WORDS, "replaces"),
        (OWN_WORDS, STATED, "replaces"),
        (OWN_WORDS, PASTED, "replaces"),
        (MODEL, MODEL, "replaces"),
        (MODEL, STATED, "review"),
        (MODEL, OWN_WORDS, "review"),
        (PASTED, OWN_WORDS, "review"),
        (PASTED, MODEL, "review"),
        (PASTED, PASTED, "replaces"),
    ],
)
def test_what_is_trusted_less_retires_nothing(
    trust: float, old_trust: float, expected: str
) -> None:
    assert outcome("User lives in Minsk.", trust, "User lives in Oslo.", old_trust) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("User is allergic to peanuts.", "User is not allergic to peanuts."),
        ("User's phone number is +47 22 33 44 55.", "User's phone number is +47 99 88 77 66."),
    ],
)
def test_on_what_safety_hangs_ones_own_words_stand_beside_the_applications(
    old: str, new: str
) -> None:
    assert outcome(new, OWN_WORDS, old, STATED, 0.96) == "beside"
    assert outcome(new, OWN_WORDS, old, OWN_WORDS, 0.96) == "replaces"
    assert outcome(new, STATED, old, STATED, 0.96) == "replaces"
    assert outcome(new, MODEL, old, STATED, 0.96) == "review"


def test_a_similarity_alone_does_not_retire_what_the_application_stated() -> None:
    old, new = "User's class is at 9.", "User's class is at 10."
    assert outcome(new, STATED, old, STATED, 0.96) == "replaces"
    assert outcome(new, OWN_WORDS, old, STATED, 0.96) == "beside"


def test_older_truths_are_history_whoever_states_them() -> None:
    old = Neighbour(UUID(int=1), "User lives in Oslo.", 0.9, NOW, STATED, 0.5)
    earlier = datetime(2025, 1, 1, tzinfo=UTC)
    assert decide("User lives in Minsk.", earlier, [old], PUBLISHED, MODEL).outcome == "history"


@pytest.mark.parametrize(
    "text",
    [
        "User is allergic to peanuts.",
        "Ben nimmt Insulin.",
        "User prend un médicament.",
        "User's bank is DNB.",
        "La contraseña es secreta.",
        "User's e-mail is eve@example.org.",
        "用户对花生过敏",
        "У пользователя аллергия",
    ],
)
def test_safety_is_seen_in_several_languages(text: str) -> None:
    assert is_safety("User lives in Oslo.", text)
    assert not is_safety("User lives in Oslo.", "User likes tea.")
