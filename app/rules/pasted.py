"""Find what a person has pasted into a message: a mail, a quotation, a document. These are somebody
else's words, whoever sends them."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_QUOTED_LINES = re.compile(r"(?:^[ \t]*[>|＞].*(?:\n|\Z))+", re.MULTILINE)
_FENCED = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_LONG_QUOTATION = re.compile(
    r"\"[^\"\n]{25,}\"|“[^”]{25,}”|„[^“”]{25,}[“”]|«[^»]{25,}»|「[^」]{12,}」"
)
# From here to the end of the message.
_HEADER = (
    r"[ \t]*(?:From|To|Sent|Date|Subject|Cc|Von|An|Gesendet|Betreff|De|À|Envoyé|Objet|Para|"
    r"Enviado|Asunto|Da|Inviato|Oggetto|Van|Aan|Onderwerp|От|Кому|Тема)[ \t]*:"
)
_HEADERS = re.compile(rf"^{_HEADER}.*\n(?={_HEADER})", re.MULTILINE | re.IGNORECASE)
_FORWARDED = re.compile(
    r"^[ \t]*-{2,}[ \t]*\w[^\n]{3,60}-{2,}[ \t]*$|^[^\n]{5,80}\b(?:wrote|schrieb|a écrit|escribió|"
    r"ha scritto|schreef|написал\w*)[^\n:]{0,40}:",
    re.MULTILINE | re.IGNORECASE,
)
_A_TEXT = (
    r"e-?mails?|mail|messages?|letters?|articles?|posts?|documents?|transcripts?|reviews?|"
    r"reports?|sms|nachricht\w*|brief|schreiben|artikel|dokument\w*|"
    r"courriels?|lettre|message|correo|mensaje|carta|messaggio|lettera|bericht|"
    r"сообщени\w*|письм\w*"
)
_LEAD_IN = re.compile(
    rf"(?:(?<!\w)(?:{_A_TEXT})(?!\w)|邮件|郵件|メール|메일)[^\n.!?:：]{{0,40}}[:：]", re.IGNORECASE
)
_GREETING = re.compile(
    r"^[ \t]*(?:hi|hello|hey|dear|hallo|liebe[r]?|guten tag|sehr geehrte\w*|bonjour|cher|chère|"
    r"hola|estimad[oa]|querid[oa]|ciao|gentile|beste|geachte|здравствуйте|привет|уважаем\w*)\b"
    r"[^\n]{0,40}[,!\n]",
    re.MULTILINE | re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"(?:^|[.!?]\s+|\n)[ \t]*(?:best|(?:kind |best |warm )?regards|sincerely|"
    r"yours\b[^\n,]{0,15}|cheers|(?:viele |liebe |beste )?grüße|mit freundlichen grüßen|"
    r"cordialement|saludos|atentamente|cordiali saluti|met vriendelijke groet\w*|"
    r"с уважением),?\s+\w[^\n]{0,60}\s*\Z",
    re.IGNORECASE,
)


def is_pasted(message: str, quote: str) -> bool:
    """Tell whether the quote, or a part of it, stands in pasted text alone. One that also stands
    outside of it, or nowhere word for word, is the sender's own."""
    places = list(_places(message, quote))
    if not places:
        return False
    spans = list(pasted_spans(message))
    quotations = [match.span() for match in _LONG_QUOTATION.finditer(message)]
    return all(
        any(start < end and begin < stop for start, stop in spans)
        # A sentence of one's own may quote somebody.
        or any(start <= begin and end <= stop for start, stop in quotations)
        for begin, end in places
    )


def pasted_spans(message: str) -> Iterator[Span]:
    """Give where pasted text begins and ends in the message; spans may overlap."""
    for pattern in (_QUOTED_LINES, _FENCED):
        for match in pattern.finditer(message):
            yield match.span()
    for pattern in (_HEADERS, _FORWARDED):
        match_or_none = pattern.search(message)
        if match_or_none:
            yield match_or_none.start(), len(message)
    lead_in = _LEAD_IN.search(message)
    if lead_in and _is_a_text(message[lead_in.end() :]):
        yield lead_in.end(), len(message)
    greeting = _GREETING.search(message)
    if greeting and _SIGN_OFF.search(message, greeting.end()):
        yield greeting.start(), len(message)


def _is_a_text(rest: str) -> bool:
    """Tell a text from a value, such as the address after "my e-mail:". Scripts without spaces have
    no words to count."""
    return len(rest.split()) > 2 or (not rest.isascii() and len(rest.strip()) > 5)


def _places(message: str, quote: str) -> Iterator[Span]:
    words, text = quote.strip().casefold(), message.casefold()
    at = text.find(words) if words else -1
    while at >= 0:
        yield at, at + len(words)
        at = text.find(words, at + 1)
