"""A short fact → a light reading of it: about whom, which attribute, what value, denied or not, at what time."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from app.memory.judge_words import DAYS, MONTHS, NEGATIONS, content_words, plain, stem

_SPEAKER = re.compile(r"(?:the )?user(?P<owns>'s?)?(?= |$)")
_NAME = re.compile(r"(?P<name>[A-Z][\w-]{1,40}(?: [A-Z][\w-]{1,40})?)(?P<owns>['’]s?)? ")
_NOT_NAMES = frozenset(
    ["lives", "works", "is", "has", "likes", "loves", "prefers", "the", "a", "an", "my", "in", "on", "at", "every", "no", "not", "never", "does", "wants", "uses", "plans", "owns", "enjoys", "hates", "speaks", "drives", "studies", "was", "moved", "said", "had", "went", "favourite", "favorite", "currently", "always", "born", "married", "allergic", "vegetarian", "vegan", "called", "named", "weighs", "based", "got", "quit", "stopped"]
)

SINGLE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(pattern))
    for attribute, pattern in (
        ("home", r"\b(?:lives?|living|resides?|residing|moved|relocated|settled|is based|based|home is)(?: \w+ly)?(?: back| now)? "
                 r"(?:in|to|at) (?!with\b|a\b|an\b|the same\b|together\b|the (?:city|country|suburb|mountain)s?\b)(?P<value>.+)"),
        ("employer", r"\b(?:works?|working|is employed|employed) (?:at|for|by) (?!home\b|night\b|a\b|an\b|the\b)(?P<value>.+)"),
        ("employer", r"\b(?:joined|started at|got a job at|switched to a job at) (?!a\b|an\b|the\b)(?P<value>[\w ]{2,40})$"),
        ("marital", r"\b(?:is|got|gets|became) (?:now )?(?P<value>single|married|divorced|engaged|widowed|separated)\b"),
        ("age", r"\bis (?P<value>\d{1,3})(?: years? old| years? of age|$|\.$)"),
        ("age", r"\b(?:turned|turns|age is|is aged) (?P<value>\d{1,3})\b"),
        ("diet", r"\b(?:is|became|went|turned|follows|eats|on) (?:an? |now )?(?:strict )?(?P<value>vegetarian|vegan|pescatarian|keto|"
                 r"paleo|omnivore|carnivore|flexitarian|meat|fish and meat)\b"),
        ("birthday", r"\b(?:birthday is|was born) (?:on|in) (?P<value>(?:\d{1,2} )?[a-z]+(?: \d{1,2})?(?:,? \d{4})?)"),
        ("weight", r"\b(?:weighs?|weight is) (?P<value>\d[\d.]{0,6} ?\w{0,12})"),
        ("height", r"\b(?:height is|is) (?P<value>\d[\d.]{0,6} ?(?:cm|m|feet|ft|inches|meters)(?: \d+)?)(?: tall)?"),
        ("commute", r"\b(?:commutes?|gets to work|goes to work|travels to work) (?:to \w+ )?(?:by|on|via|in) (?P<value>.+)"),
        ("drives", r"\bdrives (?!to\b|for\b|home\b)(?P<value>an? .+)"),
        ("wakes", r"\b(?:wakes? up|gets up|get up|rises) (?:at|around|by) (?P<value>.+)"),
        ("sleeps", r"\b(?:goes to bed|goes to sleep|go to bed) (?:at|around|by) (?P<value>.+)"),
        ("commute", r"^(?P<value>drives|cycles|bikes|walks|runs|takes the \w+|rides [\w ]{2,20}) to (?:work|the office)\b"),
        ("household", r"\blives? (?P<value>alone|by (?:him|her|them)sel\w+|with .+)"),
        ("role", r"\b(?:work as|promoted to|is now|became|made) (?:an? |the )?(?P<value>(?:[\w-]+ ){0,3}[\w-]+?)(?: (?:at|in|of|for|with) .*)?$"),
        ("role", r"^is (?:an? |the )(?P<value>(?:[\w-]+ ){0,3}[\w-]+?) (?:at|for) (?!heart\b|home\b|least\b|fun\b)\w.*$"),
        ("boss", r"\b(?:reports to|boss is|manager is|supervisor is) (?P<value>.+)"),
        ("school", r"^(?:studies|study|is studying|goes to school|is enrolled|is a student) (?:[\w ]{2,30} )?at (?P<value>.+)"),
        ("reading_now", r"^is (?:currently )?reading (?P<value>.+)"),
        ("bank", r"^banks? with (?P<value>.+)"),
        ("timezone", r"\b(?:time ?zone is|is in the) (?P<value>[\w/+: -]{2,30}?)(?: time ?zone)?$"),
        ("version", r"^(?:is on|runs|uses|is using|upgraded to|updated to|switched to) (?P<value>[a-z]+ \d[\w.]{0,10})$"),
    )
)  # fmt: skip
"""Attributes that hold one value at a time; ``value`` is what follows in the ``plain`` text."""

_FAVORITE = re.compile(r"\bfavorite (?P<what>[\w ]{2,40}?) (?:is|are|was|name) (?P<value>.+)")
_FAVORITE_LAST = re.compile(
    r"^(?P<value>.{2,60}?) (?:is|are) (?:the )?(?:user's |\w+'s |their |his |her )?favorite (?P<what>[\w ]{2,40})"
)
_LIKED_MOST = re.compile(
    r"^(?P<value>.{2,60}?) (?:is|are) the (?P<what>\w{2,20}) (?:that )?(?:the )?\w+ (?:likes|loves|like|love) most"
)
OWNED_IS = re.compile(r"^(?P<what>(?:[\w-]+ ){0,3}?[\w-]+) (?:is|are|name|was) (?:now |currently )?(?P<value>.+)")
OTHERS = frozenset(
    ["mother", "father", "spouse", "partner", "child", "son", "daughter", "sibling", "twin", "grandmother", "grandfather", "grandma", "grandpa", "aunt", "uncle", "cousin", "niece", "nephew", "dog", "cat", "horse", "pet", "puppy", "kitten", "hamster", "rabbit", "parrot", "bird", "fish", "friend", "roommate", "flatmate", "neighbor", "boss", "colleague", "coworker", "company", "team", "client", "landlord", "physician", "parent", "family", "girlfriend", "boyfriend", "fiance", "fiancee", "baby", "teacher", "therapist", "startup", "school", "department"]
)
"""Those who have a life of their own: what is true of them is not said of the user."""
_VERBS = frozenset(
    ["is", "are", "was", "were", "has", "have", "had", "lives", "works", "needs", "gets", "uses", "name", "runs", "plan", "ended", "likes", "wants", "does"]
)

_PROPER = re.compile(r"(?<=[a-z,'] )[A-Z][\w-]{1,40}")
_REMARK = re.compile(r"(?:said[: ]|asked \"|, asked |: |(?:shared|sent|showed|posted) )")
_FORMER = re.compile(r"\b(?:until|used to|former|formerly|previously|once|ex|in the past|as a child)\b")
"""What was true once: it neither replaces a present value nor is replaced by one."""
HAPPENED = re.compile(
    r"^(?:\w+ly |also |just )?(?:visited|went|read (?!s)|ran|saw|met|bought|attended|won|wrote|watched|made|took|gave|ate|told|"
    r"hiked|climbed|traveled|travelled|painted|built|did|volunteered|hosted|celebrated|finished|started|joined|had|got|came|"
    r"sold|broke|lost|found|sang|drew|felt|spent|talked|helped|tried|played|signed|organized|participated|donated)\b"
)
MULTI_NOUNS = frozenset(
    ["hobby", "hobbies", "interest", "interests", "friend", "friends", "sister", "brother", "sibling", "child", "son", "daughter", "pet", "dog", "cat", "goal", "goals", "skill", "skills", "language", "languages", "colleague", "coworker", "cousin", "aunt", "uncle", "neighbor", "neighbour", "plan", "plans", "project", "projects", "grandfather", "grandmother", "parents", "kids", "children", "symptom", "allergy", "medication", "book", "film", "movie", "song", "class", "client", "customer", "habit", "concern", "problem", "issue", "question", "idea", "dream", "wish", "strength", "weakness", "value", "tool", "reason", "team"]
)
"""Things that people have several of: two values of them can both be true."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says, as far as its surface tells. ``subject`` is "user" or a name; ``attribute`` None when unknown.

    ``owned`` is whom of the subject's the text is really about ("mother", "dog", "company"): "" for the subject itself,
    None when the text names such a one elsewhere than at its head.

    ``values`` and ``words`` are stems; ``numbers`` leaves years out, which stand in ``years`` with months and days in
    ``dates``. ``negated`` denies or ends what the other words say.
    ``names`` are the words with a capital inside the text. A ``remark`` was only said ("said: …") or shown in a picture.
    ``happened`` tells of something that took place once, not of a state.
    """

    subject: str
    owned: str | None
    attribute: str | None
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


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """The reading of one fact; the same object for the same text."""
    subject, owns, rest = _subject(text.strip())
    rest = rest.strip(" .!").removeprefix("the ")
    owned = _owned(rest, owns)
    words = content_words(rest)
    attribute, value = (None, "") if _FORMER.search(rest) else _attribute(rest)
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
        return plain(named.group("name").split()[0]), bool(named.group("owns")), plain(text[named.end() :])
    return "user", False, flat


def _owned(rest: str, owns: bool) -> str | None:
    """The person, animal or company at the head of ``rest``; "" when it is about the owner; None when it may be."""
    words = rest.split()
    if owns:
        for word in words[:4]:
            head = stem(word.removesuffix("'s").strip(","))
            if head in OTHERS:
                return head
            if word in _VERBS:
                break
        return ""
    others = {stem(w.removesuffix("'s").strip(",.")) for w in words[:6]} & OTHERS
    return None if others else ""


def _attribute(rest: str) -> tuple[str | None, str]:
    for pattern in (_FAVORITE, _FAVORITE_LAST, _LIKED_MOST):
        found = pattern.search(rest)
        if found:
            return "favorite " + " ".join(sorted(content_words(found["what"]))), found["value"]
    for attribute, single in SINGLE:
        found = single.search(rest)
        if found:
            return attribute, found["value"]
    return None, ""
