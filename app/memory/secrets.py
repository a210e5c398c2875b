"""Text → the same text with its secrets masked, before anything is stored or sent to a provider.

Known by their form: tokens of well-known issuers, signed tokens, private keys, passwords in URLs,
card numbers. Known by the words before them: passwords, keys, PINs, security codes. No rule finds
every secret; this one lowers the number that is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.memory.plain_view import PlainView
from app.memory.secrets_cards import card_spans, is_card
from app.memory.secrets_patterns import (
    ANNOUNCES,
    BASE64_RUN,
    CUES,
    HEADER,
    KEY_OF,
    NOT_A_PASSWORD,
    SHAPES,
    TOKEN_OF,
)

_PLACEHOLDER = re.compile(r"\[masked: [a-z ]{1,20}\]")
_STANDS_FOR_PLACEHOLDER = "\ue000"
_PASSES_MOST = 8
"""Masking may lay bare a secret that its neighbour hid, so we look again until nothing is found.
Ordinary text takes two passes; more than eight would be a text made to keep us busy.
"""

_SECRET_KEYS = {
    "pin": "pin",
    "cvv": "security code",
    "cvc": "security code",
    "authorization": "api key",
    "cardnumber": "card number",
}
_SECRET_KEY_ENDS = (
    *((end, "password") for end in ("password", "passwd", "pwd", "passphrase", "passwort")),
    *((end, "private key") for end in ("privatekey",)),
    *((end, "api key") for end in ("apikey", "token", "secret", "secretkey", "accesskey")),
)

_QUOTED = re.compile(r"\\{0,3}([\"'])(?P<value>[^\n\"'\ue000]{1,300}?)\\{0,3}\1")
_UNQUOTED = re.compile(r"[^\s\"'<\ue000]{1,400}+")
_TOKEN_VALUE = re.compile(r"[^\s\"'<>&,;(){}\[\]|\\\ue000]{1,120}+")
_TOKEN_GOES_ON = re.compile(r"[A-Za-z0-9_.~+/=-]*+")
_DIGITS = re.compile(r"(?<!\d)\d{3,8}(?![\w]|[.,:/-]\d)")
_STAND_IN = re.compile(
    r"<|\{\{?\w|\$(?:[{(]|[A-Z_]+\Z)|%(?:\(|[A-Z_]+%)|x{4}|\*{2}|\.{3}|.{0,200}…|(?i:example\b"
    r"|your[_ -]|(?:my|your)[_-]?(?:password|api|secret|token|key|pin)"
    r"|(?:os|env|process)\.|[a-z_.]{0,30}getenv)|[a-z_][a-z_.]{2,60}\([a-z_.]{0,60}\Z"
)
"""Names of a secret, calls that fetch one, and what documentation puts in its place."""
_MEASURE = re.compile(
    r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th|x|px|k|m|min|h|am|pm|%|s|-.{1,20}|\+)?", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_SYMBOLS = re.compile(r"[!@#$%^&*+=~?\\|_]")
_INNER_CAPITAL = re.compile(r"[a-zß-ü][A-Z]")
_QUOTE = re.compile(r"\\{0,3}[\"']")
_CLAUSE_END = re.compile(
    r"[\"'`)\]}*_]{0,3}[ \t]{0,3}(?:[.!?,;)\n\r]|$)|\s(?:and|but|so|und|aber|y|pero|et|mais)\b"
)
_ENDINGS = ("ed", "ing", "ly", "able", "ible", "less", "ful", "ous", "tion")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without its secrets, and how many of each kind were masked."""

    text: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MaskedJson:
    """A JSON value without its secrets, and how many of each kind were masked."""

    value: Any
    counts: Mapping[str, int]


def mask(text: str) -> Masked:
    """``text`` with "[masked: card number]" and the like where secrets stood, all else byte for
    byte. A second call changes nothing; the time is linear in the length.
    """
    counts: Counter[str] = Counter()
    for _ in range(_PASSES_MOST):
        spans = _spans(text)
        if not spans:
            break
        parts: list[str] = []
        at = 0
        for start, stop, kind in spans:
            parts += (text[at:start], placeholder(kind))
            counts[kind] += 1
            at = stop
        text = "".join(parts) + text[at:]
    return Masked(text, dict(counts))


def mask_json(value: Any) -> MaskedJson:
    """``value`` (as ``json.loads`` gives it) with every string in it masked, the keys too.

    What stands under a key such as "password" or "apiKey" is masked whole, if it is a string with
    anything in it, or a list of such. A card number given as a number becomes a placeholder.
    """
    counts: Counter[str] = Counter()
    return MaskedJson(_masked_value(value, None, counts), dict(counts))


def placeholder(kind: str) -> str:
    """What stands in a secret's place."""
    return f"[masked: {kind}]"


def _masked_value(value: Any, kind: str | None, counts: Counter[str]) -> Any:
    """``kind``: which secret the key above announces, if it does."""
    if isinstance(value, str):
        if kind and value.strip() and not _PLACEHOLDER.fullmatch(value):
            counts[kind] += 1
            return placeholder(kind)
        return _counted(value, counts)
    if isinstance(value, int) and not isinstance(value, bool) and is_card(str(value)):
        counts["card number"] += 1
        return placeholder("card number")
    if isinstance(value, list):
        return [_masked_value(item, kind, counts) for item in value]
    if isinstance(value, dict):
        masked: dict[str, Any] = {}
        for key, item in value.items():
            name = _counted(key, counts)
            # Two keys that become one placeholder must not swallow one another's values.
            free, n = name, 2
            while free in masked:
                free, n = f"{name} {n}", n + 1
            masked[free] = _masked_value(item, _kind_under(key), counts)
        return masked
    return value


def _counted(text: str, counts: Counter[str]) -> str:
    masked = mask(text)
    counts.update(masked.counts)
    return masked.text


def _kind_under(key: str) -> str | None:
    name = "".join(c for c in key.casefold() if c.isalnum())
    if name in _SECRET_KEYS:
        return _SECRET_KEYS[name]
    return next((kind for end, kind in _SECRET_KEY_ENDS if name.endswith(end)), None)


def _spans(text: str) -> list[tuple[int, int, str]]:
    """Where the secrets of one pass stand in ``text``: in order, without overlaps."""
    view = PlainView(_PLACEHOLDER.sub(lambda found: _STANDS_FOR_PLACEHOLDER * len(found[0]), text))
    found = sorted(
        ((start, stop, kind) for start, stop, kind in _found(view.plain) if stop > start),
        key=lambda span: (span[0], -span[1]),
    )
    spans: list[tuple[int, int, str]] = []
    for start, stop, kind in found:
        if spans and start < spans[-1][1]:
            before = spans[-1]
            spans[-1] = (before[0], max(before[1], stop), before[2])
        else:
            spans.append((start, stop, kind))
    return [(*view.span(start, stop), kind) for start, stop, kind in spans]


def _found(plain: str) -> Iterator[tuple[int, int, str]]:
    for shape in SHAPES:
        if shape.hint in plain:
            for match in shape.pattern.finditer(plain):
                start, stop = match.span(1 if match.re.groups else 0)
                if shape.hint == ":AA":
                    start = _number_before(plain, start)
                yield start, stop, shape.kind
    for start, stop in card_spans(plain):
        yield start, stop, "card number"
    if "AKIA" in plain or "ASIA" in plain or "aws" in plain or "AWS" in plain:
        for run in BASE64_RUN.finditer(plain):
            if run.end() - run.start() == 40 and _is_dense(run[0]) and not _is_hex(run[0]):
                yield *run.span(), "api key"
    yield from _announced(plain)


def _number_before(plain: str, colon: int) -> int:
    start = colon
    while start and colon - start < 10 and plain[start - 1].isdigit():
        start -= 1
    return start


def _announced(plain: str) -> Iterator[tuple[int, int, str]]:
    """What stands behind "my password is", "api_key =", "PIN:" and the like."""
    lower = plain.lower()
    if len(lower) != len(plain):  # A capital dotted I becomes two characters.
        lower = plain.replace("İ", "I").lower()
    at = 0
    while cue := CUES.search(lower, at):
        at = cue.end()
        secret = _behind(plain, lower, cue)
        if secret:
            yield secret
            at = max(at, secret[1])


def _behind(plain: str, lower: str, cue: re.Match[str]) -> tuple[int, int, str] | None:
    """The secret that a cue announces, if it does."""
    kind = cue.lastgroup
    before = lower[max(0, cue.start() - 14) : cue.start()]
    if kind == "header":
        return _header_at(plain, cue, before)
    if not _stands_free(cue, before):
        return None
    match = ANNOUNCES.match(plain, cue.end())
    if not match:
        return None
    way, at = match.lastgroup or "bare", match.end()
    span: tuple[int, int] | None
    if kind in ("pin", "cvv", "code"):
        digits = _DIGITS.match(plain, at)
        fits = digits and _is_code(kind, plain[cue.start() : cue.end()], digits[0], way)
        span = digits.span() if digits and fits else None
        name = "pin" if kind == "pin" else "security code"
    elif kind in ("password", "short"):
        span, name = _password_at(plain, at, way, cue[0]), "password"
    else:
        span, name = _token_at(plain, at, way), "api key"
    return (*span, name) if span else None


def _stands_free(cue: re.Match[str], before: str) -> bool:
    """Whether the cue is a word of its own, or written together with one that fits."""
    free = not before[-1:].isalpha()
    if cue.lastgroup == "key":
        return before.rstrip("_ -").endswith(tuple(KEY_OF))
    if cue.lastgroup == "token":
        return free or before.endswith(tuple(TOKEN_OF))
    return free or cue.lastgroup == "password"


def _header_at(plain: str, cue: re.Match[str], before: str) -> tuple[int, int, str] | None:
    value = HEADER.match(plain, cue.end())
    if not value or before[-1:].isalpha() or value.start(1) == cue.end():
        return None
    token = value[1].rstrip(".)]}")
    assigned = cue[0] == "authorization" and any(
        c in ":=," for c in plain[cue.end() : value.start(1)]
    )
    if _STAND_IN.match(token) or not (assigned or _is_dense(token)):
        return None
    return value.start(1), value.start(1) + len(token), "api key"


def _is_code(kind: str, cue: str, digits: str, way: str) -> bool:
    if kind == "cvv":
        return len(digits) in (3, 4)
    if len(digits) < 4:
        return False
    if kind == "code":
        return True
    if way in ("bare", "moved") and not cue.isupper():
        return False  # "pin 1234 posts to the board"
    # In India a PIN code of six digits is a postal code.
    return not (len(digits) == 6 and "code" in cue.casefold())


def _password_at(plain: str, at: int, way: str, word: str) -> tuple[int, int] | None:
    quoted = _QUOTED.match(plain, at)
    if quoted:
        value = quoted["value"]
        if _STAND_IN.match(value) or (way not in ("strong", "prose") and not _is_strong(value)):
            return None
        return quoted.span("value")
    unquoted = _UNQUOTED.match(plain, at)
    if not unquoted:
        return None
    value = unquoted[0].rstrip(".,;:)]}>")
    stop = at + len(value)
    if len(value) < 4 or _STAND_IN.match(value) or _MEASURE.fullmatch(value):
        return (at, stop) if way == "strong" and value.isdigit() and len(value) > 3 else None
    if way == "strong" and len(value) > 5 and not value.isalpha():
        return at, stop
    if _is_strong(value) and (way in ("strong", "prose") or _has_both(value)):
        return at, stop
    if way not in ("strong", "prose") or word.startswith("clave"):
        return None
    is_word = value.isalpha() and not _is_ordinary(value)
    return (at, stop) if is_word and _CLAUSE_END.match(plain, stop) else None


def _token_at(plain: str, at: int, way: str) -> tuple[int, int] | None:
    if way not in ("strong", "prose"):
        return None
    quote = _QUOTE.match(plain, at)
    start = quote.end() if quote else at
    found = _TOKEN_VALUE.match(plain, start)
    if not found:
        return None
    value = found[0].rstrip(".:")
    if len(value) < 8 or _STAND_IN.match(value) or "://" in value:
        return None
    if value.isdigit():
        return (start, start + len(value)) if way == "strong" else None
    if _MEASURE.fullmatch(value) or not _is_dense(value):
        return None
    goes_on = _TOKEN_GOES_ON.match(plain, start + len(value)) if len(value) > 110 else None
    return start, goes_on.end() if goes_on else start + len(value)


def _is_strong(value: str) -> bool:
    """Letters with digits, signs or capitals among them: hardly an ordinary word."""
    if not any(c.isalpha() for c in value):
        return value.isdigit() and len(value) >= 4
    return (
        _has_both(value)
        or bool(_SYMBOLS.search(value[:-1]))
        or (bool(_INNER_CAPITAL.search(value)) and "-" not in value and "'" not in value)
    )


def _has_both(value: str) -> bool:
    return bool(_DIGIT.search(value)) and bool(_LETTER.search(value))


def _is_dense(value: str) -> bool:
    """Letters and digits mixed, or capitals within: a made-up string rather than words."""
    return _has_both(value) or (len(value) >= 16 and bool(_INNER_CAPITAL.search(value)))


def _is_hex(value: str) -> bool:
    return all(c in "0123456789abcdefABCDEF" for c in value)


def _is_ordinary(value: str) -> bool:
    folded = value.casefold()
    # A capital where no sentence begins makes a name or a German noun, not an adjective.
    return folded in NOT_A_PASSWORD or (value[0].islower() and folded.endswith(_ENDINGS))
