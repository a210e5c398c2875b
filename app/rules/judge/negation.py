"""What one fact ends, denies or turns into its opposite."""

from __future__ import annotations

import re

from app.rules.judge.cues import (
    ENDING_HEAD,
    FROM,
    LIGHT,
    NO_SUCH_THING,
    NOLONGER,
    OPPOSITES,
    RESCHEDULED,
)
from app.rules.judge.normalise import content_words
from app.rules.judge.reading import Reading
from app.rules.judge.verdict import Judgement, other_scope, scope_of, shared_words


def ended(new: Reading, old: Reading) -> Judgement | None:
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
    shared = shared_words(new.words, heavy)
    main_verb = (
        bool(old.order)
        and old.order[0] in shared
        and not old.order[0][0].isdigit()
        and old.order[0] not in LIGHT
    )
    return (
        Judgement("replaces", "ended")
        if shared and (len(shared) >= len(heavy) / 2 or main_verb)
        else None
    )


def denied(new: Reading, old: Reading) -> Judgement | None:
    """One text denies what the other affirms."""
    if old.happened or (new.happened and not re.match(r"(?:not|never)\b", old.text)):
        return None
    for denial, claim in ((new, old), (old, new)):
        for kind, members in NO_SUCH_THING.items():
            denies = kind in denial.words and (denial.negated or kind.endswith(("less", "ed", "n")))
            if denies and len(denial.words) <= 2 and claim.words & members and not claim.negated:
                same_scope = scope_of(new) == scope_of(old) or not scope_of(denial)
                return Judgement("replaces" if same_scope else "unsure", "negated")
    if new.negated == old.negated:
        return None
    denial, claim = (new, old) if new.negated else (old, new)
    if not re.match(
        r"(?:\w+ ){0,4}(?:not|no|never|dislike|distrust|without|neither|hardly)\b", denial.text
    ):
        return None
    heavy = set(denial.words) - {"dislike"} - LIGHT or set(denial.words) - {"dislike"}
    shared = shared_words(claim.words, heavy)
    only_names = heavy <= denial.names and denial.order[:1] != claim.order[:1]
    if (
        heavy
        and not only_names
        and len(shared) >= 0.75 * len(heavy)
        and len(claim.words - LIGHT) <= len(heavy) + 2
    ):
        return (
            Judgement("replaces", "negated")
            if not other_scope(new, old)
            else Judgement("unsure", "negated")
        )
    return None


def opposite(new: Reading, old: Reading) -> Judgement | None:
    only_new, only_old = new.words - old.words, old.words - new.words
    shared = (new.words & old.words) - LIGHT
    for pair in OPPOSITES:
        a, b = only_new & pair, only_old & pair
        if (
            a
            and b
            and a != b
            and shared
            and not other_scope(new, old)
            and not (new.happened and old.happened)
        ):
            return Judgement("replaces", "opposite")
    return None
