"""Attributes that hold one value at a time, and how short facts word them (in the form that
``plain`` gives).
"""

from __future__ import annotations

import re

_NOW_ES = r"(?: (?:ahora|actualmente|hoy|desde \w+))?"
_BEFORE_ES = r"(?:\b(?:ahora|actualmente|hoy) )?"
_NOW_DE = r"(?: (?:jetzt|nun|inzwischen|mittlerweile|aktuell|seit \w+))?"
_NOW_FR = r"(?: (?:maintenant|desormais|actuellement|depuis \w+))?"

SINGLE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (attribute, re.compile(pattern))
    for attribute, pattern in (
        ("home", r"\b(?:lives?|living|resides?|residing|moved|relocated|settled|is based|based"
                 r"|home is)(?: \w+ly)?(?: back| now)? (?:in|to|at) (?!with\b|a\b|an\b|the same\b"
                 r"|together\b|the (?:city|country|suburb|mountain)s?\b)(?P<value>.+)"),
        ("employer", r"\b(?:works?|working|is employed|employed) (?:at|for|by) (?!home\b|night\b"
                     r"|a\b|an\b|the\b)(?P<value>.+)"),
        ("employer", r"\b(?:joined|started at|got a job at|switched to a job at) (?!a\b|an\b"
                     r"|the\b)(?P<value>[\w ]{2,40})$"),
        ("employer", r"\b(?:(?:got|found|landed|took|started|accepted) (?:a |the )?(?:new )?"
                     r"(?:job|position) (?:at|with|for)|hired by) (?!a\b|an\b|the\b)"
                     r"(?P<value>[\w ]{2,40})$"),
        ("marital", r"\b(?:is|got|gets|became) (?:now )?(?P<value>single|married|divorced|engaged"
                    r"|widowed|separated)\b"),
        ("age", r"\bis (?P<value>\d{1,3})(?: years? old| years? of age|$|\.$)"),
        ("age", r"\b(?:turned|turns|age is|is aged) (?P<value>\d{1,3})\b"),
        ("diet", r"\b(?:is|became|went|turned|follows|eats|on) (?:an? "
                 r"|now )?(?:strict )?(?P<value>vegetarian|vegan|pescatarian|keto|paleo|omnivore"
                 r"|carnivore|flexitarian|meat|fish and meat)\b"),
        ("birthday", r"\b(?:birthday is|was born) (?:on"
                     r"|in) (?P<value>(?:\d{1,2} )?[a-z]+(?: \d{1,2})?(?:,? \d{4})?)"),
        ("weight", r"\b(?:weighs?|weight is) (?P<value>\d[\d.]{0,6} ?\w{0,12})"),
        ("height", r"\b(?:height is|is) (?P<value>\d[\d.]{0,6} ?(?:cm|m|feet|ft|inches"
                   r"|meters)\b(?: \d+)?)(?: tall)?"),
        ("commute", r"\b(?:commutes?|gets to work|goes to work|travels to work) (?:to \w+ )?(?:by"
                    r"|on|via|in) (?P<value>.+)"),
        ("drives", r"\bdrives (?!to\b|for\b|home\b)(?P<value>an? .+)"),
        ("wakes", r"\b(?:wakes? up|gets up|get up|rises) (?:at|around|by) (?P<value>.+)"),
        ("sleeps", r"\b(?:goes to bed|goes to sleep|go to bed) (?:at|around|by) (?P<value>.+)"),
        ("commute", r"^(?P<value>drives|cycles|bikes|walks|runs|takes the \w+"
                    r"|rides [\w ]{2,20}) to (?:work|the office)\b"),
        ("household", r"\blives? (?P<value>alone|by (?:him|her|them)sel\w+|with .+)"),
        ("role", r"\b(?:work as|promoted to|is now|became|made) (?:an? |the )?(?P<value>(?:[\w-]+ "
                 r"){0,3}[\w-]+?)(?: (?:at|in|of|for|with) .*)?$"),
        ("role", r"^is (?:an? |the )(?P<value>(?:[\w-]+ ){0,3}[\w-]+?) (?:at|for) (?!heart\b"
                 r"|home\b|least\b|fun\b)\w.*$"),
        ("boss", r"\b(?:reports to|boss is|manager is|supervisor is) (?P<value>.+)"),
        ("school", r"^(?:studies|study|is studying|goes to school|is enrolled"
                   r"|is a student) (?:[\w ]{2,30} )?at (?P<value>.+)"),
        ("reading_now", r"^is (?:currently )?reading (?P<value>.+)"),
        ("bank", r"^banks? with (?P<value>.+)"),
        ("timezone", r"\btime ?zone is (?P<value>[\w/+: -]{2,30}?)(?: time ?zone)?$"),
        ("timezone", r"\bis in the (?P<value>[\w/+: -]{2,30}?) time ?zone$"),
        ("version", r"^(?:is on|runs|uses|is using|upgraded to|updated to"
                    r"|switched to) (?P<value>[a-z]+ \d[\w.]{0,10})$"),
        ("home", rf"{_BEFORE_ES}\b(?:vive|reside){_NOW_ES} en "
                 r"(?!una?\b|casa\b|el campo\b|la (?:ciudad|playa)\b)"
                 rf"(?P<value>.+?){_NOW_ES}$"),
        ("home", rf"\bse (?:mudo|ha mudado|traslado){_NOW_ES} a (?!una?\b|casa\b)(?P<value>.+)"),
        ("home", rf"\b(?:wohnt|lebt){_NOW_DE} in (?!ein\w{{0,2}}\b|de[rmn] (?:stadt|nahe)\b)"
                 r"(?P<value>.+)"),
        ("home", rf"\bist{_NOW_DE} nach (?P<value>.+?) (?:um)?gezogen\b"),
        ("home", rf"\bzog{_NOW_DE} nach (?P<value>.+)"),
        ("home", rf"\b(?:habite|vit|reside){_NOW_FR} (?:a|en|au|aux) "
                 r"(?!colocation\b|couple\b|ville\b|la campagne\b)"
                 rf"(?P<value>.+?){_NOW_FR}$"),
        ("home", rf"\ba{_NOW_FR} demenage (?:a|en|au|aux) (?P<value>.+)"),
        ("employer", rf"{_BEFORE_ES}\btrabaja{_NOW_ES} para (?!una?\b|el\b|la\b)"
                     rf"(?P<value>.+?){_NOW_ES}$"),
        ("workplace", rf"{_BEFORE_ES}\btrabaja{_NOW_ES} en (?!una?\b|casa\b|el\b|la\b)"
                      rf"(?P<value>.+?){_NOW_ES}$"),
        ("employer", rf"\barbeitet{_NOW_DE} (?:bei|fur) (?!ein\w{{0,2}}\b|de[rmn]\b)(?P<value>.+)"),
        ("employer", rf"\btravaille{_NOW_FR} (?:chez|pour) (?!une?\b|l[ae]\b)"
                     rf"(?P<value>.+?){_NOW_FR}$"),
    )
)  # fmt: skip
"""Attributes that hold one value at a time; ``value`` is what follows in the ``plain`` text."""
