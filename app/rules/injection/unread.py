"""Which sentences in a language that we cannot read are kept back as quotations.

A quotation carries its words to an agent as they were said. Where no pattern can judge them we
could drop every one, which takes away what people say in their language, or serve every one, which
makes that language the way in. So we look at what needs no language: an order is of most use if it
names where to send things, or the machine that it is meant for. Such a sentence waits for a
person's review; all others are served.
"""

from __future__ import annotations

import re

from app.rules.secrets.plain_view import folded

UNREAD = "unread_language"

_PLACE = (
    r"https?:|www\.|\w@\w|\b[a-z0-9-]{2,40}\.(?:com|net|org|io|ai|app|dev|info|xyz|example"
    r"|test|biz|ru|cn|top|site|online)\b|(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)|\b0x[0-9a-f]{16}"
)
_MACHINE = (
    r"(?<![a-z])(?:prompts?|system ?:|assistant|ignore|override|admin ?:|root|sudo|curl|wget|bash"
    r"|eval|exec|jailbreak|llm|tool_?call|function_?call|api[ _-]?keys?|json"
    r"|(?:chat)?gpt\S{0,3} ?[:,]"
    r"|(?:ai|claude|gemini|bot|agent) ?[:,!])"
)
_MARKUP = r"[{}<>`|]|\]\(|\$\("
_LOOKS = re.compile("|".join((_PLACE, _MACHINE, _MARKUP)))


def looks_like_an_order(said: str) -> bool:
    """Whether a sentence of any language holds an address, markup, or words to a machine."""
    return _LOOKS.search(folded(said)) is not None
