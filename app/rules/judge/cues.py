"""The cues by which one fact ends, denies or moves another, as word lists and patterns over
``plain`` texts.
"""

from __future__ import annotations

import re

from app.rules.judge.normalise import stem
from app.rules.word_lists import word_list, word_set


def stems(text: str) -> frozenset[str]:
    """The words of ``text`` in the form in which two facts are compared."""
    return frozenset(map(stem, word_list(text)))


def word_pairs(text: str) -> tuple[frozenset[str], ...]:
    """ "hot/cold" → one pair of words, in the form in which two facts are compared."""
    return tuple(frozenset(map(stem, pair.split("/"))) for pair in word_list(text))


LIGHT = stems(
    "get require go make take keep plain want plan thing new old small big good nice lot type "
    "kind sit talk like use have degree format able work drink eat own day year time part "
    "real"
)
"""Words that paraphrases put in or leave out freely."""
OPPOSITES = word_pairs(
    "dark/light like/dislike love/dislike hot/cold paper/digital rent/own earlyriser/nightowl "
    "concise/long metric/imperial formal/informal formal/casual trust/distrust healthy/sick "
    "vegetarian/meat vegan/meat pass/fail introvert/extrovert optimistic/pessimistic easy/difficult"
)
"""Values of which one thing has one at a time. Two steps of one thing are none ("starts at 9",
"ends at 5"), nor are two dealings ("buys a flat", "sells a flat"): both can be true."""
SIDES = word_pairs(
    "left/right upper/lower top/bottom front/back inside/outside north/south east/west early/late"
)
"""Where a thing is, or which of two moments is meant: it tells two things apart and does not make
one of them untrue, as a bad left knee leaves the right one as it is."""
NO_SUCH_THING = {
    "child": stems("son daughter baby newborn twin toddler boy girl child pregnant"),
    "pet": stems("dog cat puppy kitten hamster rabbit parrot bird fish pet"),
    "siblingless": stems("sibling twin"),
    "car": stems("car"),
    "allergy": stems("allergy"),
    "unemployed": stems("work join hire start"),
    "vegetarian": stems("meat beef chicken steak pork bacon burger"),
    "vegan": stems("meat beef chicken steak pork bacon egg milk dairy fish"),
}
"""What a text denies by a single word, and words of another that contradict it."""
ENDING_HEAD = re.compile(
    r"^(?:(?:has|have|had|is|was|were|been|be|just|recently|finally|now"
    r"|will) ){0,3}(?:\w+ ){0,3}?(?P<cue>ended|nolonger|died|passed away|ran away|graduated"
    r"|postponed|switched|migrated|replaced|rescheduled|sold|lost|retired|moved (?:away|out)"
    r"|asked to switch|went back|fell out|expired|over$|stopped|deleted|removed|discarded|returned"
    r"|swapped|traded|changed|finished|completed)\b"
)
NOLONGER = re.compile(r"\bnolonger\b")
FROM = re.compile(
    r"\b(?:from|instead of|away from|replaced|rather than) (?P<old>[\w .+#-]{2,60}?)(?: (?:to|with"
    r"|by|for|in)\b|$)"
)
SCOPE = re.compile(
    r"\b(?:on|at|in|for|when|while|during|with|after|before|if) (?P<scope>[\w ]{3,60})$"
)
RESCHEDULED = re.compile(
    r"\b(?:extended|postponed|rescheduled|delayed|brought forward|pushed (?:back|forward|to)"
    r"|(?:was|is|been|got) moved|moved to|changed to|shifted)\b"
)
PLANNED = re.compile(
    r"\b(?:meeting|deadline|due|flight|fly|flies|exam|appointment|interview|wedding|trip|launch"
    r"|release|starts?|leaves?|arrives?|birthday|party|concert|surgery|ends?|closes|opens|expires?"
    r"|presentation|conference|move|moves|holiday|vacation)\b"
)
ON_THE_SIDE = re.compile(
    r"\b(?:weekend|on the side|parttime|part time|also|too|second|in the evenings?|sometimes"
    r"|freelance)\b"
)
CHANGED_TO = re.compile(
    r"\b(?:went up|went down|rose|increased|decreased|dropped|fell|grew|shrank|changed|raised"
    r"|lowered|reduced|ended|extended) to\b"
)
NOW = re.compile(
    r"\b(?:now|nowadays|these days|lately|instead|ahora|actualmente|jetzt|nun|inzwischen"
    r"|maintenant|desormais)\b"
)
"""What tells of a state that was another one before."""
MOVED = re.compile(r"\b(?:moved|changed|switched|renumbered|renamed)\b")
POSSESSIVES = frozenset(("their", "his", "her", "the", "my"))
RARE_OR_REGULAR = stems(
    "every each daily weekly monthly yearly weekend morning evening night noon monday tuesday "
    "wednesday thursday friday saturday sunday often rarely times"
)
"""Words of when and how often: two of them can both hold."""
CLAUSE_END = re.compile(r"[,;:.!](?= )|(?= (?:so|and so|which is why|because|but) )")
INSISTS = re.compile(
    r"\W{0,3}(?:(?:and|so|but) ){0,2}(?:remember|please|again|you know|by the way"
    r"|as (?:i|they) said|do not forget|so (?:please|no|not|never|avoid)|so \w.{0,80}\bplease)\b"
)
"""How a clause goes on that only presses what was said: "…, remember, so no satay please"."""
TAKES_BACK = re.compile(r"\b(?:nolonger|ended|until|stopped|now|moved|changed|but (?:not|never))\b")
LABELS = word_set(
    "sprint number room flight gate platform seat table ticket issue order invoice case bus "
    "line tram train route apartment flat unit building block terminal bug task project interview "
    "sample server node host locker account box warehouse bay slot phase round match race heat "
    "option question exhibit patient booking reservation"
)
"""Nouns that a number behind them tells apart: sprint 42 is another thing than sprint 43. Nouns
whose number changes while the thing stays (version, floor, level, size) are not among them, nor is
a place in a work (chapter, page), which moves on as one reads."""
SINGLE_MARK = stems("prefer favorite main primary current default usual")
PREPOSITIONS = word_set("in on at to for from with by of near after before under over")
ARTICLES = frozenset(("a", "an", "the"))
VALUE_NOUNS = stems(
    "favorite prefer color mode diet religion nationality currency role team goal plan size level "
    "hobby subject major instrument tone sign hand system editor browser framework"
)
RELATIONAL = re.compile(
    r"\bfrom\b.{1,80}\bto\b|\bto\b.{1,80}\bfrom\b|\b(?:over|than|instead of|before|after)\b"
)
