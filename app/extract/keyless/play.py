"""What is said in play: of a part in a game or a story, not of the person."""

from __future__ import annotations

import re

_BEGINS = re.compile(
    r"\b(?:role-?\s?play(?:ing)?|let'?s (?:pretend|imagine|play pretend|do a (?:scene|sketch|skit))"
    r"|pretend (?:that )?(?:i|i'm|you|you're|we|we're|to be)"
    r"|imagine (?:that )?(?:i|i'm|you|you're) "
    r"|i(?:'ll| will|'m going to) (?:be|play) the"
    r"|i(?:'m| am) playing (?:the|a) (?:part|role|character)"
    r"|play the (?:part|role) of|in character|you (?:be|are) the .{1,30} and i(?:'m| am) the"
    r"|write (?:me )?an? (?:story|poem|song|dialogue|scene|monologue|screenplay)"
    r"|(?:my|the) character (?:is|was|says|said)|in (?:my|the|this) (?:story|novel|game|campaign)\b"
    r"|rollenspiel|jeu de rôle|juego de rol|ролев\w+ игр\w+)",
    re.I,
)
_ENDS = re.compile(
    r"\b(?:out of character|ooc\b|(?:stop|end|enough of|done with|back from) (?:the |this |our )?"
    r"(?:role-?\s?play(?:ing)?|game|story|scene)|back to (?:reality|real life|normal|work)"
    r"|(?:seriously|for real|in real life) now|game over)",
    re.I,
)


def plays_after(message: str, *, before: bool) -> bool:
    """Whether a part is played once the message is over; ``before``: whether one was already."""
    ends = [match.end() for match in _ENDS.finditer(message)]
    begins = [match.end() for match in _BEGINS.finditer(message)]
    if begins and (not ends or begins[-1] > ends[-1]):
        # A story is written once; a role is played on.
        return not re.search(r"\bwrite\b", message[: begins[-1]], re.I)
    return before and not ends


def own_words_end(message: str, *, before: bool) -> int:
    """Give where the person's own words end and those of a part begin; 0 when all of it is
    played."""
    if before:
        return 0
    match = _BEGINS.search(message)
    return len(message) if match is None else match.start()
