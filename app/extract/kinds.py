"""How much a statement is worth keeping, by its kind: who somebody is counts more than what they did on Tuesday."""

from __future__ import annotations

import re

IDENTITY, PREFERENCE, PLAN, EVENT, PASSING = 0.9, 0.7, 0.6, 0.4, 0.2
"""Half-lives follow from these (10 days × importance): identity 9 days, preference 7, plan 6, event 4, passing 2."""

_KIN = (
    r"wife|husband|partner|spouse|fianc[ée]+e?|girlfriend|boyfriend|son|sons|daughter|daughters|kids?|child"
    r"|children|baby|"
    r"mother|father|mom|mum|dad|parents?|sister|brother|siblings?|twin|grandmother|grandfather|grandma|grandpa"
    r"|aunt|uncle|"
    r"cousin|niece|nephew|dog|cat|pet|puppy|kitten|horse|family"
)
_IDENTITY = re.compile(
    r"\b(?:(?:my|our) (?:full |first |last |middle )?(?:name|job|birthday|age|pronouns|phone|e-?mail|address"
    r"|time ?zone|"
    r"nationality|religion|salary|employer|company|boss|manager|hometown|home town|native language|blood type|degree)\b"
    rf"|(?:my|our) (?:[\w-]+ ){{0,2}}(?:{_KIN})(?:'s)? (?:name|is|are|was|has|have|lives?|works?)\b"
    rf"|i(?:'ve got| have| had| got) (?:a|an|one|two|three|four|five|\d|no) (?:[\w-]+ ){{0,2}}(?:{_KIN})s?\b"
    r"|i(?:'m| am) (?:an? (?!bit|little|lot|huge|big|fan)|the |from |originally |married|single|divorced|engaged"
    r"|widowed|"
    r"vegetarian|vegan|allergic|diabetic|\d+ years|turning|left-handed|gay|trans|pregnant|retired|unemployed|based in|"
    r"living (?:in|with)|working (?:as|at|for|in)|studying|christian|muslim|jewish|buddhist)"
    r"|i (?:currently |still |now |also |mostly |originally )?(?:live|work (?:as|at|for|in|from)|grew up|was born|"
    r"come from|come originally|study|studied|teach|speak|own|moved (?:to|from)|go by|graduated|am called|retired|"
    r"suffer from|weigh|run my|drive an?|was diagnosed|got (?:married|divorced|engaged|diagnosed)|can't eat|don't "
    r"eat|don't drink|never "
    r"drink)\b"
    rf"|i (?:don't|do not) have (?:any |a )?(?:{_KIN})s?\b"
    r"|i have (?:an? )?(?:[\w-]+ )?(?:allergy|diabetes|asthma|adhd|degree|phd|master's|bachelor's)"
    r"|i(?:'ve| have) (?:been (?:married|living|working|teaching|a )|lived|worked (?:as|at|for))"
    r"|call me |we(?:'re| are) (?:married|engaged|expecting)|we live)",
    re.IGNORECASE,
)
_PREFERENCE = re.compile(
    r"\b(?:(?:i|we)(?:'m| am|'re| are)? (?:\w+ly |always |also |just |still |never |much |don't |do not |can't |do "
    r"){0,2}"
    r"(?:like|love|prefer|hate|enjoy|adore|dislike|stand|can't stand|favou?r|into|fond of|a (?:big |huge )?fan of"
    r"|keen on|"
    r"passionate about|interested in|afraid of|scared of|hooked on|crazy about|obsessed with|miss|trust|care about)\b"
    r"|(?:my|our) (?:\w+ ){0,2}(?:favou?rites?|fave|passion|hobby|hobbies|dream|go-to|preferred|preference|escape)\b"
    r"|i(?:'d| would) (?:rather|prefer)|i (?:usually|always|never|often|normally|typically|tend to|mostly use|use"
    r"|go)\b(?=.{0,80}\b(?:every|each|always|usually|often|for|on|at)\b)"
    r"|every (?:day|morning|evening|night|week|weekend|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"|always (?:use|answer|reply|write|give|keep|include|call|speak|format|respond)|never (?:use|answer|reply"
    r"|write|give|"
    r"include|call|format|respond)|from now on|allergic)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:(?:i|we)(?:'ll| will|'m going to| am going to|'re going to| are going to|'m gonna|'re gonna| plan|'m "
    r"planning|"
    r" am planning|'re planning| are planning| want to| wanna| hope to| hoping to|'m hoping| intend| would like|'d "
    r"like|"
    r"'d love| would love|'m thinking (?:of|about)|'re thinking (?:of|about)|'m looking (?:into|forward|for|to)|'m "
    r"saving| need to|"
    r" have to|'m starting|'m getting ready|'m trying| aim to|'m excited (?:for|to|about)|can't wait)"
    r"|(?:my|our) (?:\w+ )?(?:goal|plan|plans|deadline|appointment|flight|trip|wedding|interview|exam)\b"
    r"|i(?:'m| am) (?:getting married|moving|leaving|flying|starting|visiting|meeting|seeing|about to)|tomorrow"
    r"|next (?:week|month|year|weekend|summer|monday|tuesday|wednesday|thursday|friday)|gonna|planning"
    r"|deadline)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:(?:i|we)(?:'ve| have|'d| had)? (?:just |recently |finally |also |even |already |\w+ly )?(?:\w{2,}ed"
    r"|went|got|had|"
    r"made|took|saw|met|bought|came|did|found|lost|won|ran|wrote|read|began|started|gave|spent|taught|was|were"
    r"|been|told|"
    r"left|felt|sold|built|broke|heard|put|set|quit|hurt|saw|sang|drew)\b|yesterday|ago|last (?:week|month|year|night|"
    r"weekend|summer|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


_NAMED = re.compile(r"I(?:'m| am) [A-Z][a-z]+(?:[,.! ]|$)")
_ORDERED = re.compile(r"(?:please )?(?:always|never|from now on)\b", re.IGNORECASE)
_WISHED = re.compile(r"\bi (?:wish|wanted|used to)\b", re.IGNORECASE)


def importance_of(said: str) -> float:
    """The importance of a first-person sentence as it was said, in [0, 1]: the highest kind that its words fit."""
    plain = said.replace("’", "'")
    if _NAMED.match(plain):
        return IDENTITY
    if _ORDERED.match(plain):
        return PREFERENCE
    if _WISHED.match(plain):
        return PREFERENCE if plain.lower().startswith("i wish") else EVENT
    for pattern, importance in ((_IDENTITY, IDENTITY), (_PREFERENCE, PREFERENCE), (_PLAN, PLAN), (_EVENT, EVENT)):
        if pattern.search(plain):
            return importance
    return PASSING
