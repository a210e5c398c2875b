"""What the judge makes of two statements, at every similarity that a model may give them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.providers.registry import MINILM_BANDS
from app.rules.bands import PUBLISHED, Bands
from app.rules.decision import decide
from app.rules.judge.judge import READ, judge
from app.rules.types import Neighbour
from tests.support.growth import grows_linearly

DATA = Path(__file__).parents[3] / "data/judged.txt"
JANUARY, MARCH = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
OUTCOMES = {"both": "new", "replaced": "replaces", "duplicate": "duplicate"}
SEEN = [(0.61, MINILM_BANDS), (0.99, MINILM_BANDS), (0.95, PUBLISHED), (1.0, PUBLISHED)]
"""Similarities in every band, and the highest, which only a broken model gives two texts."""


def judged(wanted: str) -> list[tuple[str, str]]:
    """The pairs of that outcome: the earlier statement, then the later one."""
    rows = [line.split(" | ") for line in DATA.read_text("utf-8").splitlines() if " | " in line]
    return [(row[1], row[2]) for row in rows if row[0] == wanted]


def outcome(later: str, earlier: str, similarity: float, bands: Bands) -> str:
    neighbour = Neighbour(UUID(int=1), earlier, similarity, JANUARY)
    return decide(later, MARCH, [neighbour], bands).outcome


@pytest.mark.parametrize(("earlier", "later"), judged("both"))
def test_two_truths_stand_beside_each_other_however_close(earlier: str, later: str) -> None:
    assert {outcome(later, earlier, *seen) for seen in SEEN} == {"new"}


@pytest.mark.parametrize(("earlier", "later"), judged("replaced"))
def test_a_new_value_or_a_denial_replaces_the_old_statement(earlier: str, later: str) -> None:
    assert {outcome(later, earlier, *seen) for seen in SEEN} == {"replaces"}


@pytest.mark.parametrize(("earlier", "later"), judged("duplicate"))
def test_the_same_statement_in_another_spelling_is_a_duplicate(earlier: str, later: str) -> None:
    assert {outcome(later, earlier, *seen) for seen in SEEN} == {"duplicate"}


@pytest.mark.parametrize(
    ("earlier", "later", "reason"),
    [
        ("User likes tea", "User likes tea.", "same_text"),
        ("User likes tea.", "The user really likes tea.", "same_words"),
        ("User lives in New York.", "User lives in New York City.", "same_value"),
        ("User likes that tea.", "User likes their own tea.", "duplicate_band"),
        ("User lives in Oslo.", "User lives in Rome.", "same_attribute_new_value"),
        ("User eats meat.", "User does not eat meat.", "negated"),
        ("User smokes.", "User stopped smoking.", "ended"),
        ("User prefers tea over coffee.", "User prefers coffee over tea.", "opposite"),
        ("User runs 5 km every day.", "User runs 8 km every day.", "different_numbers"),
        ("User's train is at 6:04.", "User's train is at 6:24.", "contradiction_band"),
        ("User likes tea.", "User likes coffee.", "nothing_like_it"),
    ],
)
def test_each_verdict_has_its_reason(earlier: str, later: str, reason: str) -> None:
    assert judge(later, earlier).reason == reason


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("User owns a boat.", "User sold the boat."),
        ("User smokes.", "User used to smoke."),
        ("User likes Dune.", "User will read Dune."),
    ],
)
def test_what_happened_before_does_not_end_what_is_said_after_it(earlier: str, later: str) -> None:
    assert judge(earlier, later).verdict == "different"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User has 18 000 books.", "User has 18,000 books."),
        ("User has twenty-one cats.", "User has 21 cats."),
        ("User's budget is 1.5 million.", "User's budget is 1,500,000."),
        ("User paid ２００ €", "User paid 200 €"),
        ("المستخدم عمره ٣٠ سنة", "المستخدم عمره 30 سنة"),
        ("I live in Paris.", "User lives in Paris."),
        ("My dog is 7.", "User's dog is 7."),
        ("User likes the café.", "User likes the cafe."),
        ("User\u2019s favourite colour is red.", "User's favorite color is red!"),
        ("User can't swim.", "User cannot swim."),
    ],
)
def test_numbers_count_by_their_value_and_spelling_says_nothing(one: str, other: str) -> None:
    assert judge(one, other).verdict == judge(other, one).verdict == "duplicate"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User uses Python 3.10.", "User uses Python 3.1."),
        ("User takes 2 500 mg tablets.", "User takes 2500 mg tablets."),
        ("Der Nutzer wiegt 1,000 kg", "Der Nutzer wiegt 1000 kg"),
        ("User's code is 007.", "User's code is 7."),
        ("User takes vitamin A.", "User takes vitamin."),
        ("User likes bò.", "User likes bơ."),
        ("User has few friends.", "User has a few friends."),
    ],
)
def test_what_could_be_another_number_or_word_is_no_duplicate(one: str, other: str) -> None:
    assert "duplicate" not in (judge(one, other).verdict, judge(other, one).verdict)


def test_a_move_that_began_before_the_memory_does_not_end_it() -> None:
    home = Neighbour(UUID(int=1), "User lives in Oslo.", 0.8, datetime(2024, 5, 1, tzinfo=UTC))

    def moved(when: str) -> str:
        return decide(f"User moved to Rome in {when}.", MARCH, [home], PUBLISHED).outcome

    assert [moved("2019"), moved("March 2024"), moved("June 2024")] == ["new", "new", "replaces"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_get_a_verdict(later: str, earlier: str) -> None:
    first = judge(later, earlier)

    assert first.verdict in ("duplicate", "replaces", "different")
    assert first == judge(later, earlier)
    assert first.reason.replace("_", "").isalpha()


@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "User's ",
        "not ",
        "1,000",
        "1 000 ",
        "lives in ",
        "has a ",
        "from to ",
        "x-",
        "'",
        "no and no ",
        "twenty-one ",
        "Ana ",
        "prefers over ",
        "switched from x to ",
        "🙂",
        "न",
    ],
)
def test_the_time_grows_with_the_length_of_the_texts_alone(piece: str) -> None:
    def compare(size: int) -> None:
        text = piece * (size // len(piece))
        judge(text, f"User {text}")

    assert grows_linearly(compare, READ // 11)
