"""Words in one common form, so that two texts can be compared: spelling, numbers, endings,
synonyms.
"""

from __future__ import annotations

import re
import unicodedata

from app.rules.judge.synonyms import PHRASES, SYNONYMS
from app.rules.word_lists import word_list, word_set

_NUMBER_WORDS = {
    word: value
    for value, words in enumerate(
        word_list(
            "zero one/first two/second three/third four/fourth five/fifth six/sixth seven/seventh "
            "eight/eighth nine/ninth ten/tenth eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
    for word in words.split("/")
} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
}
_SCALES = {
    "k": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "million": 1_000_000,
    "bn": 10**9,
    "billion": 10**9,
}
MAY = "maymonth"
"""The month of May, which looks like the verb."""
_MONTHS = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june",
    "jul": "july", "aug": "august", "sep": "september", "sept": "september", "oct": "october",
    "nov": "november", "dec": "december",
}  # fmt: skip
MONTHS = frozenset(_MONTHS.values()) | {MAY}
DAYS = word_set("monday tuesday wednesday thursday friday saturday sunday")

_STOP = word_set(
    "the a an is are was were be been being has have had having do does did of in on at to for "
    "with by and or as from it its that this these those there their his her they he she them him "
    "who which while where so very really also just about into than then when some any own "
    "currently now still mostly usually always will would can could should may might must same me "
    "my i we our us you your time 's s"
)
NEGATIONS = word_set("not never no none without neither nor nolonger ended cannot dislike hardly")


def plain(text: str) -> str:
    """Lower case without accents, contractions opened, hyphens closed, British spelling made
    American, amounts and number words as digits, and common phrases as one word.
    """
    text = unicodedata.normalize("NFKD", text[:2_000].casefold().replace("’", "'"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"\bcan't\b", "can not", text)
    text = re.sub(r"\bwon't\b", "will not", text)
    text = re.sub(r"n't\b", " not", text)
    text = (
        re.sub(r"(?<=[a-z])-(?=[a-z])", "" if "start-up" in text else " ", text)
        if "-" in text
        else text
    )
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\b(\d{1,4})(?:st|nd|rd|th)\b", r"\1", text)
    text = re.sub(r"\b(\w{3,20})our(s|ed|ing|ite|ites)?\b", _american_or, text)
    text = re.sub(r"\b(\w{3,20})is(e|es|ed|ing|ation)\b", _american_ize, text)
    text = re.sub(r"\bcentre\b", "center", text)
    text = re.sub(r"\bonce\b", "1 times", text)
    text = re.sub(r"\btwice\b", "2 times", text)
    text = re.sub(
        r"[$€£] ?(\d[\d.]{0,15} ?(?:k|m|mn|bn|thousand|million|billion)?\b)", r"\1 money", text
    )
    text = re.sub(r"\b(?:dollars?|euros?|pounds|usd|eur|gbp|bucks)\b", "money", text)
    text = _with_digits(text)
    text = re.sub(
        r"(?<=\d )may\b|\bmay(?= \d)|(?<=\bin )may\b|(?<=\bof )may\b|(?<=\bby )may\b", MAY, text
    )
    for pattern, replacement in PHRASES:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def _american_or(found: re.Match[str]) -> str:
    word = found.group()
    keep = word.startswith(
        (
            "hour",
            "four",
            "your",
            "tour",
            "pour",
            "sour",
            "flour",
            "our",
            "resour",
            "cour",
            "jour",
        )
    )
    return (
        word
        if keep or word in ("contour", "detour", "devour", "velour")
        else word.replace("our", "or", 1)
    )


def _american_ize(found: re.Match[str]) -> str:
    word = found.group()
    fixed = (
        "exercis",
        "surpris",
        "advis",
        "promis",
        "rais",
        "prais",
        "nois",
        "cruis",
        "otherwis",
        "pois",
        "precis",
        "franchis",
        "televis",
        "superv",
        "revis",
        "concis",
        "wis",
        "likewis",
        "expertis",
        "merchandis",
        "improvis",
    )
    return word if word.startswith(fixed) else f"{found.group(1)}iz{found.group(2)}"


def _with_digits(text: str) -> str:
    def scaled(found: re.Match[str]) -> str:
        value = float(found.group(1)) * _SCALES[found.group(2)]
        return f"{value:.0f}"

    words = [str(_NUMBER_WORDS[w]) if w in _NUMBER_WORDS else w for w in re.split(r"\b", text)]
    text = "".join(words)
    # "2M money", "2 million money": the scale may stand before or after the currency.
    text = re.sub(
        r"\b(\d{1,12}(?:\.\d{1,4})?) ?(thousand|million|billion|mn|bn|k|m)\b", scaled, text
    )
    return re.sub(
        r"\b(\d{1,12}(?:\.\d{1,4})?) money ?(thousand|million|billion|mn|bn|k|m)\b",
        lambda m: scaled(m) + " money",
        text,
    )


def stem(word: str) -> str:
    """A word's common form: its synonym group's head, else without plural and verb endings."""
    word = _MONTHS.get(word, word)
    if word in SYNONYMS:
        return SYNONYMS[word]
    if not word.isalpha() or word in MONTHS or word in DAYS:
        return word
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("es", 5), ("s", 4), ("ly", 6)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            root = word[: -len(ending)] + ("y" if ending == "ies" else "")
            if ending == "es" and not root.endswith(("s", "x", "z", "ch", "sh", "o")):
                root += "e"
            if (
                ending in ("ing", "ed")
                and len(root) > 3
                and root[-1] == root[-2]
                and root[-1] not in "ls"
            ):
                root = root[:-1]
            return SYNONYMS.get(root, SYNONYMS.get(root + "e", _bare(root)))
    return SYNONYMS.get(word, _bare(word))


def _bare(root: str) -> str:
    """Without a silent e, so that "bake" and "baking" meet."""
    return root[:-1] if len(root) > 4 and root.endswith("e") else root


def content_words(text: str) -> list[str]:
    """The stems of a ``plain`` text's words that carry meaning, in order; numbers stay."""
    words = re.findall(r"[^\W_]+(?:[.@+#&/'_-][^\W_]+){0,20}[+#]{0,2}", text)
    return [stem(w.removesuffix("'s")) for w in words if w.removesuffix("'s") not in _STOP]
