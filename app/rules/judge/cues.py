"""The cues by which one fact ends, denies or moves another, as word lists and patterns over
``plain`` texts.
"""

from __future__ import annotations

import re

from app.rules.word_lists import word_set

LIGHT = word_set(
    "get require go make take keep plain want plan thing new old small big good nice lot type "
    "kind sit talk like use have degree format able work drink eat own own day year time people "
    "part real"
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
RARE_OR_REGULAR = word_set(
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
SINGLE_MARK = word_set("prefer favorite main primary native current default usual")
PREPOSITIONS = word_set("in on at to for from with by of near after before under over")
ARTICLES = frozenset(("a", "an", "the"))
VALUE_NOUNS = word_set(
    "favorite prefer status language color mode diet religion nationality currency job role team "
    "goal plan size level hobby subject major instrument style tone theme sign hand system editor "
    "browser framework"
)
RELATIONAL = re.compile(
    r"\bfrom\b.{1,80}\bto\b|\bto\b.{1,80}\bfrom\b|\b(?:over|than|instead of|before|after)\b"
)
