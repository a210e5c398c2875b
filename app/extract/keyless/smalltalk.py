"""English talk that says nothing to remember: greetings, thanks, praise, filler, requests to the
assistant.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from app.rules.word_lists import word_set

_OPENERS = (
    r"hi|hey|hello|hiya|yo|howdy|good (?:morning|afternoon|evening)|greetings|wow|oh|ooh|aw+|ah"
    r"|ha(?:ha)*|lol|hmm+|um+|uh|yeah|yep|yes|yup|yay|nope|no|nah|sure|ok|okay|alright|right|well"
    r"|so|anyway|anyways|also|plus|and|but|actually|honestly|definitely|absolutely|totally|exactly"
    r"|true|indeed|of course|for sure|by the way|btw|you know|i mean|like|thanks(?: a lot| so much"
    r"| again)?|thank you(?: so much| very much)?|congrats|congratulations|cool|nice|great|awesome"
    r"|amazing|man|dude|gosh|oof|whoa|woah|omg|please|fyi|speaking of which|as i said|like i said"
    r"|in fact|i think|i guess|i must say|i have to say|let me tell you"
)
_OPENER = re.compile(rf"(?:{_OPENERS})(?=[\s,.!…:;—–-]|$)[\s,.!…:;—–-]*", re.IGNORECASE)
_SOFT_OPENERS = word_set(
    "so like right cool nice great awesome amazing well sure true no i think guess please man "
    "but and exactly actually honestly definitely absolutely totally indeed also plus"
)
_NAME_HEAD = re.compile(r"([^\W\d_]{2,30})[,.!…:;—–-]+\s*")

_EMPTY_FIRST_PERSON = re.compile(
    r"(?:i|we)(?:(?:'m| am|'re| are|'d|'ll| will| would|'ve| have| can| could| do| really| so"
    r"| totally| completely| definitely| just| also| truly| both| always| absolutely| fully| never"
    r"| don't| can't| couldn't| not| super| very| too| still| all)){0,6} ?(?:(?:agree|understand"
    r"|hear you|appreciate|get it|get that|see|know|know what you mean|bet|hope so|think so|guess"
    r"|guess so|wonder|mean|feel you|feel the same|relate|imagine|know,? right)\b[^a-z]*$"
    r"|agree\b(?! with (?:my|the|a)\b)|(?:hear|feel|love|admire|appreciate) (?:you\b|your\b"
    r"|that\b[^a-z]*$|it\b[^a-z]*$|this\b[^a-z]*$)|(?:hope|wish|bet|know|think|believe|trust"
    r"|hoping|wishing) (?:that )?(?:you|your|it|all goes|everything)\b|(?:proud of|happy for|sorry"
    r"|here for|rooting for|excited for|glad for|thankful for|grateful for|impressed|inspired by"
    r"|jealous|cheering|pleased for|thrilled for) ?(?:you\b|your\b|to hear\b|about that\b|[^a-z]*$"
    r"|with you\b)|glad (?:you|to hear|to help|that you|i could help|it|we)\b|(?:talk|see|catch"
    r"|chat)(?: to| with)? (?:you|ya)\b|wait to (?:hear|see what|see your|see it|see how)\b"
    r"|(?:good|fine|ok|okay|great|doing (?:well|good|great|fine|ok))[^a-z]*$|here (?:for you"
    r"|if you|to (?:help|support|listen))|got (?:you|your back|this)\b|back you up|be here for you"
    r"|(?:do my best|try)[^a-z]*$|for one\b[^a-z]*$|(?:do|did|have|am|was|will|can)[^a-z]*$)",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"(?:(?:together|as (?:a team|friends)),? )?we(?:(?:'ll|'ve| can| could| should| must| need to"
    r"| have to| all| both| definitely| really| just| always| will|'re| are)){1,4} ?(?:got|make|do"
    r"|keep|support|help|learn|tackle|achieve|have|all|each|inspire|create|build|be|in this|need"
    r"|deserve)\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(
    r"(?:that|this|it|those|these|there|they|everything|things)?(?:'s|'d| is| was| must| sounds?"
    r"| looks?| seems?|'re| are| would be| will be|'ll be| be| have been| really| so| such| truly"
    r"| such an?)*\s?(?:awesome|amazing|great|cool|nice|lovely|wonderful|fantastic|incredible"
    r"|sweet|good|fun|so|really|super|such|very|beautiful|gorgeous|stunning|impressive|inspiring"
    r"|exciting|tough|rough|hard|perfect|brilliant|excellent|true|hilarious|interesting|terrible"
    r"|awful|sad|adorable|cute|powerful|meaningful|thoughtful|kind|right|like|well)\b",
    re.IGNORECASE,
)
_IT_IS_NICE_TO = re.compile(
    r"(?:it's|it is|it was|that's|it must|always|so|such)(?: \w+){1,4} (?:to (?:see|hear|feel|be"
    r"|know|have|watch|find)|when|how)\b",
    re.I,
)
_PRAISE_START = re.compile(
    r"(?:sounds?|looks?|seems?|what an?|how \w+|so (?!i\b|we\b|my\b|our\b)\w+|such|great|good|nice"
    r"|awesome|amazing|wow|congrat\w*|well done|way to go|keep|glad|sorry|best of luck|good luck"
    r"|enjoy|take care|cheers|thanks|thank|appreciate|bye|see you|see ya|talk|catch you|later"
    r"|have (?:a|fun)|hope you|hope it|hope your|hope to|wishing|welcome|no (?:problem|worries|way"
    r"|doubts?|kidding)|my pleasure|anytime|you|your|you're|you've|you'll|you'd|yours|always here"
    r"|let's|let me know|let me|don't (?:worry|forget|give up|hesitate)|here's to"
    r"|can't wait to (?:hear|see)|love (?:the|that|your|how|it|this)|loving (?:the|that|your)|way"
    r"|same here|me too|likewise|impressive|incredible|fantastic|wonderful|lovely|go for it|stay"
    r"|believe in|check|take a look|look at|here (?:it|you)|just (?:let|keep)|never give|be proud"
    r"|hang in)\b",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"(?:i(?:'d like| would like| want| need)(?: for)? you to\b|i(?:'m| am) (?:trying"
    r"|looking) to (?:get|make|write|fix|find out|understand|figure|build|sort|parse|convert"
    r"|debug)\b|i (?:have|had|got) (?:a|an|another|one more|some) (?:quick )?(?:questions?|request"
    r"|error|bug|problem with|issue)\b|i (?:get|got|keep getting|am getting|see) (?:the |an? "
    r"|this )?(?:following )?(?:error|exception|warning|message|output|result)|i(?:'m"
    r"| am) (?:getting|seeing) (?:the |an? |this )?(?:\w+ ?)?(?:error|exception|warning)|i (?:want"
    r"|need|would like)(?: to know| to understand| help| some help| an? (?:example|explanation"
    r"|list|summary))\b|i(?:'d like| would like) to know\b|i don't (?:know|understand) (?:how|why"
    r"|what|where|if)\b)",
    re.IGNORECASE,
)
_STANDING = re.compile(
    r"\b(?:always|never|from now on|in (?:the )?future|every time|whenever|by default"
    r"|going forward)\b",
    re.I,
)
_SECRET = re.compile(
    r"\b(?:sk|pk|rk|ghp|gho|xox[abp]|AKIA|AIza|smara)[-_]?[A-Za-z0-9_-]{12,}"
    r"|\b(?:\d[ -]?){13,19}\b|\b(?:password|passwort|passcode|pin|cvv|api key|secret key"
    r"|token) (?:is|:|=)|-----BEGIN|\b[A-Za-z0-9+/_-]{40,}",
    re.IGNORECASE,
)


def without_openers(text: str, names: Collection[str]) -> str:
    """``text`` without leading greetings, interjections and the name of the person spoken to ("Hey
    Mel, …").
    """
    for _ in range(6):
        found = _OPENER.match(text)
        if found:
            word, marks = _word_and_marks(found.group())
            # "Like", "so" and "well" open a sentence only when something sets them off.
            if (
                word in _SOFT_OPENERS
                and not marks
                and word
                not in (
                    "so",
                    "and",
                    "but",
                    "well",
                    "also",
                    "plus",
                    "i think",
                    "actually",
                    "honestly",
                    "definitely",
                )
            ):
                return text
            if (
                word in ("no", "like", "i think", "i guess")
                and "," not in marks
                and word != "i think"
            ):
                return text
            text = text[found.end() :]
            text = _without_name(
                text, names, bare=word in ("hi", "hey", "hello", "thanks", "thank you")
            )
            continue
        shorter = _without_name(text, names, bare=False)
        if shorter == text:
            return text
        text = shorter
    return text


def _word_and_marks(opener: str) -> tuple[str, str]:
    word = opener.rstrip(" \t,.!…:;—–-")
    return " ".join(word.lower().split()), opener[len(word) :].strip()


def _without_name(text: str, names: Collection[str], *, bare: bool) -> str:
    found = _NAME_HEAD.match(text)
    if found and is_name(found.group(1), names):
        return text[found.end() :]
    first, _, rest = text.partition(" ")
    return rest.lstrip() if bare and rest and is_name(first.strip(",!."), names) else text


def is_name(word: str, names: Collection[str]) -> bool:
    """Whether ``word`` is one of ``names``, or a short form of it ("Mel" of Melanie)."""
    low = word.lower()
    if not word[:1].isupper():
        return False
    parts = [part.lower() for name in names for part in name.split()]
    return any(low == part or (len(low) >= 3 and part.startswith(low)) for part in parts)


def without_vocative(text: str, names: Collection[str]) -> str:
    """``text`` without a name of the person spoken to at its end or set off by commas ("I agree,
    Mel.").
    """
    for name in sorted({n for full in names for n in full.split()}, key=len, reverse=True):
        stem = re.escape(name[:3])
        pattern = rf",\s?(?:{re.escape(name)}|{stem}\w{{0,6}})(?=\s?[,.!?…]|\s?$)"
        for found in list(re.finditer(pattern, text))[:3]:
            if is_name(found.group().strip(", "), [name]):
                text = text.replace(found.group(), "", 1)
    return text


_THANKS_FOR = re.compile(
    r"(?:thanks|thank you|thx|cheers|congrats|congratulations|kudos|props|appreciate)\b",
    re.IGNORECASE,
)
_SO_PRAISE = re.compile(
    r"so (?:cool|glad|happy for|great|proud|sweet|nice|sorry|good|awesome|amazing|inspiring)\b",
    re.IGNORECASE,
)


def is_polite(text: str) -> bool:
    """Whether a whole sentence, openers included, only thanks or praises ("Thanks for having my
    back!").
    """
    if _SO_PRAISE.match(text):
        return True
    found = _THANKS_FOR.match(text)
    return found is not None and text[found.end() : found.end() + 60].lstrip(
        " ,!."
    ).lower().startswith(
        (
            "for ",
            "to ",
            "on ",
            "about ",
            "so much for",
            "a lot for",
            "again for",
            "very much for",
            "you",
            "your",
            "it",
            "the",
        )
    )


def is_answer(text: str) -> bool:
    """Whether a few words, worth nothing alone, may answer a question ("Sunflowers!" after "Which
    flower?").
    """
    plain = text.replace("’", "'").strip(" .!,;:…-–—")
    return (
        sum(c.isalnum() for c in plain) > 1 and not _says_nothing(plain) and not is_verdict(plain)
    )


def is_empty(text: str) -> bool:
    """Whether an opener-free English sentence says nothing about its speaker."""
    plain = text.replace("’", "'").strip(" .!,;:…-–—")
    return len(plain) < 6 or " " not in plain or _says_nothing(plain)


def _says_nothing(plain: str) -> bool:
    return bool(
        _EMPTY_FIRST_PERSON.match(plain) or _TOGETHER.match(plain) or _PRAISE_START.match(plain)
    )


def is_verdict(text: str) -> bool:
    """Whether it only judges something ("That's so cool", "It was great"), which means nothing on
    its own.
    """
    plain = text.replace("’", "'").strip(" .!,;:…-–—")
    found = _PRAISE.match(plain)
    return _IT_IS_NICE_TO.match(plain) is not None or (
        found is not None and len(plain) - found.end() < 30
    )


def is_task(text: str) -> bool:
    """Whether it asks the assistant for something now; a standing wish ("always answer in Spanish")
    is none.
    """
    plain = text.replace("’", "'")
    return _TASK.match(plain) is not None and _STANDING.search(plain) is None


def holds_secret(text: str) -> bool:
    """Whether it shows a key, a password or a card number: such things are never remembered."""
    return _SECRET.search(text) is not None


_SPECIFIC = re.compile(
    r"\d|[\"“”]|(?<=[a-z,;:] )[A-Z]|\b(?:he|she|his|her|him|hers|was|were|had|did|went|got|made"
    r"|came|took|said|told|has|\w{3,}ed)\b"
)


def is_specific(text: str) -> bool:
    """Whether a sentence without "I" tells of something in particular (a name, a number, something
    that happened), where "Kindness matters" is true of everything and tells of nobody.
    """
    return _SPECIFIC.search(text) is not None
