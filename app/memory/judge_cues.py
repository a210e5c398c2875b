"""The cues by which one fact ends, denies or moves another, as word lists and patterns over ``plain`` texts."""

from __future__ import annotations

import re

from app.memory.word_lists import word_set

LIGHT = word_set(
    "get require go make take keep plain want plan thing new old small big good nice lot type kind sit talk "
    "like use have degree format able work drink eat own own day year time people part real"
)
"""Words that paraphrases put in or leave out freely."""
OPPOSITES = tuple(
    frozenset(pair.split("/"))
    for pair in [
        "dark/light",
        "on/off",
        "enabled/disabled",
        "enable/disable",
        "like/dislike",
        "love/dislike",
        "early/late",
        "aisle/window",
        "hot/cold",
        "left/right",
        "fulltime/parttime",
        "online/offline",
        "public/private",
        "paper/digital",
        "alone/together",
        "rent/own",
        "buy/sell",
        "earlyriser/nightowl",
        "start/finish",
        "open/close",
        "single/wed",
        "single/divorced",
        "wed/divorced",
        "tab/space",
        "concise/long",
        "metric/imperial",
        "formal/informal",
        "formal/casual",
        "concise/detailed",
        "concise/verbose",
        "trust/distrust",
        "healthy/sick",
        "upper/lower",
        "employed/unemployed",
        "remote/office",
        "rent/buy vegetarian/meat",
        "vegan/meat",
        "accept/decline",
        "accepted/rejected",
        "pass/fail",
        "passed/failed",
        "increase/decrease",
        "inside/outside",
        "iphone/android",
        "mac/windows",
        "introvert/extrovert",
        "optimistic/pessimistic",
        "easy/difficult",
        "safe/dangerous",
    ]
)
NO_SUCH_THING = {
    "child": word_set("son daughter baby newborn twin toddler boy girl child pregnant"),
    "pet": word_set("dog cat puppy kitten hamster rabbit parrot bird fish pet turtle horse"),
    "siblingless": word_set("sibling twin"),
    "job": word_set("work join"),
    "car": word_set("car drive"),
    "allergy": frozenset(("allergy",)),
    "unemployed": word_set("work join hire start"),
    "single": word_set("girlfriend boyfriend partner wed spouse engag dat"),
    "vegetarian": word_set("meat beef chicken steak pork bacon burger"),
    "vegan": word_set("meat beef chicken steak pork bacon cheese egg milk dairy fish"),
}
"""What a text denies by a single word, and words of another that contradict it."""
ENDING_HEAD = re.compile(
    r"^(?:(?:has|have|had|is|was|were|been|be|just|recently|finally|now|will) ){0,3}(?:\w+ ){0,3}?(?P<cue>ended"
    r"|nolonger|died|passed away|ran away|graduated|"
    r"postponed|switched|migrated|replaced|rescheduled|sold|lost|retired|moved (?:away|out)|asked to switch|went back|"
    r"fell out|expired|over$|stopped|deleted|removed|discarded|returned|swapped|traded|changed|finished|completed)\b"
)
NOLONGER = re.compile(r"\bnolonger\b")
FROM = re.compile(
    r"\b(?:from|instead of|away from|replaced|rather than) (?P<old>[\w .+#-]{2,60}?)(?: (?:to|with|by|for|in)\b|$)"
)
SCOPE = re.compile(r"\b(?:on|at|in|for|when|while|during|with|after|before|if) (?P<scope>[\w ]{3,60})$")
RESCHEDULED = re.compile(
    r"\b(?:extended|postponed|rescheduled|delayed|brought forward|pushed (?:back|forward|to)|(?:was|is|been|got) "
    r"moved|moved to|"
    r"changed to|shifted)\b"
)
PLANNED = re.compile(
    r"\b(?:meeting|deadline|due|flight|fly|flies|exam|appointment|interview|wedding|trip|launch|release|starts?"
    r"|leaves?|arrives?|"
    r"birthday|party|concert|surgery|ends?|closes|opens|expires?|presentation|conference|move|moves|holiday|vacation)\b"
)
ON_THE_SIDE = re.compile(
    r"\b(?:weekend|on the side|parttime|part time|also|too|second|in the evenings?|sometimes|freelance)\b"
)
CHANGED_TO = re.compile(
    r"\b(?:went up|went down|rose|increased|decreased|dropped|fell|grew|shrank|changed|raised|lowered|reduced"
    r"|ended|extended) to\b"
)
SINGLE_MARK = word_set("prefer favorite main primary native current default usual")
PREPOSITIONS = word_set("in on at to for from with by of near after before under over")
ARTICLES = frozenset(("a", "an", "the"))
VALUE_NOUNS = word_set(
    "favorite prefer status language color mode diet religion nationality currency job role team goal plan size level "
    "hobby subject major instrument style tone theme sign hand system editor browser framework"
)
RELATIONAL = re.compile(r"\bfrom\b.{1,80}\bto\b|\bto\b.{1,80}\bfrom\b|\b(?:over|than|instead of|before|after)\b")
