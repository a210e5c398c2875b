"""What is sent: an endless row of acts, the same for the same seed."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torture.ledger import Entry, Kind
from torture.model.deeds import Fact, Place
from torture.words import (
    CRASHES,
    DREAMT,
    HOMES,
    REJECTED,
    STATEMENTS,
    VARIANTS,
    canary,
    named,
)

USERS = 200
"""Of each tenant, besides the movers."""
NAMESPACES = ("default", "default", "default", "work", "home")
LARGE_FROM = 12_000_000
"""The first of the numbers of the canaries in large chats."""
WINDOW_CHARS = 6_000
"""SMARA_WINDOW_MAX_CHARS, the text that is read by one call: a quarter of the default, since the
fake Claude finds a fact in each sentence, and an answer may hold 200."""
LARGE_TAGS_FROM = 70_000_000
"""The first of the numbers of large chats. Their calls fail on purpose as much less often as they
are more: each failure is an attempt of the whole chat, which has eight."""
TAG_EVERY = 40
"""Messages of a large chat between two that carry its tag, so that each of its windows has one."""

MIX = {
    "plain": 70.0,
    "storm": 5.0,
    "twins": 5.0,
    "chorus": 5.0,
    "variants": 5.0,
    "mover": 4.0,
    "regret": 3.0,
    "dream": 1.0,
    "crashing": 0.2,
    "rejected": 0.5,
}
"""Weights of what is sent. The poisons are left out until something may die. Large chats are a
share of their own."""


@dataclass(frozen=True, slots=True)
class Act:
    """Entries that are sent at once, each as often as ``copies`` says, to both APIs."""

    entries: tuple[Entry, ...]
    copies: int = 1


class Script:
    """``large`` is the share of chats with ``large_facts`` facts, of which ``most`` are kept."""

    def __init__(
        self,
        seed: int,
        tenants: int,
        *,
        large: float = 0.0,
        large_facts: int = 3_000,
        most: int = 500,
    ) -> None:
        self._dice = random.Random(f"script {seed}")
        self._tenants = tenants
        self.large, self._large_facts, self._most = large, large_facts, most
        self._numbers = itertools.count(1)
        self._large_numbers = itertools.count(LARGE_FROM)
        self._conversations = itertools.count(1)
        self.poisons = False

    def __iter__(self) -> Iterator[Act]:
        return self

    def __next__(self) -> Act:
        if self._dice.random() < self.large:
            return self.act("large")
        names = [name for name in MIX if self.poisons or name not in ("crashing", "rejected")]
        [name] = self._dice.choices(names, [MIX[name] for name in names])
        return self.act(name)

    def act(self, name: str) -> Act:
        """One act of this name."""
        dice = self._dice
        tenant = dice.randrange(self._tenants)
        place = Place(f"tenant-{tenant}", f"user-{dice.randrange(USERS)}", dice.choice(NAMESPACES))
        match name:
            case "storm":
                return Act((self._plain(tenant, place),), copies=dice.randint(4, 20))
            case "twins":
                first = self._plain(tenant, place, Kind.TWIN)
                return Act((first, replace(first, key=f"{first.key}-again", ids=set())))
            case "chorus":
                words = [dice.choice(STATEMENTS)] * dice.randint(3, 8)
                return self._together(tenant, place, words)
            case "variants":
                words = dice.sample(VARIANTS, dice.randint(2, len(VARIANTS)))
                return self._together(tenant, place, words)
            case "mover":
                place = replace(place, user=f"mover-{next(self._numbers)}")
                homes = [self._fact(dice.choice(HOMES)) for _ in range(dice.randint(3, 5))]
                return Act(
                    tuple(
                        self._entry(tenant, place, Kind.MOVER, [home], topic="home")
                        for home in homes
                    )
                )
            case "regret":
                return Act((self._plain(tenant, place, Kind.REGRET),))
            case "dream":
                return Act((self._marked(tenant, place, Kind.DREAM, DREAMT),))
            case "crashing":
                return Act((self._marked(tenant, place, Kind.CRASHING, CRASHES),))
            case "rejected":
                return Act((self._marked(tenant, place, Kind.REJECTED, REJECTED),))
            case "large":
                return Act((self._chat(tenant, place),))
        return Act((self._plain(tenant, place),))

    def _plain(self, tenant: int, place: Place, kind: Kind = Kind.PLAIN) -> Entry:
        facts = [self._fact(self._dice.choice(STATEMENTS)) for _ in range(self._dice.randint(1, 3))]
        return self._entry(tenant, place, kind, facts)

    def _marked(self, tenant: int, place: Place, kind: Kind, mark: str) -> Entry:
        fact = self._fact(f"{mark} {STATEMENTS[0]}")
        return self._entry(tenant, place, kind, [fact])

    def _together(self, tenant: int, place: Place, statements: Sequence[str]) -> Act:
        word = canary(next(self._numbers))
        facts = [Fact(word, each.format(named(word))) for each in statements]
        return Act(tuple(self._entry(tenant, place, Kind.CHORUS, [fact]) for fact in facts))

    def _chat(self, tenant: int, place: Place) -> Entry:
        """A chat with more facts than one conversation may come to."""
        number = LARGE_TAGS_FROM + next(self._conversations)
        facts = []
        for _ in range(self._large_facts):
            word = canary(next(self._large_numbers))
            facts.append(Fact(word, self._dice.choice(STATEMENTS).format(named(word))))
        messages = []
        for n in range(0, len(facts), 2):
            text = " ".join(fact.text for fact in facts[n : n + 2])
            messages.append({"role": "user", "content": text})
            if n % TAG_EVERY == 0:
                messages.append(_noted(number))
        place = replace(place, user=f"talker-{number}")
        entry = made(f"key-{number}", tenant, place, Kind.LARGE, facts, messages)
        chars = sum(len(message["content"]) for message in messages)
        return replace(entry, most=self._most, parts=chars // WINDOW_CHARS + 2, ids=set())

    def _fact(self, statement: str) -> Fact:
        word = canary(next(self._numbers))
        return Fact(word, statement.format(named(word)))

    def _entry(
        self,
        tenant: int,
        place: Place,
        kind: Kind,
        facts: Sequence[Fact],
        topic: str | None = None,
    ) -> Entry:
        number = next(self._conversations)
        messages = [{"role": "user", "content": " ".join(fact.text for fact in facts)}]
        messages.append(_noted(number))
        return made(f"key-{number}", tenant, place, kind, facts, messages, topic)


def made(
    key: str,
    tenant: int,
    place: Place,
    kind: Kind,
    facts: Sequence[Fact],
    messages: Sequence[dict[str, str]],
    topic: str | None = None,
) -> Entry:
    """A conversation of these messages in this place."""
    body: dict[str, object] = {"user_id": place.user, "messages": messages}
    if place.namespace != "default":
        body["namespace"] = place.namespace
    if place.agent is not None:
        body["agent_id"] = place.agent
    if place.team is not None:
        body["team_id"] = place.team
    return Entry(key, tenant, place, kind, json.dumps(body).encode(), tuple(facts), topic)


def _noted(number: int) -> dict[str, str]:
    return {"role": "assistant", "content": f"I have made a note, ref-{number}."}
