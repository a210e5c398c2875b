"""Read who a plain statement is about, and what it says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.rules.judge.lists import spaced, table
from app.rules.judge.tokens import plain

_ATTRIBUTES = table("attributes")
_ONLY = spaced(_ATTRIBUTES["only"])
_SEVERAL = spaced(_ATTRIBUTES["several"])
_JOINING = re.compile(
    rf"(?<![\w'-])(?:{'|'.join(sorted(spaced(table('english')['joining'])))})(?![\w'-])"
    r"|[;()\[\]/\"]|:(?!\d)",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"(?:^| )(?:now|currently|nowadays|presently|ahora|actualmente|jetzt|inzwischen|maintenant"
    r"|agora)(?= |$)|,? (?:these days|at the moment|right now)$",
    re.IGNORECASE,
)
_USER = re.compile(
    r"(?:the user|user|i|el usuario|la usuaria|der nutzer|die nutzerin|der benutzer|die benutzerin"
    r"|l'utilisateur|l'utilisatrice|o usuário|a usuária|l'utente) (?=[^\W\d_])",
    re.IGNORECASE,
)
_USERS = re.compile(r"(?:the user's|user's|my|the(?= favou?rite )) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """``holder`` is "user", a name, or a relation with its name ("sister ana"). ``said`` is what is
    said of the holder, in one clause; ``owned`` tells that it begins with something of theirs
    ("'s email is …"). ``now`` tells that the statement says so of the present."""

    holder: str
    said: str
    owned: bool
    now: bool


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Statement, ...]:
    """Give the ways in which ``text`` can be read as one clause about somebody; none when it has a
    second clause, or is a question."""
    written = plain(text)
    if _JOINING.search(written) or "?" in written or len(written) > 300:
        return ()
    shorter = _NOW.sub("", written).strip()
    now = shorter != written
    user = _USER.match(shorter)
    if user:
        return (Statement("user", shorter[user.end() :], owned=False, now=now),)
    users = _USERS.match(shorter)
    rest = shorter[users.end() :] if users else shorter
    found = _of_relation(rest, now)
    if found is not None:
        return (found,)
    if users:
        return (Statement("user", rest, owned=True, now=now),)
    first = rest[:1].lower() + rest[1:]
    return (
        Statement("user", first, owned=False, now=now),
        Statement("user", first, owned=True, now=now),
        *_of_name(rest, now),
    )


def _of_relation(rest: str, now: bool) -> Statement | None:
    """Read "sister Ana lives in Rome" and "mother lives in Rome"; one of several without a name is
    nobody in particular."""
    words = rest.split(" ")
    relation = words[0].casefold()
    if relation not in _ONLY | _SEVERAL or len(words) < 3:
        return None
    names = []
    for word in words[1:3]:
        if not is_name(word):
            break
        names.append(word.casefold())
    if not names and relation not in _ONLY:
        return None
    said = " ".join(words[1 + len(names) :])
    if not said or (not names and said.split(" ")[0] == "is" and relation in _PEOPLE):
        return None
    return Statement(" ".join([relation, *names]), said, owned=False, now=now)


_PEOPLE = spaced(_ATTRIBUTES["people"])
"""Of these "is Dana" gives the name: it is an attribute of the user."""


def _of_name(rest: str, now: bool) -> list[Statement]:
    """Read "Ana Silva lives in Rome" with each length that the name may have, the longest first."""
    words = rest.split(" ")
    found = []
    for size in (3, 2, 1):
        name, said = words[:size], words[size:]
        if len(said) >= 2 and all(map(is_name, name)) and said[0].islower():
            last = name[-1]
            owned = last.endswith("'s")
            holder = " ".join([*name[:-1], last.removesuffix("'s")]).casefold()
            found.append(Statement(holder, " ".join(said), owned=owned, now=now))
    return found


def is_name(word: str) -> bool:
    """Tell whether a word is written as a name."""
    return word[:1].isupper() and any(letter.isalpha() for letter in word)
