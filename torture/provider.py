"""Claude, Voyage and the webhooks' receiver in one process of their own, which outlives everything
and counts every call.

    python -m torture.provider --seed 1 --errors 0.1

It prints the three ports. PUT /mood takes the step that every call meets until the next PUT ({}
is none); GET /tally tells what was asked and answered.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections import Counter

import orjson

from tests.providers.anthropic import FakeAnthropic
from tests.providers.server import FakeProvider, Reply, Step, listen
from tests.providers.voyage import FakeVoyage
from torture.receiver import TorturedReceiver
from torture.script import LARGE_TAGS_FROM
from torture.words import DREAMT, REJECTED

TAG = re.compile(rb"ref-\d+")
"""Stands in each conversation, in a message of the assistant."""
PIECES = 40
"""Of a long answer, at most: the service's clocks run twenty times as fast, and its reading of
pieces does not."""
LARGE_CALLS = 20
"""Of the LLM for one large chat."""
THINKING_SECONDS = 0.05
"""How long the LLM takes for an answer, so that there is a call to be killed in."""

EXTRACTION_TROUBLE: tuple[Step, ...] = (
    {"status": 429, "headers": {"retry-after": "1"}},
    {"status": 429},
    {"status": 429, "headers": {"retry-after": "soon"}},
    {"status": 529},
    {"status": 529},
    {"status": 500},
    {"status": 500},
    {"reset": True},
    {"reset": True},
    {"hang": True},
    {"drip_seconds": 0.02},
    {"cut": 120},
    {"kind": "truncated"},
    {"kind": "broken_json"},
    {"kind": "prose"},
    {"kind": "wrong_types"},
    {"kind": "missing_fields"},
    {"kind": "extra_fields"},
    {"kind": "no_content"},
    {"kind": "not_a_message"},
)
EMBEDDING_TROUBLE: tuple[Step, ...] = (
    {"status": 429, "headers": {"retry-after": "1"}},
    {"status": 429},
    {"status": 500},
    {"status": 500},
    {"status": 529},
    {"reset": True},
    {"hang": True},
    {"cut": 120},
    {"kind": "wrong_dimension"},
    {"kind": "nan"},
    {"kind": "infinite"},
    {"kind": "zero"},
    {"kind": "null"},
    {"kind": "not_base64"},
    {"kind": "too_few"},
    {"kind": "too_many"},
    {"kind": "repeated_index"},
    {"kind": "not_a_list"},
)


class _Moody(FakeProvider):
    """A share of the calls meets trouble, the same calls for the same seed; a mood meets all of
    them. ``answered`` counts by conversation what a real provider would have charged for."""

    trouble: tuple[Step, ...]

    def __init__(self, seed: int, errors: float) -> None:
        super().__init__()
        self._seed, self._errors = seed, errors
        self.mood: Step = {}
        self._asked: Counter[bytes] = Counter()
        self.answered: Counter[str] = Counter()
        self.spoilt: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()

    def whose(self, raw: bytes) -> bytes:
        """What stays the same when a call is repeated."""
        raise NotImplementedError

    def next_step(self, raw: bytes) -> Step:
        whose = self.whose(raw)
        self._asked[whose] += 1
        step = self.mood or self._planted(raw) or self._chance(whose)
        if step and "answers" not in step:
            self.spoilt[whose.decode(errors="replace")] += 1
            self.kinds[_name_of(step)] += 1
        else:
            self.answered[whose.decode(errors="replace")] += 1
        return step

    def _planted(self, raw: bytes) -> Step:
        return {}

    def _chance(self, whose: bytes) -> Step:
        dice = random.Random(f"{self._seed} {whose!r} {self._asked[whose]}")
        return dice.choice(self.trouble) if dice.random() < self.share(whose) else {}

    def share(self, whose: bytes) -> float:
        """Of the calls that fail."""
        return self._errors

    def control(self, method: str, path: str, raw: bytes) -> Reply | None:
        if (method, path) == ("PUT", "/mood"):
            self.mood = orjson.loads(raw)
            return Reply(204)
        if (method, path) == ("GET", "/tally"):
            tally = {"answered": self.answered, "spoilt": self.spoilt, "kinds": self.kinds}
            return Reply(200, orjson.dumps(tally))
        return super().control(method, path, raw)


class TorturedAnthropic(_Moody, FakeAnthropic):
    """Claude, by conversations."""

    trouble = EXTRACTION_TROUBLE

    def __init__(self, seed: int, errors: float) -> None:
        super().__init__(seed, errors)
        self.delay_seconds = THINKING_SECONDS
        self.pieces = PIECES

    def whose(self, raw: bytes) -> bytes:
        found = TAG.search(raw)
        return found[0] if found else b"untagged"

    def share(self, whose: bytes) -> float:
        """Of a large chat so much less that it fails about as often as a small one."""
        large = int(whose.partition(b"-")[2] or 0) >= LARGE_TAGS_FROM
        return self._errors / LARGE_CALLS if large else self._errors

    def _planted(self, raw: bytes) -> Step:
        if REJECTED.encode() in raw:
            return {"status": 400}
        if DREAMT.encode() in raw:
            return {
                "kind": random.Random(raw).choice(["hallucinated", "bad_indexes"]),
                "answers": 1,
            }
        return {}


class TorturedVoyage(_Moody, FakeVoyage):
    """Voyage; a call is known by its body, and counted by what it is for."""

    trouble = EMBEDDING_TROUBLE

    def whose(self, raw: bytes) -> bytes:
        return raw

    def next_step(self, raw: bytes) -> Step:
        step = super().next_step(raw)
        purpose = "query" if b'"query"' in raw else "document"
        for kept in (self.answered, self.spoilt):
            if count := kept.pop(raw.decode(errors="replace"), 0):
                kept[purpose] += count
        return step


def _name_of(step: Step) -> str:
    for name in ("status", "kind"):
        if name in step:
            return str(step[name])
    return next(iter(step))


async def _serve(given: argparse.Namespace) -> None:
    ports = []
    served: tuple[tuple[FakeProvider, int], ...] = (
        (TorturedAnthropic(given.seed, given.errors), given.anthropic_port),
        (TorturedVoyage(given.seed, given.errors), given.voyage_port),
        (TorturedReceiver(given.seed), given.receiver_port),
    )
    for provider, port in served:
        server = await listen(provider, port=port)
        ports.append(server.sockets[0].getsockname()[1])
    print("listening on", *ports, flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a Claude and a Voyage that fail.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errors", type=float, default=0.1, help="share of calls that fail")
    parser.add_argument("--anthropic-port", type=int, default=0)
    parser.add_argument("--voyage-port", type=int, default=0)
    parser.add_argument("--receiver-port", type=int, default=0)
    import uvloop

    uvloop.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
