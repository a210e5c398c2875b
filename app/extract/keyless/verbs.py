"""English verbs after "I": which are past or modal and stay, and the present after "she"."""

from __future__ import annotations

from app.rules.word_lists import word_set

MODALS = word_set(
    "can could will would shall should must may might can't cannot couldn't won't wouldn't "
    "shouldn't mustn't mightn't shan't ought didn't did had hadn't was wasn't used gotta cant "
    "wont didnt couldnt wouldnt"
)
_IRREGULAR_PAST = word_set(
    "went got made took came saw met bought brought thought taught caught fought sought felt kept "
    "left lost told said found gave grew knew threw flew drew blew began drank sang swam ran rang "
    "sat stood understood won wore tore swore spoke broke woke chose froze drove rode wrote rose "
    "ate fell held heard hid hung lay led lent meant paid sent shot shook slept spent stuck "
    "struck stole swept swung wept built became forgot forgave hit put read cut let set quit "
    "hurt shut cost bet spread burst cast split dug fed fled bred dealt dreamt learnt burnt spelt "
    "spilt leapt leant slid spun stung sprang sank shrank sold sewed bent bit bled did done been "
    "gone seen withdrew overcame undertook mistook awoke strove"
)
_ED_BASES = word_set("need feed speed bleed breed succeed proceed exceed embed shed seed weed heed")
PARTICIPLES = _IRREGULAR_PAST | word_set(
    "been gone done seen known given taken eaten written driven ridden spoken broken chosen "
    "fallen forgotten gotten grown flown drawn thrown shown sung swum run begun become come worn "
    "better"
)
_IRREGULAR_PRESENT = {
    "am": "is", "have": "has", "do": "does", "go": "goes", "haven't": "hasn't", "don't": "doesn't",
    "dont": "doesn't", "ain't": "isn't", "havent": "hasn't", "wanna": "wants to", "are": "is",
    "aren't": "isn't", "were": "was", "weren't": "wasn't", "dunno": "doesn't know",
}  # fmt: skip
PLURAL = {"am": "are", "was": "were", "wasn't": "weren't", "is": "are"}
ADVERBS = word_set(
    "just also still always never often usually sometimes ever even only now then soon once twice "
    "too both all almost already kinda sorta rather quite pretty well maybe perhaps again "
    "actually really not currently myself today sure no longer honestly mostly mainly normally "
    "generally rarely seldom definitely probably totally sincerely"
)
_LY_VERBS = word_set("rely apply reply supply multiply fly imply comply rally bully tally ally")
_COORDINATED = word_set(
    "have am do don't haven't live go get make take want eat enjoy prefer keep know see spend "
    "speak teach write read listen feel think try use own hate collect swim sing like love need "
    "hope believe run cook bake paint play fly study watch drive ride wear cycle volunteer"
)


def is_adverb(word: str) -> bool:
    """Whether ``word`` (lower case) may stand between "I" and its verb."""
    return word in ADVERBS or (word.endswith("ly") and len(word) > 4 and word not in _LY_VERBS)


def is_past_or_modal(word: str) -> bool:
    """Whether the verb form (lower case) is the same for "I" and for "she"."""
    if word in MODALS or word in _IRREGULAR_PAST:
        return True
    return word.endswith("ed") and len(word) > 3 and word not in _ED_BASES


def joins_as_verb(word: str) -> bool:
    """Whether ``word`` after "and" reads on as a verb of the same subject ("I live in Oslo and have
    two cats").
    """
    return word in _COORDINATED


def third_singular(word: str) -> str:
    """The form of a present verb after "she": live → lives, have → has. Past forms and modals come
    back unchanged.
    """
    low = word.lower().replace("’", "'")
    if low in _IRREGULAR_PRESENT:
        return _in_case_of(word, _IRREGULAR_PRESENT[low])
    if is_past_or_modal(low) or not low.isalpha() or low.endswith("ing"):
        return word
    if low.endswith(("s", "x", "z", "ch", "sh")) and not low.endswith("ss") and low.endswith("s"):
        return word
    if low.endswith(("ss", "x", "z", "ch", "sh")):
        return word + _in_case_of(word, "es")
    if low.endswith("y") and len(low) > 1 and low[-2] not in "aeiou":
        return word[:-1] + _in_case_of(word, "ies")
    if low.endswith("o") and len(low) > 2 and low[-2] not in "aeiou":
        return word + _in_case_of(word, "es")
    return word + _in_case_of(word, "s")


def _in_case_of(model: str, text: str) -> str:
    return text.upper() if len(model) > 1 and model.isupper() else text
