"""What people say in the demo. Written for it; nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation: ``occurred_at`` is when it took place, ``body`` what is POSTed besides user
    and time."""

    user: str
    about: str
    occurred_at: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What an agent asks the service before it answers ``q``."""

    user: str
    q: str


def chat(user: str, about: str, occurred_at: str, *lines: str) -> Chat:
    """Give a chat whose lines alternate: the user first, then the assistant."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": line} for number, line in enumerate(lines)]
    return Chat(user, about, occurred_at, {"messages": messages})


CHATS = (
    chat(
        "maya",
        "Maya introduces herself",
        "2026-01-12T18:30:00Z",
        "Hi! I live in Leeds. I work as a nurse at the children's hospital.",
        "Nice to meet you. Anything I should keep in mind?",
        "I'm allergic to peanuts. And I have a greyhound called Biscuit.",
        "Noted!",
        "Last weekend I ran my first half marathon.",
    ),
    chat(
        "maya",
        "Two months later she has moved, for a new job",
        "2026-03-15T10:00:00Z",
        "I live in Bristol now.",
        "What took you there?",
        "I work as a teacher at a nursing school now. Biscuit loves the harbour.",
        "Shall I look for places to eat nearby?",
        "Yes, please. I'm allergic to peanuts.",
    ),
    chat(
        "george",
        "George plans a visit",
        "2026-01-20T08:00:00Z",
        "My granddaughter Elsie was born on 3 January 2026.",
        "Congratulations!",
        "I'm visiting her next Friday. I take my coffee black.",
    ),
    chat(
        "george",
        "George tells it again, in other words too",
        "2026-02-03T08:00:00Z",
        "Did I tell you? My granddaughter Elsie was born on 3 January 2026!",
        "You did, and it is lovely every time. Shall I order something for the train?",
        "Yes, please. I drink my coffee black.",
    ),
    chat(
        "lucía",
        "Lucía writes in Spanish",
        "2026-01-25T17:00:00Z",
        "Hola, soy Lucía. Vivo en Sevilla y trabajo como profesora de música.",
        "¡Hola, Lucía! ¿Qué instrumento tocas?",
        "Toco el violonchelo desde los ocho años. Soy vegetariana.",
    ),
    chat(
        "lucía",
        "She comes back to it a week later",
        "2026-02-01T17:00:00Z",
        "¿Me recomiendas un restaurante? Soy vegetariana.",
        "Claro, ¿para qué día?",
        "Quiero reservar para mi cumpleaños, el 14 de febrero.",
    ),
    chat(
        "sam",
        "Sam works with a coding assistant",
        "2026-03-10T09:00:00Z",
        "I'm working on a payments service called Atlas. I prefer tabs over spaces.",
        "Understood.",
        "From now on, always answer with code first. My flight to Berlin is tomorrow at 7.",
        "Safe travels!",
        "Yesterday I finished the migration to Postgres 18.",
    ),
    chat(
        "sam",
        "Sam thinks again",
        "2026-03-24T09:00:00Z",
        "I prefer spaces over tabs now.",
        "Switched.",
        "I released Atlas last Friday.",
    ),
    Chat(
        "studio",
        "A plain transcript of two people",
        "2026-02-16T14:00:00Z",
        {
            "transcript": "Priya: I signed the lease for the new studio yesterday.\n"
            "Jonas: Congratulations! I'm bringing the kiln over on Saturday.\n"
            "Priya: Great. My sister Anita is painting the sign.\n"
            "Jonas: I teach an evening class on Tuesdays.\n"
            "Priya: Our opening party is on 7 March."
        },
    ),
)

QUESTIONS = (
    Question("maya", "Where does Maya live?"),
    Question("maya", "Is there any food that she must avoid?"),
    Question("george", "How old is his granddaughter?"),
    Question("lucía", "¿Qué instrumento toca?"),
    Question("sam", "Should I indent with tabs or with spaces?"),
    Question("studio", "When does Jonas have no time?"),
)
