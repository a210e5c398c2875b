"""Two facts → the same, a contradiction, or two truths, by what they say instead of how close they are.

A stand-in for a reader: it compares subject, attribute, value, denial and figures, and says "unsure" rather than guess.
Retiring a true memory is the worst mistake, so "replaces" and "duplicate" need a positive cue.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from app.memory.judge_cues import (
    ARTICLES,
    CHANGED_TO,
    ENDING_HEAD,
    FROM,
    LIGHT,
    NO_SUCH_THING,
    NOLONGER,
    ON_THE_SIDE,
    OPPOSITES,
    PLANNED,
    PREPOSITIONS,
    RELATIONAL,
    RESCHEDULED,
    SCOPE,
    SINGLE_MARK,
    VALUE_NOUNS,
)
from app.memory.judge_reading import MULTI_NOUNS, OWNED_IS, Reading, read
from app.memory.judge_words import content_words, stem


@dataclass(frozen=True, slots=True)
class Judgement:
    """``reason`` is a short stable code; "unsure" leaves the decision to the similarity's band."""

    verdict: Literal["duplicate", "replaces", "different", "unsure"]
    reason: str


def judge(new: str, old: str, similarity: float) -> Judgement:
    """Whether ``new`` says the same as ``old``, makes it untrue, or stands beside it.

    ``similarity`` is the cosine of the two texts in [-1, 1]; it only backs up a paraphrase that the words suggest.
    Pure and deterministic; the first 2,000 characters of each text count.
    """
    return _judge(read(new[:2_000]), read(old[:2_000]), similarity)


def _judge(new: Reading, old: Reading, similarity: float) -> Judgement:
    if new.subject != old.subject:
        return Judgement("different", "other_subject")
    if new.owned is not None and old.owned is not None and new.owned != old.owned:
        return Judgement("different", "other_subject")
    if new.remark or old.remark:
        same = new.order == old.order and bool(new.order) and new.negated == old.negated
        return Judgement("duplicate", "same_words") if same else Judgement("different", "remark")
    for rule in (
        _same_words,
        _rescheduled,
        _known_attribute,
        _owned_attribute,
        _ended,
        _denied,
        _opposite,
        _moment,
        _figures,
        _slot,
    ):
        judgement = rule(new, old)
        if judgement is not None:
            return judgement
    return _paraphrase(new, old, similarity)


def _same_words(new: Reading, old: Reading) -> Judgement | None:
    if not new.words or new.words != old.words or new.negated != old.negated or new.ended != old.ended:
        return None
    if any(_has_digit(name) for name in new.names ^ old.names):
        return Judgement("different", "other_value")  # "Flight BA118" against "flight BA117".
    if new.order != old.order and RELATIONAL.search(new.text) and RELATIONAL.search(old.text):
        if "prefer" in new.words and new.order[1:2] != old.order[1:2]:
            return Judgement("replaces", "opposite")  # "tea over coffee" against "coffee over tea".
        if new.names or new.numbers:
            return Judgement("unsure", "other_order")  # "from Oslo to Rome" against "from Rome to Oslo".
    return Judgement("duplicate", "same_words")


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _rescheduled(new: Reading, old: Reading) -> Judgement | None:
    """ "The flight was moved to Tuesday" after "The flight is on Monday"."""
    if new.dates == old.dates or not new.dates or not RESCHEDULED.search(new.text) or not PLANNED.search(old.text):
        return None
    what = set(old.words - old.dates - old.numbers - LIGHT)
    return Judgement("replaces", "rescheduled") if 2 * len(_shared(new.words, what)) >= max(len(what), 1) else None


def _known_attribute(new: Reading, old: Reading) -> Judgement | None:
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
    if ON_THE_SIDE.search(new.text) or ON_THE_SIDE.search(old.text):
        return Judgement("different", "several_possible")
    return Judgement("replaces", "same_attribute_new_value")


def _owned_attribute(new: Reading, old: Reading) -> Judgement | None:
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


def _same_but_figures(new: Reading, old: Reading) -> bool:
    figures = new.numbers | new.dates | new.years | old.numbers | old.dates | old.years
    return new.words != old.words and new.words - figures == old.words - figures


def _same_shape(a: str, b: str, new: Reading, old: Reading) -> bool:
    """Whether two values answer one question: "on the third floor" and "in Berlin" do not, nor do "red" and "fast"."""
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


def _ended(new: Reading, old: Reading) -> Judgement | None:
    """The new text says that what the old one says is over."""
    if old.ended or old.happened:
        return None
    left = FROM.search(new.text)
    moves = re.match(r"(?:\w+ ){0,3}(?:switched|migrated|moved|changed|replaced|went)\b", new.text)
    if left and moves and set(content_words(left["old"])) & (old.words - LIGHT):
        return Judgement("replaces", "moved_on")
    if RESCHEDULED.search(new.text) and new.dates:
        return None
    cue = ENDING_HEAD.match(new.text) or NOLONGER.search(new.text)
    if cue is None or re.search(r"\b(?:not|never) (?:\w+ )?ended\b", new.text):
        return None
    heavy = set(old.words - LIGHT) or set(old.words)
    shared = _shared(new.words, heavy)
    main_verb = (
        bool(old.order) and old.order[0] in shared and not old.order[0][0].isdigit() and old.order[0] not in LIGHT
    )
    return Judgement("replaces", "ended") if shared and (len(shared) >= len(heavy) / 2 or main_verb) else None


def _denied(new: Reading, old: Reading) -> Judgement | None:
    """One text denies what the other affirms."""
    if old.happened or (new.happened and not re.match(r"(?:not|never)\b", old.text)):
        return None
    for denial, claim in ((new, old), (old, new)):
        for kind, members in NO_SUCH_THING.items():
            denies = kind in denial.words and (denial.negated or kind.endswith(("less", "ed", "le", "n")))
            if denies and len(denial.words) <= 2 and claim.words & members and not claim.negated:
                same_scope = _scope(new) == _scope(old) or not _scope(denial)
                return Judgement("replaces" if same_scope else "unsure", "negated")
    if new.negated == old.negated:
        return None
    denial, claim = (new, old) if new.negated else (old, new)
    if not re.match(r"(?:\w+ ){0,4}(?:not|no|never|dislike|distrust|without|neither|hardly)\b", denial.text):
        return None
    heavy = set(denial.words) - {"dislike"} - LIGHT or set(denial.words) - {"dislike"}
    shared = _shared(claim.words, heavy)
    only_names = heavy <= denial.names and denial.order[:1] != claim.order[:1]
    if heavy and not only_names and len(shared) >= 0.75 * len(heavy) and len(claim.words - LIGHT) <= len(heavy) + 2:
        return Judgement("replaces", "negated") if not _other_scope(new, old) else Judgement("unsure", "negated")
    return None


def _opposite(new: Reading, old: Reading) -> Judgement | None:
    only_new, only_old = new.words - old.words, old.words - new.words
    shared = (new.words & old.words) - LIGHT
    for pair in OPPOSITES:
        a, b = only_new & pair, only_old & pair
        if a and b and a != b and shared and not _other_scope(new, old) and not (new.happened and old.happened):
            return Judgement("replaces", "opposite")
    return None


def _moment(new: Reading, old: Reading) -> Judgement | None:
    """Things that happened at two times are two things."""
    apart = (new.years != old.years and new.years and old.years) or (new.dates != old.dates and new.dates and old.dates)
    if new.happened and old.happened and (apart or new.numbers != old.numbers):
        return Judgement("different", "other_time")
    if new.years and old.years and new.years != old.years and (new.happened or old.happened):
        return Judgement("different", "other_time")
    return None


def _figures(new: Reading, old: Reading) -> Judgement | None:
    """The same sentence with another number or date."""
    other_numbers = new.numbers != old.numbers
    other_dates = new.dates != old.dates or new.years != old.years
    if not other_numbers and not other_dates:
        return None
    figures = new.numbers | new.dates | new.years | old.numbers | old.dates | old.years
    a, b = new.words - figures, old.words - figures
    same = len(_shared(a, set(b))) / max(len(a), len(b), 1)
    if new.numbers and old.numbers and CHANGED_TO.search(new.text) and a & b - LIGHT:
        return Judgement("replaces", "different_numbers")
    if same < 0.75:
        return Judgement("different", "different_numbers")
    missing = (other_numbers and not (new.numbers and old.numbers)) or (
        other_dates and not ((new.dates or new.years) and (old.dates or old.years))
    )
    if missing:
        return Judgement("unsure", "more_detail")
    if new.happened or old.happened or new.negated != old.negated or (other_numbers and other_dates):
        return Judgement("unsure", "different_numbers")
    if other_dates and not PLANNED.search(new.text):
        return Judgement("unsure", "different_dates")  # "goes climbing on Tuesdays", and on Thursdays too.
    return Judgement("replaces", "different_numbers")


def _scope(reading: Reading) -> frozenset[str]:
    """The words of the circumstance that closes the text ("at home"); empty without one."""
    found = SCOPE.search(reading.text)
    return frozenset(content_words(found["scope"])) if found else frozenset()


def _other_scope(new: Reading, old: Reading) -> bool:
    a, b = _scope(new), _scope(old)
    return bool(a) and bool(b) and a != b


def _slot(new: Reading, old: Reading) -> Judgement | None:
    """Verbs whose object has one value once the circumstance is named ("uses MySQL in production"), and preferences
    among things of one sort ("prefers aisle seats")."""
    if not new.order or not old.order or new.order[0] != old.order[0] or new.negated != old.negated:
        return None
    verb = new.order[0]
    only_new, only_old = new.words - old.words, old.words - new.words
    if not only_new or not only_old or len(only_new) > 2 or len(only_old) > 2 or _other_scope(new, old):
        return None
    if verb == "prefer":
        if new.order[-1] == old.order[-1] and len(new.order) > 2:
            return Judgement("unsure", "several_possible")  # "morning flights" and "short flights" go together.
        if re.search(r"\b(?:over|to|than) ", new.text) and new.order[-1:] == old.order[1:2]:
            return Judgement("replaces", "opposite")
        return None
    scope = SCOPE.search(new.text)
    if verb == "use" and scope and SCOPE.search(old.text) and len(new.order) > 2:
        return Judgement("replaces", "same_attribute_new_value")
    return None


def _paraphrase(new: Reading, old: Reading, similarity: float) -> Judgement:
    if new.negated != old.negated or new.ended != old.ended:
        return Judgement("unsure", "other_polarity") if similarity >= 0.9 else Judgement("different", "other_attribute")
    a, b = set(new.words - LIGHT), set(old.words - LIGHT)
    if not a or not b:
        return Judgement("unsure", "few_words") if similarity >= 0.9 else Judgement("different", "few_words")
    only_a, only_b = a - _shared(b, a), b - _shared(a, b)
    shared = max(len(a) - len(only_a), len(b) - len(only_b))
    overlap = shared / max(len(a), len(b))
    same_figures = (new.numbers, new.dates, new.years) == (old.numbers, old.dates, old.years)
    names_differ = bool(new.names - old.words) and bool(old.names - new.words)
    if not same_figures or names_differ:
        return Judgement("different", "other_value")
    if not only_a and not only_b and overlap >= 0.99:
        return Judgement("duplicate", "same_meaning")
    if overlap >= 0.6 and similarity >= 0.9 and len(only_a) + len(only_b) <= 2:
        # Both sides with a word of their own may be two values of one thing; one side only is more detail.
        return (
            Judgement("unsure", "more_detail")
            if not (only_a and only_b) and overlap < 0.75
            else _nearly(overlap, similarity)
        )
    return Judgement("different", "other_attribute" if overlap < 0.5 else "other_value")


def _nearly(overlap: float, similarity: float) -> Judgement:
    if overlap >= 0.7 and similarity >= 0.92:
        return Judgement("duplicate", "same_meaning")
    return Judgement("unsure", "near_paraphrase")


@lru_cache(maxsize=8192)
def _akin(a: str, b: str) -> bool:
    """Whether two stems share a root: "retire" and "retirement"."""
    if a == b:
        return True
    least = min(len(a), len(b))
    return least >= 5 and a.isalpha() and b.isalpha() and a[: max(5, least - 1)] == b[: max(5, least - 1)]


def _shared(a: Set[str], b: set[str]) -> set[str]:
    """The words of ``b`` that ``a`` has too, in some form."""
    return {x for x in b if x in a or any(_akin(x, y) for y in a)}
