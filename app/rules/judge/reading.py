"""Read a short fact: about whom, which attribute, what value, negated or not, at what time."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from app.rules.judge.attributes import SINGLE
from app.rules.judge.cues import LABELS, stems
from app.rules.judge.normalise import DAYS, MONTHS, NEGATIONS, content_words, plain, stem
from app.rules.word_lists import word_set

_SPEAKER = re.compile(r"(?:the )?user(?P<owns>'s?)?(?= |$)")
_NAME = re.compile(r"(?P<name>[A-Z][\w-]{1,40}(?: [A-Z][\w-]{1,40})?)(?P<owns>['’]s?)? ")
_NOT_NAMES = word_set(
    "lives works is has likes loves prefers the a an my in on at every no not never does wants "
    "uses plans owns enjoys hates speaks drives studies was moved said had went favourite "
    "favorite currently always born married allergic vegetarian vegan called named weighs based "
    "got quit stopped"
)

_FAVORITE = re.compile(r"\bfavorite (?P<what>[\w ]{2,40}?) (?:is|are|was|name) (?P<value>.+)")
_FAVORITE_LAST = re.compile(
    r"^(?P<value>.{2,60}?) (?:is|are) (?:the )?(?:user's |\w+'s |their |his "
    r"|her )?favorite (?P<what>[\w ]{2,40})"
)
_LIKED_MOST = re.compile(
    r"^(?P<value>.{2,60}?) (?:is|are) the (?P<what>\w{2,20}) (?:that )?(?:the )?\w+ (?:likes|loves"
    r"|like|love) most"
)
OWNED_IS = re.compile(
    r"^(?P<what>(?:[\w-]+ ){0,3}?[\w-]+) (?:is|are|name|was) (?:now |currently )?(?P<value>.+)"
)
OTHERS = stems(
    "mother father spouse partner child son daughter sibling twin grandmother grandfather grandma "
    "grandpa aunt uncle cousin niece nephew dog cat horse pet puppy kitten hamster rabbit parrot "
    "bird fish friend roommate flatmate neighbor boss colleague coworker company team client "
    "landlord physician parent family girlfriend boyfriend fiance fiancee baby therapist startup "
    " school department"
)
"""Those who have a life of their own: what is true of them is not said of the user."""
_ACTS = re.compile(
    r"(?:[\w-]+ ){0,2}?(?P<who>[\w-]+) (?:lives|works|was born|likes|loves|wants|speaks|studies)\b"
)
_VERBS = word_set(
    "is are was were has have had lives works needs gets uses name runs plan ended likes wants does"
)

_LABELLED = re.compile(
    r"(?P<label>[a-z]{1,40}) (?P<mark>(?:number |nr |# ?))?(?P<number>\d[\w.]{0,20})"
)
_OPENING_NUMBER = re.compile(r"(?:number |# ?)?(?P<number>\d[\w.]{0,20}) ")
_CODE = re.compile(r"\b(?!v\d)[a-z]{1,10}-?\d{2,10}\b")
_PROPER = re.compile(r"(?<=[a-z,'] )[A-Z][\w-]{1,40}")
_REMARK = re.compile(r"(?:said[: ]|asked \"|, asked |: |(?:shared|sent|showed|posted) )")
_FORMER = re.compile(
    r"\b(?:until|used to|former|formerly|previously|once|ex|in the past|as a child)\b"
)
"""What was true once: it neither replaces a present value nor is replaced by one."""
HAPPENED = re.compile(
    r"^(?:\w+ly |also |just )?(?:visited|went|read (?!s)|ran|saw|met|bought|attended|won|wrote"
    r"|watched|made|took|gave|ate|told|hiked|climbed|traveled|travelled|painted|built|did"
    r"|volunteered|hosted|celebrated|finished|started|joined|had|got|came|sold|broke|lost|found"
    r"|sang|drew|felt|spent|talked|helped|tried|played|signed|organized|participated|donated)\b"
)
MULTI_NOUNS = word_set(
    "hobby hobbies interest interests friend friends sister brother sibling child son daughter "
    "pet dog cat goal goals skill skills language languages colleague coworker cousin aunt uncle "
    "neighbor neighbour plan plans project projects grandfather grandmother parents kids children "
    "symptom allergy medication book film movie song class client customer habit concern problem "
    "issue question idea dream wish strength weakness value tool reason team"
)
"""Things that people have several of: two values of them can both be true."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, as far as its surface tells. ``subject`` is "user" or a name; ``attribute``
    None when unknown.

    ``holder`` are the words before the attribute ("dog Rex" of "dog Rex is 5"). ``owned`` is whom
    of the subject's the text is really about ("mother", "dog", "company"): "" for the subject
    itself, None when the text names such a one elsewhere than at its head.

    ``values`` and ``words`` are stems; ``numbers`` leaves years out, which stand in ``years`` with
    months and days in ``dates``. ``negated`` denies or ends what the other words say. ``names`` are
    the words with a capital inside the text. A ``remark`` was only said ("said: …") or shown.
    ``happened`` tells of something that took place once, not of a state. ``numbered`` are the
    numbers and codes that name a thing ("sprint 42", "BA117"), not an amount of it.
    """

    subject: str
    owned: str | None
    attribute: str | None
    holder: frozenset[str]
    values: frozenset[str]
    words: frozenset[str]
    order: tuple[str, ...]
    numbers: frozenset[str]
    years: frozenset[str]
    dates: frozenset[str]
    negated: bool
    ended: bool
    text: str
    names: frozenset[str]
    remark: bool
    happened: bool
    numbered: frozenset[str]


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """Read one fact; gives the same object for the same text."""
    subject, owns, rest = _subject(text.strip())
    rest = rest.strip(" .!").removeprefix("the ")
    owned = _owned(rest, owns)
    words = content_words(rest)
    attribute, holder, value = (None, "", "") if _FORMER.search(rest) else _attribute(rest)
    negations = sum(1 for w in words if w in NEGATIONS)
    content = [w for w in words if w not in NEGATIONS or w == "dislike"]
    numeric = {w for w in content if w[0].isdigit()}
    years = {w for w in numeric if re.fullmatch(r"(?:19|20)\d\d", w)}
    dates = {w for w in content if w in MONTHS or w in DAYS}
    for before, after in itertools.pairwise(content):
        if before in MONTHS and after in numeric - years:
            dates.add(after)
        elif after in MONTHS and before in numeric - years:
            dates.add(before)
    return Reading(
        subject=subject,
        owned=owned,
        attribute=attribute,
        holder=frozenset(content_words(holder)),
        values=frozenset(content_words(value)),
        words=frozenset(content),
        order=tuple(content),
        numbers=frozenset(numeric - years - dates),
        years=frozenset(years),
        dates=frozenset(dates),
        negated=negations % 2 == 1,
        ended=bool({"ended", "nolonger"} & set(words)),
        text=rest,
        names=frozenset(stem(plain(w)) for w in _PROPER.findall(text)),
        remark=_REMARK.match(rest) is not None,
        happened=HAPPENED.search(rest) is not None,
        numbered=_numbered(rest, opens_with_thing=subject != "user" and not owns),
    )


def _subject(text: str) -> tuple[str, bool, str]:
    """Who it is about, whether it opens with their genitive, and the rest in ``plain`` form.

    A text without subject is about the user, and so is one that names the user further on.
    """
    flat = plain(text)
    speaker = _SPEAKER.match(flat)
    if speaker:
        return "user", bool(speaker.group("owns")), flat[speaker.end() :].strip()
    if re.search(r"\b(?:the )?user(?:'s?)?(?= |$)", flat):
        return "user", False, " ".join(re.sub(r"\b(?:the )?user(?:'s?)?(?= |$)", " ", flat).split())
    named = _NAME.match(text)
    if named and named.group("name").split()[0].lower() not in _NOT_NAMES:
        return (
            plain(named.group("name")),
            bool(named.group("owns")),
            plain(text[named.end() :]),
        )
    return "user", False, flat


def _numbered(rest: str, *, opens_with_thing: bool) -> frozenset[str]:
    """The numbers and codes that tell one thing from another.

    ``opens_with_thing`` says that ``rest`` follows a thing's bare name, as in "Sprint | 42 ends".
    """
    found = {
        labelled["number"]
        for labelled in _LABELLED.finditer(rest)
        if labelled["mark"] or labelled["label"] in LABELS
    }
    found.update(_CODE.findall(rest))
    opening = _OPENING_NUMBER.match(rest) if opens_with_thing else None
    return frozenset(found | {opening["number"]} if opening else found)


def _owned(rest: str, owns: bool) -> str | None:
    """The person, animal or company at the head of ``rest``; "" when it is about the owner; None
    when it may be.
    """
    words = rest.split()
    if owns:
        for word in words[:4]:
            head = stem(word.removesuffix("'s").strip(","))
            if head in OTHERS:
                return head
            if word in _VERBS:
                break
        found = _ACTS.match(rest)
        return stem(found.group("who")) if found else ""
    others = {stem(w.removesuffix("'s").strip(",.")) for w in words[:6]} & OTHERS
    return None if others else ""


def _attribute(rest: str) -> tuple[str | None, str, str]:
    """The single-valued attribute that the text gives, the words before it, and the text of its
    value.
    """
    for pattern in (_FAVORITE, _FAVORITE_LAST, _LIKED_MOST):
        found = pattern.search(rest)
        if found:
            return "favorite " + " ".join(sorted(content_words(found["what"]))), "", found["value"]
    for attribute, single in SINGLE:
        found = single.search(rest)
        if found:
            return attribute, rest[: found.start()], found["value"]
    return None, "", ""
