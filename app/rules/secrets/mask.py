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

from app.rules.secrets.cards import card_spans
from app.rules.secrets.patterns import ANNOUNCES, BASE64_RUN, CUES, HEADER, KEY_OF, SHAPES, TOKEN_OF
from app.rules.secrets.phrases import told
from app.rules.secrets.plain_view import PlainView
from app.rules.secrets.values import (
    CLAUSE_END,
    CODE_END,
    MEASURE,
    MORE_WORDS,
    PASS_OF,
    STAND_IN,
    WORD_BEFORE,
    has_both,
    is_dense,
    is_hex,
    is_ordinary,
    is_strong,
)

PLACEHOLDER = re.compile(r"\[masked: [a-z ]{1,20}\]")
_STANDS_FOR_PLACEHOLDER = "\ue000"
_PASSES_MOST = 8
"""Masking may lay bare a secret that its neighbour hid, so we look again until nothing is found.
Ordinary text takes two passes; more than eight would be a text made to keep us busy.
"""

_QUOTED = re.compile(r"\\{0,3}([\"'])(?P<value>[^\n\"'\ue000]{1,300}?)\\{0,3}\1")
_UNQUOTED = re.compile(r"[^\s\"'<\ue000]{1,400}+")
_QUOTE = re.compile(r"\\{0,3}[\"']")
_TOKEN_VALUE = re.compile(r"[^\s\"'<>&,;(){}\[\]|\\\ue000]{1,120}+")
_TOKEN_GOES_ON = re.compile(r"[A-Za-z0-9_.~+/=-]*+")
_NAMES_AWS = ("aws", "akia", "asia", "secret access", "secret_access", "secretaccess", "secret key")
_SCHEME = re.compile(r"bearer|basic|token|digest|apikey")
_DIGITS = re.compile(r"(?<!\d)\d{3,8}(?![\w]|[.,:/-]\d)")


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without its secrets, and how many of each kind were masked."""

    text: str
    counts: Mapping[str, int]


_NOTHING = Masked("", {})


def mask(text: str) -> Masked:
    """Replace the secrets in ``text`` by "[masked: card number]" and the like; everything else
    stays byte for byte.

    A second call changes nothing; the time is linear in the length.
    """
    if not text:
        return _NOTHING
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


def placeholder(kind: str) -> str:
    """Give what is written in a secret's place."""
    return f"[masked: {kind}]"


def _spans(text: str) -> list[tuple[int, int, str]]:
    """Where the secrets of one pass stand in ``text``: in order, without overlaps."""
    view = PlainView(PLACEHOLDER.sub(lambda found: _STANDS_FOR_PLACEHOLDER * len(found[0]), text))
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
    lower = _lower(plain)
    yield from told(plain, lower)
    if any(name in lower for name in _NAMES_AWS):
        for run in BASE64_RUN.finditer(plain):
            if run.end() - run.start() == 40 and is_dense(run[0]) and not is_hex(run[0]):
                yield *run.span(), "api key"
    yield from _announced(plain, lower)


def _number_before(plain: str, colon: int) -> int:
    start = colon
    while start and colon - start < 10 and plain[start - 1].isdigit():
        start -= 1
    return start


def _lower(plain: str) -> str:
    """In lower case, and of the same length."""
    lower = plain.lower()
    if len(lower) != len(plain):  # A capital dotted I becomes two characters.
        lower = plain.replace("İ", "I").lower()
    return lower


def _announced(plain: str, lower: str) -> Iterator[tuple[int, int, str]]:
    """What stands behind "my password is", "api_key =", "PIN:" and the like."""
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
        return _header_at(plain, lower, cue, before)
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
        if digits and way == "bare" and kind != "pin" and not CODE_END.match(lower, digits.end()):
            fits = False  # "CVC 500 funds"
        span = digits.span() if digits and fits else None
        name = "pin" if kind == "pin" else "security code"
    elif kind == "short" and not _is_short_for_password(plain, lower, cue, way):
        return None
    elif kind in ("password", "short", "abroad"):
        span, name = _password_at(plain, at, way, cue[0]), "password"
    else:
        span, name = _token_at(plain, at, way), "api key"
    return (*span, name) if span else None


def _is_short_for_password(plain: str, lower: str, cue: re.Match[str], way: str) -> bool:
    """Whether "pass" or "pw" means a password, and not a ticket, a road or a power."""
    if cue[0] == "pw":
        return way == "strong"
    if cue[0] != "pass" or way != "strong" or plain[cue.end() : cue.end() + 1] in "=\"'])":
        return True
    before = WORD_BEFORE.search(lower, max(0, cue.start() - 24), cue.start())
    if before and before[1] not in PASS_OF:
        return False
    after = _UNQUOTED.match(plain, cue.end() + 1 + (plain[cue.end() + 1 : cue.end() + 2] == " "))
    return not after or MORE_WORDS.match(plain, after.end()) is None


def _stands_free(cue: re.Match[str], before: str) -> bool:
    """Whether the cue is a word of its own, or written together with one that fits."""
    free = not before[-1:].isalpha()
    if cue.lastgroup == "key":
        return before.rstrip("_ -").endswith(tuple(KEY_OF))
    if cue.lastgroup == "token":
        return free or before.endswith(tuple(TOKEN_OF))
    return free or cue.lastgroup in ("password", "abroad")


def _header_at(
    plain: str, lower: str, cue: re.Match[str], before: str
) -> tuple[int, int, str] | None:
    value = HEADER.match(plain, cue.end())
    if not value or before[-1:].isalpha() or value.start(1) == cue.end():
        return None
    token = value[1].rstrip(".)]}")
    assigned = cue[0] == "authorization" and any(
        c in ":=," for c in plain[cue.end() : value.start(1)]
    )
    scheme = _SCHEME.search(lower, cue.end(), value.start(1)) or cue[0] == "bearer"
    is_word = token.isalpha() and token.islower() and not scheme
    if STAND_IN.match(token) or is_word or not (assigned or is_dense(token)):
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
        if STAND_IN.match(value) or (way not in ("strong", "prose") and not is_strong(value)):
            return None
        return quoted.span("value")
    unquoted = _UNQUOTED.match(plain, at)
    if not unquoted:
        return None
    value = unquoted[0].rstrip(".,;:)]}>")
    stop = at + len(value)
    if len(value) < 4 or STAND_IN.match(value) or MEASURE.fullmatch(value):
        return (at, stop) if way == "strong" and value.isdigit() and len(value) > 3 else None
    if way == "strong" and len(value) > 5 and not value.isalpha():
        return at, stop
    if is_strong(value) and (way in ("strong", "prose") or has_both(value)):
        return at, stop
    if way not in ("strong", "prose") or word.startswith("clave"):
        return None
    if not word.isascii() and not value.isascii():
        return None  # We do not know that language's ordinary words.
    is_word = value.isalpha() and not is_ordinary(value)
    return (at, stop) if is_word and CLAUSE_END.match(plain, stop) else None


def _token_at(plain: str, at: int, way: str) -> tuple[int, int] | None:
    if way not in ("strong", "prose"):
        return None
    quote = _QUOTE.match(plain, at)
    start = quote.end() if quote else at
    found = _TOKEN_VALUE.match(plain, start)
    if not found:
        return None
    value = found[0].rstrip(".:")
    if len(value) < 8 or STAND_IN.match(value) or "://" in value:
        return None
    if value.isdigit():
        return (start, start + len(value)) if way == "strong" else None
    if MEASURE.fullmatch(value) or not is_dense(value):
        return None
    goes_on = _TOKEN_GOES_ON.match(plain, start + len(value)) if len(value) > 110 else None
    return start, goes_on.end() if goes_on else start + len(value)
