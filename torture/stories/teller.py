"""One client with a story to tell: it does one thing after the other, and notes what the service
has accepted."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torture.client import Answer
from torture.ledger import Entry, Kind, Thing
from torture.model.deeds import Fact, Place, Said
from torture.script import made
from torture.traffic import Traffic
from torture.words import STATEMENTS, canary, named

CANARIES_FROM, CANARIES_EACH = 2_000_000, 40
TAGS_FROM, TAGS_EACH = 5_000_000, 10
MEMORIES, MEMORY = "/v1/memories", "/v1/memories/{id}"


class Refused(Exception):
    """The service gave another answer than it should: noted, and the story is over."""


class Teller:
    """``number`` makes the story what it is: every word, name and choice follows from it and the
    seed. ``tenant`` and ``user`` are whose it is, unless it has people of its own."""

    def __init__(self, traffic: Traffic, keys: Sequence[str], seed: int, number: int) -> None:
        self.traffic, self.ledger, self.number = traffic, traffic.ledger, number
        self.dice = random.Random(f"story {seed} {number}")
        self.tenant = self.dice.randrange(len(keys))
        self.key = keys[self.tenant]
        self.user = f"teller-{self.dice.randrange(100)}"
        self._canaries = itertools.count(CANARIES_FROM + number * CANARIES_EACH)
        self._tags = itertools.count(TAGS_FROM + number * TAGS_EACH)
        self._requests = itertools.count(1)

    @property
    def tenant_name(self) -> str:
        """The tenant as the database has it."""
        return f"tenant-{self.tenant}"

    def place(self, **fields: Any) -> Place:
        """A place of this story's tenant; its user's own if not said otherwise."""
        return Place(self.tenant_name, **{"user": self.user, **fields})

    def fact(self, statement: str | None = None) -> Fact:
        """A fact that nobody has told."""
        word = canary(next(self._canaries))
        self.ledger.plant([word], self.tenant)
        return Fact(word, (statement or self.dice.choice(STATEMENTS)).format(named(word)))

    def request_key(self) -> str:
        """An idempotency key of this story."""
        return f"story-{self.number}-{next(self._requests)}"

    async def ask(
        self,
        method: str,
        path: str,
        *,
        right: Sequence[int],
        route: str = "",
        key: str = "",
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> Answer:
        """Ask until there is an answer. One whose status is not ``right`` is noted, and ends the
        story."""
        sent = dict(headers or {})
        if idempotency_key is not None:
            sent["Idempotency-Key"] = idempotency_key
        name = f"{method} {route or path}"
        answer = await self.traffic.client.call(
            method,
            path,
            key or self.key,
            route=name,
            headers=sent,
            first=self.dice.randrange(2),
            loses=method != "GET",
            **given,
        )
        if answer.status not in right:
            code = answer.body.get("code", "") if isinstance(answer.body, dict) else ""
            again = ", asked again" if answer.repeated else ""
            self.ledger.violation(
                "a good request was refused", f"{name}: {answer.status} {code}{again}"
            )
            raise Refused
        return answer

    async def store(self, fact: Fact, place: Place, *, topic: str | None = None) -> str:
        """State a fact directly; the memory's id."""
        answer = await self.ask(
            "POST",
            MEMORIES,
            right=(201,),
            idempotency_key=self.request_key(),
            body={**fields_of(place), "fact": fact.text},
        )
        self.stated([fact], place, "stored", topic=topic)
        self.ledger.memories.append(str(answer.body["id"]))
        return str(answer.body["id"])

    def stated(
        self, facts: Sequence[Fact], place: Place, what: str, *, topic: str | None = None
    ) -> None:
        """Note facts that were accepted directly."""
        at = f"{len(self.ledger.deeds):012d}"
        self.ledger.note(Said(tuple(facts), place, topic=topic, at=at), what)

    def entry(self, facts: Sequence[Fact], place: Place) -> Entry:
        """A conversation in which the facts are told, planned and not yet sent."""
        tag = next(self._tags)
        messages = [
            {"role": "user", "content": " ".join(fact.text for fact in facts)},
            {"role": "assistant", "content": f"I have made a note, ref-{tag}."},
        ]
        entry = made(
            f"story-{self.number}-said-{tag}", self.tenant, place, Kind.STORY, facts, messages
        )
        self.ledger.plan(entry)
        return entry

    async def say(self, facts: Sequence[Fact], place: Place) -> Entry:
        """Tell facts in a conversation, and have it accepted."""
        entry = self.entry(facts, place)
        if (status := await self.traffic.insist(entry)) != 202:
            self.ledger.violation("a good POST was refused", f"{status} of a story")
            raise Refused
        return entry

    async def finished(self, entry: Entry) -> str:
        """The state in which the conversation ends."""
        while True:
            answer = await self.ask(
                "GET",
                f"/v1/conversations/{min(entry.ids)}",
                right=(200,),
                route="/v1/conversations/{id}",
                params={"wait": "2"},
            )
            if answer.body["state"] in ("done", "dead", "cancelled"):
                return str(answer.body["state"])

    async def make(self, kind: str, path: str, body: Mapping[str, Any], *, route: str = "") -> str:
        """Make something that is no memory; its id. It is to be there from now on."""
        answer = await self.ask(
            "POST",
            path,
            right=(201,),
            route=route,
            idempotency_key=self.request_key(),
            body=dict(body),
        )
        identifier = str(answer.body["id"])
        self.ledger.things[identifier] = Thing(
            kind, self.tenant_name, str(body.get("name") or body.get("relationship_type") or "")
        )
        self.ledger.written[f"{kind} made"] += 1
        return identifier

    async def remove(self, identifier: str, path: str, *, route: str, **given: Any) -> None:
        """Delete something; when it was gone at the second try, the first had done it."""
        answer = await self.ask("DELETE", path, right=(200, 204, 404), route=route, **given)
        if answer.status == 404 and not answer.repeated:
            self.ledger.violation("what was there could not be deleted", f"{route}: 404")
            raise Refused
        if identifier in self.ledger.things:
            thing = self.ledger.things[identifier]
            thing.there = False
            self.ledger.written[f"{thing.kind} deleted"] += 1


Tell = Callable[[Teller], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Story:
    """A story, and how often it is told among the others."""

    tell: Tell
    weight: float


STORIES: dict[str, Story] = {}


def story(weight: float) -> Callable[[Tell], Tell]:
    """Register a story under its function's name."""

    def register(tell: Tell) -> Tell:
        STORIES[tell.__name__] = Story(tell, weight)
        return tell

    return register


def fields_of(place: Place) -> dict[str, str]:
    """The fields of a request by which a fact goes to a place."""
    fields = {
        "user_id": place.user,
        "namespace": place.namespace,
        "agent_id": place.agent,
        "team_id": place.team,
    }
    return {name: value for name, value in fields.items() if value is not None}
