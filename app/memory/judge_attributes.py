"""Attributes that hold one value at a time, and how short facts word them (in the form that ``plain`` gives)."""

from __future__ import annotations

import re

SINGLE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(pattern))
    for attribute, pattern in (
        ("home", r"\b(?:lives?|living|resides?|residing|moved|relocated|settled|is based|based|home is)(?: "
                 r"\w+ly)?(?: back| now)? "
                 r"(?:in|to|at) (?!with\b|a\b|an\b|the same\b|together\b|the (?:city|country|suburb"
                 r"|mountain)s?\b)(?P<value>.+)"),
        ("employer", r"\b(?:works?|working|is employed|employed) (?:at|for|by) (?!home\b|night\b|a\b|an\b"
                     r"|the\b)(?P<value>.+)"),
        ("employer", r"\b(?:joined|started at|got a job at|switched to a job at) (?!a\b|an\b"
                     r"|the\b)(?P<value>[\w ]{2,40})$"),
        ("marital", r"\b(?:is|got|gets|became) (?:now )?(?P<value>single|married|divorced|engaged|widowed"
                    r"|separated)\b"),
        ("age", r"\bis (?P<value>\d{1,3})(?: years? old| years? of age|$|\.$)"),
        ("age", r"\b(?:turned|turns|age is|is aged) (?P<value>\d{1,3})\b"),
        ("diet", r"\b(?:is|became|went|turned|follows|eats|on) (?:an? |now )?(?:strict )?(?P<value>vegetarian"
                 r"|vegan|pescatarian|keto|"
                 r"paleo|omnivore|carnivore|flexitarian|meat|fish and meat)\b"),
        ("birthday", r"\b(?:birthday is|was born) (?:on|in) (?P<value>(?:\d{1,2} )?[a-z]+(?: \d{1,2})?(?:,? \d{4})?)"),
        ("weight", r"\b(?:weighs?|weight is) (?P<value>\d[\d.]{0,6} ?\w{0,12})"),
        ("height", r"\b(?:height is|is) (?P<value>\d[\d.]{0,6} ?(?:cm|m|feet|ft|inches|meters)\b(?: \d+)?)(?: tall)?"),
        ("commute", r"\b(?:commutes?|gets to work|goes to work|travels to work) (?:to \w+ )?(?:by|on|via|in) "
                    r"(?P<value>.+)"),
        ("drives", r"\bdrives (?!to\b|for\b|home\b)(?P<value>an? .+)"),
        ("wakes", r"\b(?:wakes? up|gets up|get up|rises) (?:at|around|by) (?P<value>.+)"),
        ("sleeps", r"\b(?:goes to bed|goes to sleep|go to bed) (?:at|around|by) (?P<value>.+)"),
        ("commute", r"^(?P<value>drives|cycles|bikes|walks|runs|takes the \w+|rides [\w ]{2,20}) to (?:work|the "
                    r"office)\b"),
        ("household", r"\blives? (?P<value>alone|by (?:him|her|them)sel\w+|with .+)"),
        ("role", r"\b(?:work as|promoted to|is now|became|made) (?:an? |the )?(?P<value>(?:[\w-]+ "
                 r"){0,3}[\w-]+?)(?: (?:at|in|of|for|with) .*)?$"),
        ("role", r"^is (?:an? |the )(?P<value>(?:[\w-]+ ){0,3}[\w-]+?) (?:at|for) (?!heart\b|home\b|least\b"
                 r"|fun\b)\w.*$"),
        ("boss", r"\b(?:reports to|boss is|manager is|supervisor is) (?P<value>.+)"),
        ("school", r"^(?:studies|study|is studying|goes to school|is enrolled|is a student) (?:[\w ]{2,30} )?at "
                   r"(?P<value>.+)"),
        ("reading_now", r"^is (?:currently )?reading (?P<value>.+)"),
        ("bank", r"^banks? with (?P<value>.+)"),
        ("timezone", r"\b(?:time ?zone is|is in the) (?P<value>[\w/+: -]{2,30}?)(?: time ?zone)?$"),
        ("version", r"^(?:is on|runs|uses|is using|upgraded to|updated to|switched to) (?P<value>[a-z]+ "
                    r"\d[\w.]{0,10})$"),
    )
)  # fmt: skip
"""Attributes that hold one value at a time; ``value`` is what follows in the ``plain`` text."""
