"""Judge two statements by what they say: the same, a new value of one thing, or two truths.

A wrong "duplicate" loses a true fact, and so does a wrong "replaces". So each needs a reason that
can be named, and whatever is not explained keeps both.
"""

from __future__ import annotations

from app.rules.bands import Band
from app.rules.content_hash import normalised
from app.rules.judge.amounts import differ_by_amount
from app.rules.judge.attributes import Known, Value, known
from app.rules.judge.endings import ends
from app.rules.judge.english import same_words
from app.rules.judge.kinds import are_two_jobs
from app.rules.judge.likeness import differ_by_value, says_no_more
from app.rules.judge.negation import denies
from app.rules.judge.preferences import is_now_so, wants_the_opposite
from app.rules.judge.values import compare
from app.rules.judge.verdict import DIFFERENT, Judgement

READ = 2_000
"""How many characters of a text are read; longer ones are the same only as a whole."""


def judge(later: str, earlier: str) -> Judgement:
    """Judge whether ``later`` says the same as ``earlier``, makes it untrue, or is true beside it.

    The order is that of the events, not of their arrival. Pure and deterministic.
    """
    if normalised(later) == normalised(earlier):
        return Judgement("duplicate", "same_text")
    if max(len(later), len(earlier)) > READ:
        return DIFFERENT
    if same_words(later, earlier):
        return Judgement("duplicate", "same_words")
    for new in known(later):
        for old in known(earlier):
            judgement = _by_attribute(new, old)
            if judgement is not None:
                return judgement
    how = denies(later, earlier)
    if how is not None:
        return Judgement("replaces", how)
    if wants_the_opposite(later, earlier):
        return Judgement("replaces", "opposite")
    if is_now_so(later, earlier):
        return Judgement("replaces", "same_attribute_new_value")
    if ends(later, earlier):
        return Judgement("replaces", "ended")
    if differ_by_amount(later, earlier):
        return Judgement("replaces", "different_numbers")
    if says_no_more(later, earlier):
        return Judgement("duplicate", "duplicate_band", from_band=Band.DUPLICATE)
    if differ_by_value(later, earlier):
        return Judgement("replaces", "contradiction_band", from_band=Band.CONTRADICTION)
    return DIFFERENT


def _by_attribute(new: Known, old: Known) -> Judgement | None:
    """Compare what two statements say of one holder. A statement is replaced when each of its
    values has a newer one, and repeated when the new one says nothing beyond it."""
    if new.holder != old.holder:
        return None
    values, before = dict(new.values), dict(old.values)
    if not before.keys() & values.keys():
        return None
    if not before.keys() <= values.keys():
        return None
    compared = {_compare(values[name], before[name], new) for name in before}
    if compared == {"same"}:
        if new.foreign or old.foreign:
            return None
        no_more = values.keys() == before.keys() and all(
            values[name].details == before[name].details for name in before
        )
        return Judgement("duplicate", "same_value") if no_more else None
    if "other" in compared and "unknown" not in compared:
        return Judgement("replaces", "same_attribute_new_value", began=new.began)
    return None


def _compare(new: Value, old: Value, statement: Known) -> str:
    if new.kind != old.kind or (new.rest != old.rest and not (statement.change and not new.rest)):
        return "unknown"
    found = compare(new.kind, new.text, old.text)
    if new.kind == "job" and found != "same":
        # "Was promoted to senior engineer" after "works as an engineer".
        if statement.change:
            return "other"
        unsure = new.tentative or old.tentative or not are_two_jobs(new.text, old.text)
        return "unknown" if unsure else found
    return found
