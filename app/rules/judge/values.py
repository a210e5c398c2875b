"""Another value of the same attribute: it replaces the old one where only one can hold."""

from __future__ import annotations

import itertools
import re

from app.rules.judge.cues import (
    ARTICLES,
    CHANGED_TO,
    LIGHT,
    NOW,
    ON_THE_SIDE,
    PLANNED,
    POSSESSIVES,
    PREPOSITIONS,
    RARE_OR_REGULAR,
    RESCHEDULED,
    SCOPE,
    SINGLE_MARK,
    VALUE_NOUNS,
)
from app.rules.judge.normalise import content_words, stem
from app.rules.judge.reading import MULTI_NOUNS, OWNED_IS, Reading
from app.rules.judge.verdict import Judgement, other_scope, shared_words


def rescheduled(new: Reading, old: Reading) -> Judgement | None:
    """ "The flight was moved to Tuesday" after "The flight is on Monday"."""
    if (
        new.dates == old.dates
        or not new.dates
        or not RESCHEDULED.search(new.text)
        or not PLANNED.search(old.text)
    ):
        return None
    what = set(old.words - old.dates - old.numbers - LIGHT)
    return (
        Judgement("replaces", "rescheduled")
        if 2 * len(shared_words(new.words, what)) >= max(len(what), 1)
        else None
    )


def known_attribute(new: Reading, old: Reading) -> Judgement | None:
    if new.attribute is None or new.attribute != old.attribute or not new.values or not old.values:
        return None
    if new.ended or old.ended or new.negated != old.negated:
        return None
    if new.values <= old.values or old.values <= new.values:
        return Judgement("duplicate", "same_value") if len(new.words ^ old.words) <= 2 else None
    if new.holder != old.holder:
        return Judgement("different", "other_subject")
    if new.years and old.years and new.years != old.years:
        return Judgement("different", "other_time")
    if new.attribute == "workplace" and not NOW.search(new.text):
        return Judgement("unsure", "several_possible")  # "trabaja en Madrid", "trabaja en Google".
    if ON_THE_SIDE.search(new.text) or ON_THE_SIDE.search(old.text):
        return Judgement("different", "several_possible")
    return Judgement("replaces", "same_attribute_new_value", at_any_distance=True)


def owned_attribute(new: Reading, old: Reading) -> Judgement | None:
    """ "User's manager is Priya" against "User's manager is Tom"."""
    a, b = OWNED_IS.match(new.text), OWNED_IS.match(old.text)
    if a is None or b is None or new.negated or old.negated:
        return None
    what_a, what_b = set(content_words(a["what"])), set(content_words(b["what"]))
    if not what_a or what_a != what_b:
        return None
    values = set(content_words(a["value"])), set(content_words(b["value"]))
    if not values[0] or not values[1] or values[0] <= values[1] or values[1] <= values[0]:
        return None
    if _same_but_figures(new, old):
        return None
    several = MULTI_NOUNS.intersection(a["what"].split()) or MULTI_NOUNS.intersection(what_a)
    if several and not what_a & SINGLE_MARK:
        return Judgement("different", "several_possible")
    if new.owned or not _same_shape(a["value"], b["value"], new, old):
        return Judgement("unsure", "several_possible")
    return Judgement("replaces", "same_attribute_new_value")


def changed_state(new: Reading, old: Reading) -> Judgement | None:
    """ "User takes their coffee with milk now" after "User takes their coffee black".

    Verb and object are the same, what follows is another, and "now" says that it was not so before.
    People, places and times in what follows may stand beside one another, and so may answers to two
    questions ("with Tom", "at the club").
    """
    if not NOW.search(new.text) or new.negated or old.negated or new.happened or old.happened:
        return None
    a, b = NOW.sub(" ", new.text).split(), NOW.sub(" ", old.text).split()
    same = sum(
        1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    )
    if len(content_words(" ".join(a[:same]))) < 2 or not a[same:] or not b[same:]:
        return None
    leads = {a[same], b[same]} & PREPOSITIONS
    if len(leads) > 1 or not (leads or POSSESSIVES.intersection(a[:same])):
        return None
    rest = [frozenset(content_words(" ".join(words[same:]))) for words in (a, b)]
    if any(not words or len(words) > 2 for words in rest):
        return None
    if (rest[0] | rest[1]) & (RARE_OR_REGULAR | new.names | old.names):
        return None
    return Judgement("replaces", "same_attribute_new_value")


def _same_but_figures(new: Reading, old: Reading) -> bool:
    figures = new.numbers | new.dates | new.years | old.numbers | old.dates | old.years
    return new.words != old.words and new.words - figures == old.words - figures


def _same_shape(a: str, b: str, new: Reading, old: Reading) -> bool:
    """Whether two values answer one question: "on the third floor" and "in Berlin" do not, nor do
    "red" and "fast".
    """
    first_a, first_b = a.split()[0], b.split()[0]
    if first_a in PREPOSITIONS or first_b in PREPOSITIONS:
        return first_a == first_b
    if first_a in ARTICLES or first_b in ARTICLES or "@" in a:
        return (first_a in ARTICLES) == (first_b in ARTICLES)
    proper_a = stem(first_a) in new.names | old.names
    proper_b = stem(first_b) in new.names | old.names
    if proper_a or proper_b or first_a[0].isdigit() or first_b[0].isdigit():
        return proper_a == proper_b and first_a[0].isdigit() == first_b[0].isdigit()
    return bool(VALUE_NOUNS & set(new.order[:3]))


def moment(new: Reading, old: Reading) -> Judgement | None:
    """Things that happened at two times are two things."""
    apart = (new.years != old.years and new.years and old.years) or (
        new.dates != old.dates and new.dates and old.dates
    )
    if new.happened and old.happened and (apart or new.numbers != old.numbers):
        return Judgement("different", "other_time")
    if new.years and old.years and new.years != old.years and (new.happened or old.happened):
        return Judgement("different", "other_time")
    return None


def figures(new: Reading, old: Reading) -> Judgement | None:
    """The same sentence with another number or date."""
    other_numbers = new.numbers != old.numbers
    other_dates = new.dates != old.dates or new.years != old.years
    if not other_numbers and not other_dates:
        return None
    figures = new.numbers | new.dates | new.years | old.numbers | old.dates | old.years
    a, b = new.words - figures, old.words - figures
    same = len(shared_words(a, set(b))) / max(len(a), len(b), 1)
    if new.numbers and old.numbers and CHANGED_TO.search(new.text) and a & b - LIGHT:
        return Judgement("replaces", "different_numbers")
    if same < 0.75:
        return Judgement("different", "different_numbers")
    missing = (other_numbers and not (new.numbers and old.numbers)) or (
        other_dates and not ((new.dates or new.years) and (old.dates or old.years))
    )
    if missing:
        return Judgement("unsure", "more_detail")
    if (
        new.happened
        or old.happened
        or new.negated != old.negated
        or (other_numbers and other_dates)
    ):
        return Judgement("unsure", "different_numbers")
    if other_dates and not PLANNED.search(new.text):
        return Judgement(
            "unsure", "different_dates"
        )  # "goes climbing on Tuesdays", and on Thursdays too.
    return Judgement("replaces", "different_numbers")


def slot(new: Reading, old: Reading) -> Judgement | None:
    """Verbs whose object has one value once the circumstance is named ("uses MySQL in production"),
    and preferences among things of one sort ("prefers aisle seats")."""
    if not new.order or not old.order or new.order[0] != old.order[0] or new.negated != old.negated:
        return None
    verb = new.order[0]
    only_new, only_old = new.words - old.words, old.words - new.words
    if (
        not only_new
        or not only_old
        or len(only_new) > 2
        or len(only_old) > 2
        or other_scope(new, old)
    ):
        return None
    if verb == "prefer":
        if new.order[-1] == old.order[-1] and len(new.order) > 2:
            return Judgement(
                "unsure", "several_possible"
            )  # "morning flights" and "short flights" go together.
        if re.search(r"\b(?:over|to|than) ", new.text) and new.order[-1:] == old.order[1:2]:
            return Judgement("replaces", "opposite")
        return None
    scope = SCOPE.search(new.text)
    if verb == "use" and scope and SCOPE.search(old.text) and len(new.order) > 2:
        return Judgement("replaces", "same_attribute_new_value")
    return None
