"""Read a text that is one or more e-mails: the sender speaks, and headers name nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.rules.transcripts.words import WORDS
from app.rules.types import Role

_SENDERS = frozenset(WORDS["mail"]["senders"])
_NAMES = "|".join(map(re.escape, sorted(_SENDERS) + WORDS["mail"]["others"]))
_HEADER = re.compile(rf"(?P<name>{_NAMES})\s?[:：]\s*(?P<value>.*)", re.I)
_ADDRESS = re.compile(r"\s*[<(\[]?([\w.+-]+)@[\w.-]+[>)\]]?\s*")
_WROTE = re.compile(r".{3,120}(?:wrote|schrieb|a écrit|escribió|escreveu|ha scritto|schreef)\s?:")


def as_mails(lines: Sequence[str]) -> list[tuple[Role, str | None, list[str]]] | None:
    """Give the turns of the mails: headers and what is quoted are nobody's. None when the text does
    not begin with the headers of one."""
    if not _open_a_mail(_headers(lines, 0)):
        return None
    turns: list[tuple[Role, str | None, list[str]]] = []
    place = 0
    sender: str | None = None
    while place < len(lines):
        headers = _headers(lines, place)
        together = lines[place : place + max(len(headers), 1)]
        place += len(together)
        if _open_a_mail(headers):
            sender = _sender(headers) or sender
            turns.append(("system", None, list(together)))
            turns.append(("user", sender, []) if sender else ("system", None, []))
            continue
        for line in together:
            quoted = line.startswith(">") or _WROTE.fullmatch(line) is not None
            role: Role = "system" if quoted or sender is None else "user"
            if turns[-1][0] != role:
                turns.append((role, sender if role == "user" else None, []))
            turns[-1][2].append(line)
    return turns


def _headers(lines: Sequence[str], start: int) -> list[re.Match[str]]:
    """The headers that stand together from there on."""
    found = []
    for place in range(start, len(lines)):
        match = _HEADER.fullmatch(lines[place])
        if match is None:
            break
        found.append(match)
    return found


def _open_a_mail(headers: Sequence[re.Match[str]]) -> bool:
    """Whether there are several, one of a sender among them."""
    return len(headers) >= 2 and any(match["name"].lower() in _SENDERS for match in headers)


def _sender(headers: Sequence[re.Match[str]]) -> str | None:
    for match in headers:
        if match["name"].lower() in _SENDERS:
            address = _ADDRESS.search(match["value"])
            name = _ADDRESS.sub("", match["value"]).strip(" \"'") if address else match["value"]
            return name.strip() or (address.group(1) if address else None)
    return None
