"""Rate how much a statement is worth keeping, by its kind: who somebody is counts more than what
they did on Tuesday."""

from __future__ import annotations

import re

IDENTITY, PREFERENCE, PLAN, EVENT, PASSING = 0.9, 0.7, 0.6, 0.4, 0.2
"""Half-lives follow from these (10 days × importance): identity 9 days, preference 7, plan 6, event
4, passing 2.
"""

_KIN = (
    r"wife|husband|partner|spouse|fianc[ée]+e?|girlfriend|boyfriend|son|sons|daughter|daughters"
    r"|kids?|child|children|baby|mother|father|mom|mum|dad|parents?|sister|brother|siblings?|twin"
    r"|grandmother|grandfather|grandma|grandpa|aunt|uncle|cousin|niece|nephew|dog|cat|pet|puppy"
    r"|kitten|horse|family"
)
_IDENTITY = re.compile(
    r"\b(?:(?:my|our) (?:full |first |last |middle )?(?:name|job|birthday|age|pronouns|phone"
    r"|e-?mail|address|time ?zone|nationality|religion|salary|employer|company|boss|manager"
    r"|hometown|home town|native language|blood type|degree)\b"
    rf"|(?:my|our) (?:[\w-]+ ){{0,2}}(?:{_KIN})(?:'s)? (?:name|is|are|was|has|have|lives?"
    rf"|works?)\b|i(?:'ve got| have| had| got) (?:a|an|one|two|three|four|five|\d"
    rf"|no) (?:[\w-]+ ){{0,2}}(?:{_KIN})s?\b"
    r"|i(?:'m| am) (?:an? (?!bit|little|lot|huge|big|fan)|the |from |originally |married|single"
    r"|divorced|engaged|widowed|vegetarian|vegan|allergic|diabetic|\d+ years|turning|left-handed"
    r"|gay|trans|pregnant|retired|unemployed|based in|living (?:in|with)|working (?:as|at|for|in)"
    r"|studying|christian|muslim|jewish|buddhist)|i (?:currently |still |now |also |mostly "
    r"|originally )?(?:live|work (?:as|at|for|in|from)|grew up|was born|come from|come originally"
    r"|study|studied|teach|speak|own|moved (?:to|from)|go by|graduated|am called|retired"
    r"|suffer from|weigh|run my|drive an?|was diagnosed|got (?:married|divorced|engaged|diagnosed)"
    r"|can't eat|don't eat|don't drink|never drink)\b"
    rf"|i (?:don't|do not) have (?:any |a )?(?:{_KIN})s?\b"
    r"|i have (?:an? )?(?:[\w-]+ )?(?:allergy|diabetes|asthma|adhd|degree|phd|master's|bachelor's)"
    r"|i(?:'ve| have) (?:been (?:married|living|working|teaching|a )|lived|worked (?:as|at|for))"
    r"|call me |we(?:'re| are) (?:married|engaged|expecting)|we live)",
    re.IGNORECASE,
)
_PREFERENCE = re.compile(
    r"\b(?:(?:i|we)(?:'m| am|'re| are)? (?:\w+ly |always |also |just |still |never |much |don't "
    r"|do not |can't |do ){0,2}(?:like|love|prefer|hate|enjoy|adore|dislike|stand|can't stand"
    r"|favou?r|into|fond of|a (?:big |huge )?fan of|keen on|passionate about|interested in"
    r"|afraid of|scared of|hooked on|crazy about|obsessed with|miss|trust|care about)\b|(?:my"
    r"|our) (?:\w+ ){0,2}(?:favou?rites?|fave|passion|hobby|hobbies|dream|go-to|preferred"
    r"|preference|escape)\b|i(?:'d| would) (?:rather|prefer)|i (?:usually|always|never|often"
    r"|normally|typically|tend to|mostly use|use|go)\b(?=.{0,80}\b(?:every|each|always|usually"
    r"|often|for|on|at)\b)|every (?:day|morning|evening|night|week|weekend|monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday)|always (?:use|answer|reply|write|give|keep"
    r"|include|call|speak|format|respond)|never (?:use|answer|reply|write|give|include|call|format"
    r"|respond)|from now on|allergic)\b",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:(?:i|we)(?:'ll| will|'m going to| am going to|'re going to| are going to|'m gonna"
    r"|'re gonna| plan|'m planning| am planning|'re planning| are planning| want to| wanna"
    r"| hope to| hoping to|'m hoping| intend| would like|'d like|'d love| would love"
    r"|'m thinking (?:of|about)|'re thinking (?:of|about)|'m looking (?:into|forward|for|to)"
    r"|'m saving| need to| have to|'m starting|'m getting ready|'m trying| aim to"
    r"|'m excited (?:for|to|about)|can't wait)|(?:my|our) (?:\w+ )?(?:goal|plan|plans|deadline"
    r"|appointment|flight|trip|wedding|interview|exam)\b|i(?:'m| am) (?:getting married|moving"
    r"|leaving|flying|starting|visiting|meeting|seeing|about to)|tomorrow|next (?:week|month|year"
    r"|weekend|summer|monday|tuesday|wednesday|thursday|friday)|gonna|planning|deadline)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:(?:i|we)(?:'ve| have|'d| had)? (?:just |recently |finally |also |even |already "
    r"|\w+ly )?(?:\w{2,}ed|went|got|had|made|took|saw|met|bought|came|did|found|lost|won|ran|wrote"
    r"|read|began|started|gave|spent|taught|was|were|been|told|left|felt|sold|built|broke|heard"
    r"|put|set|quit|hurt|sang|drew)\b|yesterday|ago|last (?:week|month|year|night|weekend"
    r"|summer|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(?:19|20)\d\d)\b",
    re.IGNORECASE,
)


_ENDED = re.compile(r"\b(?:no longer|any ?more|any longer)\b", re.IGNORECASE)
_ENDING = re.compile(r"\b(?:don't|do not|not|no longer|any ?more|any longer)\b ?", re.IGNORECASE)
_HABIT = re.compile(
    r"\bi (?:\w+ly |always |often |sometimes )?(?:(?:take|drink|eat|order|wear) my|have my "
    r"(?:\w+ )?(?:coffee|tea|eggs?|steak|breakfast|lunch|dinner))\b",
    re.IGNORECASE,
)
_NAMED = re.compile(r"I(?:'m| am) [A-Z][a-z]+(?:[,.! ]|$)")
_ORDERED = re.compile(r"(?:please )?(?:always|never|from now on)\b", re.IGNORECASE)
_WISHED = re.compile(r"\bi (?:wish|wanted|used to)\b", re.IGNORECASE)


def importance_of(said: str) -> float:
    """Give the importance of a first-person sentence as it was said, in [0, 1]: the highest kind
    that its words fit."""
    plain = said.replace("’", "'")
    if _ENDED.search(plain):
        # That something is over weighs what it weighed: "I'm not vegetarian anymore".
        return importance_of(_ENDING.sub("", plain))
    if _NAMED.match(plain):
        return IDENTITY
    if _ORDERED.match(plain):
        return PREFERENCE
    if _WISHED.match(plain):
        return PREFERENCE if plain.lower().startswith("i wish") else EVENT
    for pattern, importance in (
        (_IDENTITY, IDENTITY),
        (_PREFERENCE, PREFERENCE),
        (_HABIT, PREFERENCE),
        (_PLAN, PLAN),
        (_EVENT, EVENT),
    ):
        if pattern.search(plain):
            return importance
    return PASSING
