"""Read a question and the short answer to it together."""

from __future__ import annotations

import re
from typing import Literal

from app.extract.keyless import importance

_MAX_YES_NO_CHARS = 40
_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|correct|exactly|right|indeed|absolutely|definitely|of course"
    r"|i do|i am|i have|i did|we do|we are|we have|that's right|it is|they do|he is"
    r"|she is)\b[\s,.!]*){1,3}$",
    re.I,
)
_NO = re.compile(
    r"(?:(?:no|nope|nah|not really|not yet|i don't|i do not|i'm not|i am not|i haven't|i didn't"
    r"|never|we don't|not at all|it isn't)\b[\s,.!]*){1,3}$",
    re.I,
)
_ASKED_VERB = re.compile(r"\b(are|do|did|have) you\b", re.I)
_YOUR = re.compile(r"\byour\b", re.I)
_ASKS_YOU = re.compile(r"\byou(?:r|'re|'ve)?\b", re.I)
_YES_NO_QUESTION = re.compile(
    r"(?:so |and |but )?(?:do|are|have|did|is|were|was|can|will|would|has|had|does)\b", re.I
)
_WH_QUESTION = re.compile(
    r"(?:so |and |but )?(?:what|which|where|who|whose|when|how (?:many|much|long|old|often|far)"
    r"|any)\b",
    re.I,
)


def wants_a_value(question: str) -> bool:
    """Whether it asks what, who, where …, so that a word or two can answer it."""
    return _WH_QUESTION.match(question) is not None


def yes_or_no(said: str, question: str) -> Literal["yes", "no"] | None:
    """Give what ``said`` answers to a yes-or-no question about the person asked; None when it is
    neither such a question nor such an answer."""
    if len(said) > _MAX_YES_NO_CHARS:
        return None
    if not _YES_NO_QUESTION.match(question) or not _ASKS_YOU.search(question):
        return None
    return "yes" if _YES.match(said) else "no" if _NO.match(said) else None


def importance_of_answer(question: str) -> float:
    """Give the importance of an answer: that of the question's matter when the speaker says it:
    "where do you live" as "I live"."""
    asked = _ASKED_VERB.sub(
        lambda found: "I am" if found.group(1).lower() == "are" else "I", question
    )
    return importance.importance_of(_YOUR.sub("my", asked).replace("you", "I"))
