"""Judge two facts by what they say instead of how close they are: the same, a contradiction, or two
truths.

It compares subject, attribute, value, negation and numbers, and says "unsure" rather than guess.
Replacing a true memory is the worst mistake, so "replaces" and "duplicate" need a positive cue.
"""

from __future__ import annotations

from app.rules.judge.cues import (
    CHANGED_TO,
    CLAUSE_END,
    INSISTS,
    LIGHT,
    MOVED,
    NOW,
    RELATIONAL,
    RESCHEDULED,
    SIDES,
    TAKES_BACK,
)
from app.rules.judge.negation import denied, ended, opposite
from app.rules.judge.normalise import content_words
from app.rules.judge.reading import Reading, read
from app.rules.judge.values import (
    changed_state,
    figures,
    known_attribute,
    moment,
    owned_attribute,
    rescheduled,
    slot,
)
from app.rules.judge.verdict import Judgement, shared_words


def judge(new: str, old: str, similarity: float) -> Judgement:
    """Judge whether ``new`` says the same as ``old``, makes it untrue, or is true beside it.

    ``similarity`` is the cosine of the two texts in [-1, 1]; it only backs up a paraphrase that the
    words suggest. Pure and deterministic; the first 2,000 characters of each text count.
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
        _numbered,
        _restated,
        rescheduled,
        _other_side,
        known_attribute,
        owned_attribute,
        changed_state,
        ended,
        denied,
        opposite,
        moment,
        figures,
        slot,
    ):
        judgement = rule(new, old)
        if judgement is not None:
            return judgement
    return _paraphrase(new, old, similarity)


def _same_words(new: Reading, old: Reading) -> Judgement | None:
    if (
        not new.words
        or new.words != old.words
        or new.negated != old.negated
        or new.ended != old.ended
    ):
        return None
    if any(_has_digit(name) for name in new.names ^ old.names):
        return Judgement("different", "other_thing")  # "Flight BA118" against "flight BA117".
    if new.order != old.order and RELATIONAL.search(new.text) and RELATIONAL.search(old.text):
        if "prefer" in new.words and new.order[1:2] != old.order[1:2]:
            return Judgement("replaces", "opposite")  # "tea over coffee" against "coffee over tea".
        if new.names or new.numbers:
            return Judgement(
                "unsure", "other_order"
            )  # "from Oslo to Rome" against "from Rome to Oslo".
    return Judgement("duplicate", "same_words")


def _numbered(new: Reading, old: Reading) -> Judgement | None:
    """Two things of one sort that a number tells apart ("sprint 42", "sprint 43"), unless the new
    text says that the number changed.
    """
    if not new.numbered or not old.numbered or new.numbered & old.numbered:
        return None
    return None if _tells_of_change(new) else Judgement("different", "other_thing")


def _other_side(new: Reading, old: Reading) -> Judgement | None:
    """Two things of one sort that their place or time of day tells apart ("left knee", "right
    knee"), unless the new text says that it changed.
    """
    only_new, only_old = new.words - old.words, old.words - new.words
    if not any(only_new & pair and only_old & pair for pair in SIDES):
        return None
    return None if _tells_of_change(new) else Judgement("different", "other_thing")


def _tells_of_change(new: Reading) -> bool:
    return any(cue.search(new.text) for cue in (NOW, MOVED, RESCHEDULED, CHANGED_TO))


def _restated(new: Reading, old: Reading) -> Judgement | None:
    """One text is the other with a clause added, which may deny something else: "…, so no satay".

    A clause that takes the first one back ("…, but no longer") makes it no restatement.
    """
    for longer, shorter in ((new, old), (old, new)):
        said, heard, begin = content_words(shorter.text), list[str](), 0
        for cut in CLAUSE_END.finditer(longer.text):
            heard += content_words(longer.text[begin : cut.start()])
            begin = cut.end()
            if not said or heard != said:
                continue
            added = longer.text[cut.end() :]
            if TAKES_BACK.search(added):
                return None
            if longer is old or INSISTS.match(added):
                return Judgement("duplicate", "same_meaning")
            return Judgement("different", "restated")
    return None


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _paraphrase(new: Reading, old: Reading, similarity: float) -> Judgement:
    if new.negated != old.negated or new.ended != old.ended:
        return (
            Judgement("unsure", "other_polarity")
            if similarity >= 0.9
            else Judgement("different", "other_attribute")
        )
    a, b = set(new.words - LIGHT), set(old.words - LIGHT)
    if not a or not b:
        return (
            Judgement("unsure", "few_words")
            if similarity >= 0.9
            else Judgement("different", "few_words")
        )
    only_a, only_b = a - shared_words(b, a), b - shared_words(a, b)
    shared = max(len(a) - len(only_a), len(b) - len(only_b))
    overlap = shared / max(len(a), len(b))
    same_figures = (new.numbers, new.dates, new.years) == (old.numbers, old.dates, old.years)
    names_differ = bool(new.names - old.words) and bool(old.names - new.words)
    if not same_figures or names_differ:
        return Judgement("different", "other_value")
    if not only_a and not only_b and overlap >= 0.99:
        return Judgement("duplicate", "same_meaning")
    if overlap >= 0.6 and similarity >= 0.9 and len(only_a) + len(only_b) <= 2:
        # Both sides with a word of their own may be two values of one thing; one side only is more
        # detail.
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
