"""Words in one common form, so that two texts can be compared: spelling, numbers, endings, synonyms."""

from __future__ import annotations

import re
import unicodedata

_NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "hundred": 100,
}  # fmt: skip
_SCALES = {
    "k": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "million": 1_000_000,
    "bn": 10**9,
    "billion": 10**9,
}
_MONTHS = {
    "jan": "january", "feb": "february", "mar": "march", "apr": "april", "jun": "june", "jul": "july", "aug": "august",
    "sep": "september", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
}  # fmt: skip
MONTHS = frozenset(_MONTHS.values()) | {"may"}
DAYS = frozenset(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])

_PHRASES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), replacement)
    for pattern, replacement in (
        (r"(?:an? |the )?only child|no siblings|not have (?:any )?siblings|no brothers or sisters", "siblingless"),
        (r"(?:does |do |did )?not (?:really )?(?:like|enjoy|stand|care for)|can not (?:stand|bear)", "dislike"),
        (r"not (?:anymore|any more|any longer)", "nolonger"),
        (r"no longer|any longer|anymore|any more", "nolonger"),
        (r"can not wait", "eager"),
        (r"no matter \w+|ended up|ends up|end up|not only", " "),
        (r"not (?:able to )?(?:tolerate|digest|stomach) lactose|lactose[ -]intolerant|lactose intolerance", "lactosefree"),
        (r"c(?:o)?eliac(?: disease)?|gluten[ -]free|gluten intolerant|not eat gluten", "glutenfree"),
        (r"not eat (?:any )?meat|no meat|meat[ -]free|meatless", "vegetarian"),
        (r"(?:out of work|between jobs|jobless|has no job|not have a job|looking for (?:a )?(?:new )?(?:job|work))", "unemployed"),
        (r"works? as|is employed as|job is(?: being)?|by profession|profession is|occupation is|job title is", "work as"),
        (r"(?:comes|come|is|hails|originally) (?:originally )?from|native of|hometown is", "from"),
        (r"expecting (?:a |their first |her first )?(?:baby|child|twins)?", "pregnant"),
        (r"early riser|early bird|morning person|(?:wakes?|gets?) up early", "earlyriser"),
        (r"night owl|stays? up late|goes to bed late", "nightowl"),
        (r"(?:software )?(?:programmer|coder|software developer|software engineer|developer)", "programmer"),
        (r"visual studio code|vs code|vscode", "vscode"),
        (r"work(?:s|ing)? out|exercis\w+|workouts?|hits the gym|goes to the gym", "gym"),
        (r"high school|secondary school", "highschool"),
        (r"(?:is )?scared of|afraid of|fear of|phobia of|phobic of", "fear"),
        (r"(?:at|in) (?:the )?(?:start|beginning) of", "startof"),
        (r"(?:at|by|in) (?:the )?end of", "endof"),
        (r"trouble sleeping|sleeps badly|can not sleep|sleep problems|sleeplessness", "insomnia"),
        (r"would rather (?:have|use|get|take)?|likes? (?:(\w+) )?(?:better|more)|prefers", r"prefer \1"),
        (r"(?:is|are) (?:keen|big fans?|a big fan|a fan|fond) (?:on|of)", "like"),
        (r"native (?:language|tongue|speaker of)|mother tongue|first language", "nativelanguage"),
        (r"is the (?:owner|founder) of|owner of", "own"),
        (r"two thirds", "66 percent"),
        (r"(?:1|2|3|4|5|6|7|8|9|10) times (?:a|per|each|every) day", r"\g<0>"),
        (r"(?:every|each|per|a|by) ?day|daily|day to day", "daily"),
        (r"(?:every|each|per|a) week|weekly", "weekly"),
        (r"(?:every|each|per|a) month|monthly", "monthly"),
        (r"(?:every|each|per|a) year|yearly|annually|annual", "yearly"),
        (r"(?:on|at|over|during|every|the) weekends?|weekends?", "weekend"),
        (r"amazon web services", "aws"),
        (r"google cloud(?: platform)?|gcp", "googlecloud"),
        (r"chief technology officer", "cto"),
        (r"chief executive officer|chief executive", "ceo"),
        (r"chief financial officer", "cfo"),
        (r"vice president", "vp"),
        (r"united states(?: of america)?|u\.s\.a?\.?|usa", "usa"),
        (r"united kingdom|u\.k\.|great britain", "uk"),
        (r"new york city|nyc|new york", "newyork"),
        (r"los angeles", "losangeles"),
        (r"san francisco|sf", "sanfrancisco"),
        (r"work(?:s|ing)? from home|home office|remote(?:ly)? work|work(?:s|ing)? remotely", "homework_place"),
        (r"(?:nursing|care|retirement) home", "carehome"),
        (r"stop(?:s|ped)? working", "retire"),
        (r"no (?:alcohol|drinking)", "not alcohol"),
        (r"(?:volunteer|voluntary) work|does volunteering", "volunteer"),
        (r"mobile(?: phone)?|cell ?phone|smartphone|handset", "phone"),
        (r"e-?mail(?: address)?|reached at|reach(?:able)? at", "email"),
        (r"spent (?:his|her|their|the) childhood|spent (?:his|her|their) youth|was raised|raised|brought up|grew up|"
         r"childhood", "growup"),
        (r"(?:has|have|holds?|got|earned) an? ([\w ]{2,40}?) ?degree (?:from|at)", r"study \1 at"),
        (r"(?:has|have|holds?|got|earned) an? ([\w ]{2,40}?)degree", r"degree \1"),
        (r"plans? is to|intends? to|is planning to|planning to|plans? to|aims? to|wants? to|would like to|going to", "plan"),
        (r"(?:makes?|earns?|is paid)", "salary"),
        (r"is called|are called|was called|is named|named|called|goes by", "name"),
        (r"the most|more than anything|best of all|above all", "most"),
        (r"in charge of|responsible for", "manage"),
        (r"gave up|give up|gives up|giving up|kicked|quit|quits|stopped|stops|ceased|discontinued|abandoned|dropped out of|"
         r"dropped|drops|cancelled|canceled|called off|resigned(?: as| from)?|stepped down(?: as| from)?|got rid of|ended|"
         r"broke up with|split up with", "ended"),
    )
)  # fmt: skip

_SYNONYMS = {
    word: head
    for head, words in {
        "live": "lives lived living reside resides resided residing based stays",
        "move": "moved moves moving relocate relocates relocated relocating",
        "work": "works worked working employed job employee",
        "join": "joined joins joining",
        "like": "likes liked liking enjoy enjoys enjoyed enjoying fond fan",
        "love": "loves loved loving adore adores adored",
        "dislike": "dislikes disliked hate hates hated detest detests loathe",
        "prefer": "prefers preferred preferring preference preferences favor favors",
        "favorite": "fave favorites",
        "mother": "mum mom mother's mama mummy mommy",
        "father": "dad daddy papa",
        "child": "children kid kids",
        "spouse": "wife husband",
        "fear": "afraid scared fears frightened terrified phobia",
        "allergy": "allergic allergies",
        "start": "started starts begin begins began begun beginning",
        "finish": "finished finishes complete completes completed completing completion",
        "buy": "buys bought purchase purchases purchased",
        "own": "owns owned",
        "go": "goes went going attend attends attended attending visit visits visited visiting",
        "talk": "talks talked talking speak speaks spoke speaking conversation conversations call calls calling",
        "answer": "answers reply replies response responses respond responds",
        "trip": "trips journey travel travels traveling travelling traveled travelled vacation holiday",
        "fly": "flies flight flights flew flying",
        "leave": "leaves leaving depart departs departing departure",
        "phd": "doctorate doctoral ph.d",
        "degree": "diploma",
        "car": "automobile vehicle drive drives drove driving cars",
        "flat": "apartment apartments flats",
        "company": "employer firm business",
        "boss": "manager supervisor",
        "physician": "doctor gp",
        "home": "house",
        "teach": "teaches taught teaching teacher",
        "study": "studies studied studying student",
        "run": "runs ran running runner",
        "use": "uses used using utilize utilizes runs_on",
        "twin": "twins",
        "require": "need needs needed needing require requires required",
        "get": "gets got receive receives received",
        "shelter": "shelters",
        "wed": "married marry marries wedding marriage",
        "due": "deadline",
        "vegetarian": "veggie",
        "math": "maths mathematics",
        "raise": "raises raised secure secures secured close closed closes",
        "drink": "drinks drank drinking alcohol",
        "eat": "eats ate eating",
        "write": "writes wrote writing written",
        "read": "reads reading",
        "play": "plays played playing",
        "learn": "learns learned learning learnt",
        "cycle": "cycles cycling bike bikes biking bicycle",
        "practice": "practices practicing practise practises practising does",
        "jog": "jogs jogging",
        "film": "movie movies films",
        "big": "large huge",
        "small": "little tiny",
        "fast": "quick quickly",
        "pupil": "pupils",
        "salary": "income pay pays earnings wage wages earn earned",
        "lawyer": "attorney solicitor",
        "photo": "picture pictures photograph photographs photos",
        "football": "soccer",
        "university": "uni college",
        "graduate": "graduated graduates graduation",
        "autumn": "fall",
        "motorbike": "motorcycle",
        "km": "kilometer kilometers kilometre kilometres kms",
        "kg": "kilo kilos kilogram kilograms kilogrammes",
        "hour": "hours hr hrs",
        "minute": "minutes min mins",
        "percent": "percentage",
        "kubernetes": "k8s",
        "javascript": "js",
        "typescript": "ts",
        "postgresql": "postgres",
        "database": "db databases",
        "notebook": "laptop laptops",
        "found": "founded cofounded founder",
        "launch": "launches launched release releases released ship ships shipped shipping",
        "hike": "hikes hiked hiking trek treks",
        "glasses": "spectacles",
        "meeting": "meetings appointment appointments",
        "concise": "brief short",
        "manage": "manages managed managing lead leads led leading head heads",
        "wake": "wakes wakeup",
        "rent": "rents rented renting tenant",
        "weigh": "weighs weight weighed weighing",
        "cook": "cooks cooking cooked",
        "keep": "keeps kept keeping",
        "suffer": "suffers suffered suffering",
        "adopt": "adopts adopted adopting",
        "build": "builds built building",
        "grow": "grows grew growing grown",
        "sing": "sings sang singing singer",
        "swim": "swims swam swimming swimmer",
        "sell": "sells sold selling",
        "take": "takes took taking taken",
        "make": "makes made making",
        "win": "wins won winning",
        "meet": "meets met",
        "see": "sees saw seen",
        "sleep": "sleeps slept sleeping",
        "wear": "wears wore wearing",
        "pregnant": "pregnancy",
        "physiotherapist": "physio physiotherapy",
        "sibling": "siblings",
        "birth": "born birthday childbirth",
        "format": "formatted formatting",
        "list": "lists points point",
    }.items()
    for word in words.split()
}
_SYNONYMS.update({head: head for head in _SYNONYMS.values()})
_SYNONYMS.update({word: word for word in ("nolonger", "ended", "siblingless", "vegetarian", "dislike", "distrust", "vegan", "unemployed")})
_STOP = frozenset(
    ["the", "a", "an", "is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "having", "do", "does", "did", "of", "in", "on", "at", "to", "for", "with", "by", "and", "or", "as", "from", "it", "its", "that", "this", "these", "those", "there", "their", "his", "her", "they", "he", "she", "them", "him", "who", "which", "while", "where", "so", "very", "really", "also", "just", "about", "into", "than", "then", "when", "some", "any", "own", "currently", "now", "still", "mostly", "usually", "always", "will", "would", "can", "could", "should", "may", "might", "must", "same", "me", "my", "i", "we", "our", "us", "you", "your", "time", "'s", "s"]
)
NEGATIONS = frozenset(["not", "never", "no", "none", "without", "neither", "nor", "nolonger", "ended", "cannot", "dislike", "hardly"])


def plain(text: str) -> str:
    """Lower case without accents, contractions opened, hyphens closed, British spelling made American, amounts and
    number words as digits, and common phrases as one word.
    """
    text = unicodedata.normalize("NFKD", text[:2_000].casefold().replace("’", "'"))
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"\bcan't\b", "can not", text)
    text = re.sub(r"\bwon't\b", "will not", text)
    text = re.sub(r"n't\b", " not", text)
    text = re.sub(r"(?<=[a-z])-(?=[a-z])", "" if "start-up" in text else " ", text) if "-" in text else text
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"\b(\d{1,4})(?:st|nd|rd|th)\b", r"\1", text)
    text = re.sub(r"\b(\w{3,20})our(s|ed|ing|ite|ites)?\b", _american_or, text)
    text = re.sub(r"\b(\w{3,20})is(e|es|ed|ing|ation)\b", _american_ize, text)
    text = re.sub(r"\bcentre\b", "center", text)
    text = re.sub(r"\bonce\b", "1 times", text)
    text = re.sub(r"\btwice\b", "2 times", text)
    text = re.sub(r"[$€£] ?(\d[\d.]{0,15} ?(?:k|m|mn|bn|thousand|million|billion)?\b)", r"\1 money", text)
    text = re.sub(r"\b(?:dollars?|euros?|pounds|usd|eur|gbp|bucks)\b", "money", text)
    text = _with_digits(text)
    for pattern, replacement in _PHRASES:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def _american_or(found: re.Match[str]) -> str:
    word = found.group()
    keep = word.startswith(
        ("hour", "four", "your", "tour", "pour", "sour", "flour", "our", "resour", "sour", "cour", "jour")
    )
    return word if keep or word in ("contour", "detour", "devour", "velour") else word.replace("our", "or", 1)


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
        "rais",
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
    text = re.sub(r"\b(\d{1,12}(?:\.\d{1,4})?) ?(thousand|million|billion|mn|bn|k|m)\b", scaled, text)
    return re.sub(
        r"\b(\d{1,12}(?:\.\d{1,4})?) money ?(thousand|million|billion|mn|bn|k|m)\b",
        lambda m: scaled(m) + " money",
        text,
    )


def stem(word: str) -> str:
    """A word's common form: its synonym group's head, else without plural and verb endings."""
    word = _MONTHS.get(word, word)
    if word in _SYNONYMS:
        return _SYNONYMS[word]
    if not word.isalpha() or word in MONTHS or word in DAYS:
        return word
    for ending, least in (("ies", 5), ("ing", 6), ("ed", 5), ("es", 5), ("s", 4), ("ly", 6)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            root = word[: -len(ending)] + ("y" if ending == "ies" else "")
            if ending == "es" and not root.endswith(("s", "x", "z", "ch", "sh", "o")):
                root += "e"
            if ending in ("ing", "ed") and len(root) > 3 and root[-1] == root[-2] and root[-1] not in "ls":
                root = root[:-1]
            return _SYNONYMS.get(root, _SYNONYMS.get(root + "e", _bare(root)))
    return _SYNONYMS.get(word, _bare(word))


def _bare(root: str) -> str:
    """Without a silent e, so that "bake" and "baking" meet."""
    return root[:-1] if len(root) > 4 and root.endswith("e") else root


def content_words(text: str) -> list[str]:
    """The stems of a ``plain`` text's words that carry meaning, in order; numbers stay."""
    words = re.findall(r"[^\W_]+(?:[.@+#&/'_-][^\W_]+){0,20}[+#]{0,2}", text)
    return [stem(w.removesuffix("'s")) for w in words if w.removesuffix("'s") not in _STOP]
