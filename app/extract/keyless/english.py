"""Turn one English sentence of a speaker into a statement about them that opens with their name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.extract.keyless.person import has_first_person, possessive, third_person
from app.extract.keyless.verbs import is_past_or_modal

_SUBJECT = re.compile(
    r"(?:I|i|we|We|WE|im|ive|Im|Ive)(?:['’](?:m|ve|d|ll|re|M|VE|D|LL|RE))?\b(?!\.\w)"
)
_OWNED = re.compile(r"(?:my|our|me and)\b", re.IGNORECASE)
_AM_ADDED = re.compile(
    r"(?:gonna|going to|looking (?:forward|into|for|at)|thinking (?:of|about)|planning|hoping"
    r"|trying|working on|getting ready|feeling|learning|still (?:working|trying|looking|learning)"
    r"|currently|not (?:sure|much)|excited|happy|glad|grateful|thankful|thrilled|researching"
    r"|about to|so (?:happy|glad|excited|grateful|thankful)|super (?:excited|happy)|busy|proud)\b",
    re.IGNORECASE,
)
_I_ADDED = re.compile(
    r"(?:can't|cannot|couldn't|didn't|haven't|hope|hoping|don't (?:have|like|want|know|really"
    r"|drink|eat|own|use|need|speak|smoke|feel|mind|remember|see)|wish|love|loved|like|hate|need"
    r"|want|wanna|miss|prefer|enjoy|enjoyed|gotta|just (?:got|had|came|went|finished|started"
    r"|bought|made|wanted)|have (?:been|had|to|got|never|always|just|a )|had|used to|might|will"
    r"|would|wouldn't|won't)\b",
    re.IGNORECASE,
)
_BEEN = re.compile(r"been\b", re.IGNORECASE)
_FRONTED = re.compile(
    r"(?P<lead>(?:in|on|at|for|since|during|after|before|with|from|last|this|next|yesterday|today"
    r"|tonight|tomorrow|recently|lately|currently|now|sometimes|usually|every|these days|once|over"
    r"|right now|a (?:few|couple)|(?:one|two|three|\d+) (?:days?|weeks?|months?|years?) ago|around"
    r"|until|at the moment|back in|earlier)\b[^,;:.!?]{0,60})(?P<comma>,)? (?P<rest>(?:I|my|we"
    r"|our)(?:['’]\w{1,2})?\b.*)",
    re.IGNORECASE | re.DOTALL,
)
_TIME_LEAD = re.compile(
    r"(?:(?:last|this|next) \w+|yesterday|today|tonight|tomorrow|recently|lately|currently|now"
    r"|sometimes|usually|these days|once|(?:in|on) [^,]{0,20}\d{4}|on the \w+ of [^,]{0,20}\d{4}"
    r"|in the week (?:before|after) [^,]{0,20}\d{4})$",
    re.IGNORECASE,
)
_LEAD_VERB = re.compile(
    r"\b(?:I|we|he|she|they|it|you|is|was|were|are|am|had|has|have|did|get|got)\b", re.IGNORECASE
)
_CALL_ME = re.compile(r"(?:please )?(?:just )?call me\b", re.IGNORECASE)
_REMEMBER = re.compile(
    r"(?:please )?(?:remember|note|keep in mind|don't forget|fyi)[,:]?(?: that)?\s+", re.IGNORECASE
)
_STANDING_ORDER = re.compile(
    r"(?:please )?(?:from now on,? )?(?:please )?(always|never)\b", re.IGNORECASE
)
_FROM_NOW_ON = re.compile(r"(?:please )?from now on,?\s+(?:please )?", re.IGNORECASE)


_CLAUSE = re.compile(
    r"(?:(?:,|;| [\u2013\u2014-]) (?:and |but )?|\.\.\.? ?| and | but )(?=(?:I|i)(?:'(?:m|ve|d"
    r"|ll))?\b|(?:we|my|our)\b)"
)
_US = re.compile(r"\bus\b")
_MIN_CLAUSE_WORDS = 4
_UNFINISHED = re.compile(
    r"\b(?:to (?:go|do|try|be|know|see|come|help)|it|that|so|too|there|them|him|her|one)\W*$",
    re.IGNORECASE,
)
_BEING = re.compile(r"(?:i'm|i am|im) \S", re.IGNORECASE)


def clauses(said: str) -> list[str]:
    """Split a sentence into the clauses that each have the speaker for a subject: "I'm a nurse and
    I live in Oslo" holds two.

    Clauses that depend on another ("when I …", "because my …") stay with it.
    """
    parts: list[str] = []
    begin = 0
    for found in _CLAUSE.finditer(said):
        left, right = said[begin : found.start()], said[found.end() :]
        conjoined = found.group().strip(" ,;") in ("and", "but") and "," not in found.group()
        opens = _SUBJECT.match(left) or (not conjoined and _OWNED.match(left))
        if opens and _stands_alone(left) and _stands_alone(right):
            if conjoined and not _SUBJECT.match(right):
                continue  # "I love my dog and my cat": one list.
            parts.append(left)
            begin = found.end()
    return [*parts, said[begin:]]


def _stands_alone(clause: str) -> bool:
    """Whether it says enough by itself: "I'm vegan" does, "I want to go" does not."""
    if _UNFINISHED.search(clause):
        return False
    return bool(_BEING.match(clause)) or len(clause.split()) >= _MIN_CLAUSE_WORDS


@dataclass(frozen=True, slots=True)
class Speakers:
    """Who speaks, who is spoken to (None when unknown or several), and ``we``: whom "we" names, the
    speaker first.
    """

    name: str
    you: str | None
    we: str | None = None


def statement(said: str, who: Speakers) -> str | None:
    """Give the sentence in third person, opening with the speaker's name; None when it is not about
    the speaker.

    ``said`` has no openers left ("Well, …") and its dates are absolute. What cannot be turned into
    third person follows "NAME said:".
    """
    said = _REMEMBER.sub("", said, count=1) if _REMEMBER.match(said) else said
    wished = _CALL_ME.match(said)
    if wished:
        return f"{who.name} wants to be called{said[wished.end() :]}"
    ordered = _standing_order(said, who)
    if ordered is not None:
        return ordered
    said = _with_subject(said)
    if _SUBJECT.match(said) or _OWNED.match(said):
        return _third(said, who)
    fronted = _FRONTED.match(said)
    if (
        fronted
        and (fronted["comma"] or _TIME_LEAD.match(fronted["lead"]))
        and not _LEAD_VERB.search(fronted["lead"])
    ):
        rest, mark = _without_mark(fronted["rest"])
        lead = fronted["lead"]
        return f"{_third(rest, who)} {lead[0].lower()}{lead[1:]}{mark}"
    if has_first_person(said):
        return said_form(said, who)
    return None


def said_form(said: str, who: Speakers) -> str:
    """Give "Ana said: …" around a sentence that cannot open with the name itself."""
    return (
        f"{who.name} said: {third_person(said, who.name, you=who.you, we=who.we, mentioned=True)}"
    )


def _third(said: str, who: Speakers) -> str:
    if (
        who.we
        and '"' not in said
        and _acts_on_us(said, who.we.removeprefix(f"{who.name} and their "))
    ):
        said = _US.sub("them", said)
    text = third_person(said, who.name, you=who.you, we=who.we)
    return text if text.startswith(who.name) else f"{who.name} said: {text}"


def _acts_on_us(said: str, company: str) -> bool:
    """Whether the speaker's company is the subject, and so not among "us": "My sister helps us"."""
    return re.match(rf"(?:my|our|the) {re.escape(company)}\b(?! and\b)", said, re.I) is not None


def _standing_order(said: str, who: Speakers) -> str | None:
    if who.you != "the assistant" or has_first_person(said[:3]):
        return None
    order = _STANDING_ORDER.match(said)
    if order:
        rest = third_person(said[order.end() :], who.name, you=who.you, mentioned=True)
        return f"{who.name} wants the assistant to {order.group(1).lower()}{rest}"
    order = _FROM_NOW_ON.match(said)
    if order and _CALL_ME.match(said, order.end()):
        return statement(said[order.end() :], who)
    if order and not has_first_person(said[order.end() : order.end() + 3]):
        rest = third_person(said[order.end() :], who.name, you=who.you, mentioned=True)
        return f"{who.name} wants the assistant from now on to {rest}"
    return None


def _with_subject(said: str) -> str:
    """ "Went to Rome" → "I went to Rome": chat leaves the subject out."""
    first = said.split(" ", 1)[0].lower().strip(",.!")
    if _SUBJECT.match(said) or _OWNED.match(said):
        return said
    lowered = said[0].lower() + said[1:]
    if _BEEN.match(said):
        return f"I've {lowered}"
    if _AM_ADDED.match(said):
        return f"I'm {lowered}"
    if _I_ADDED.match(said):
        return f"I {lowered}"
    is_verb = (
        is_past_or_modal(first)
        and first.isalpha()
        and first not in ("can", "could", "would", "should", "did", "was")
    )
    return f"I {lowered}" if is_verb and len(said.split()) > 2 else said


def _without_mark(text: str) -> tuple[str, str]:
    bare = text.rstrip(" .!…")
    return bare, text[len(bare) :].strip()[:1] or "."


def opening_of(name: str) -> tuple[str, ...]:
    """Give what a statement about ``name`` may open with."""
    return (f"{name} ", f"{possessive(name)} ", f"{name},")
