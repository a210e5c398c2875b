"""Decide whether a word in the place of a secret is one, or an ordinary word or an example."""

from __future__ import annotations

import re

from app.rules.secrets.patterns import NOT_A_PASSWORD
from app.rules.word_lists import word_set

STAND_IN = re.compile(
    r"<|\{\{?\w|\$(?:[{(]|[A-Z_]+\Z)|%(?:\(|[A-Z_]+%)|x{4}|\*{2}|\.{3}|.{0,200}…|(?i:example\b"
    r"|your[_ -]|(?:my|your)[_-]?(?:password|api|secret|token|key|pin)"
    r"|(?:os|env|process)\.|[a-z_.]{0,30}getenv)|[a-z_][a-z_.]{2,60}\([a-z_.]{0,60}\Z"
    r"|[a-z_][a-z_.]{0,60}\[[\w:\"'-]{0,30}(?:\]|\Z)"
)
"""Names of a secret, calls that fetch one, and what documentation puts in its place."""
MEASURE = re.compile(
    r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th|x|px|k|m|min|h|am|pm|%|s|-.{1,20}|\+)?", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_SYMBOLS = re.compile(r"[!@#$%^&*+=~?\\|_]")
_INNER_CAPITAL = re.compile(r"[a-zß-ü][A-Z]")
CLAUSE_END = re.compile(
    r"[\"'`)\]}*_]{0,3}[ \t]{0,3}(?:[.!?,;)\n\r]|$)|\s(?:and|but|so|und|aber|y|pero|et|mais)\b"
)
CODE_END = re.compile(
    r"[\"'`)\]}*_]{0,3}\s{0,3}(?:[.!?,;:)\n\r|/]|$|(?:exp|valid|and|und|y|et|is)\b)"
)
"""What follows a code that just stands behind its word, and hardly a number of things."""
WORD_BEFORE = re.compile(r"([^\W\d_]+)[ \t]\Z")
MORE_WORDS = re.compile(r"[ \t](?!(?:and|but|for|on|und|y|et|for)\b)[a-z]{2,20}\b(?![ \t]?[:=])")
PASS_OF = word_set(
    """
    account admin and bank db database email for ftp her his login mail my mysql our postgres root
    router server service sftp smtp ssh sudo system the their user username vpn wi-fi wifi with wlan
    your
    """
)
_ENDINGS = ("ed", "ing", "ly", "able", "ible", "less", "ful", "ous", "tion")


def is_strong(value: str) -> bool:
    """Letters with digits, signs or capitals among them: hardly an ordinary word."""
    if not any(c.isalpha() for c in value):
        return value.isdigit() and len(value) >= 4
    return (
        has_both(value)
        or bool(_SYMBOLS.search(value[:-1]))
        or (bool(_INNER_CAPITAL.search(value)) and "-" not in value and "'" not in value)
    )


def has_both(value: str) -> bool:
    return bool(_DIGIT.search(value)) and bool(_LETTER.search(value))


def is_dense(value: str) -> bool:
    """Letters and digits mixed, or capitals within: a made-up string rather than words."""
    return has_both(value) or (len(value) >= 16 and bool(_INNER_CAPITAL.search(value)))


def is_hex(value: str) -> bool:
    return all(c in "0123456789abcdefABCDEF" for c in value)


def is_ordinary(value: str) -> bool:
    folded = value.casefold()
    # A capital where no sentence begins makes a name or a German noun, not an adjective.
    return folded in NOT_A_PASSWORD or (value[0].islower() and folded.endswith(_ENDINGS))
