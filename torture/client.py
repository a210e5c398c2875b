"""A client that insists: without an answer it asks the other API, under the same key."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from torture.ledger import Ledger

PATIENCE_SECONDS = 3.0
"""After this a client takes its answer for lost and asks again."""
LOST_ANSWERS = 0.03
"""The share of answers that a client loses on its way home, so that it asks again."""

Heard = Callable[[httpx2.Response], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came at last. ``repeated``: an earlier request got no answer, and may have done
    already what was asked."""

    status: int
    body: Any
    headers: Mapping[str, str]
    repeated: bool


class Client:
    """Calls either API until one of them gives an answer that says what is the case: anything but
    silence, 429 and a 5xx. ``asked_again`` counts why it had to."""

    def __init__(self, addresses: Sequence[str], ledger: Ledger, seed: int) -> None:
        self.asked_again: Counter[str] = Counter()
        self._addresses, self._ledger = addresses, ledger
        self._dice = random.Random(f"clients {seed}")
        self._http = httpx2.AsyncClient(
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        )

    async def call(
        self,
        method: str,
        path: str,
        key: str,
        *,
        route: str,
        body: Any = None,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        first: int = 0,
        loses: bool = True,
        heard: Heard = lambda answer: None,
    ) -> Answer:
        """Give the answer. ``first`` is the API that is asked first. ``route`` names the route in
        counts; ``heard`` is told every answer, those that are lost on their way home too."""
        sent = {"Authorization": f"Bearer {key}", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        repeated = False
        for attempt in itertools.count(first):
            address = self._addresses[attempt % len(self._addresses)]
            try:
                answer = await self._http.request(
                    method,
                    f"{address}{path}",
                    json=body,
                    content=content,
                    params=params,
                    headers=sent,
                )
            except httpx2.HTTPError as error:
                self.asked_again[type(error).__name__] += 1
                repeated = True
                await asyncio.sleep(self._dice.uniform(0.05, 0.5))
                continue
            if answer.status_code == 429 or answer.status_code >= 500:
                # What a 5xx has done is not known either: its commit may have come through.
                repeated = True
                await self._refused(answer, route)
                continue
            heard(answer)
            if loses and self._dice.random() < LOST_ANSWERS:
                self.asked_again["an answer lost on purpose"] += 1
                repeated = True
                loses = False
                continue
            return Answer(answer.status_code, _json(answer), answer.headers, repeated)
        raise AssertionError("a count has no end")

    async def _refused(self, answer: httpx2.Response, route: str) -> None:
        status = answer.status_code
        self.asked_again[str(status)] += 1
        if status >= 500:
            self._ledger.failed[f"{status} {route}"] += 1
        if status not in (429, 503):
            self._ledger.violation("an answer of 5xx that is not 503", f"{status} {route}")
        elif "retry-after" not in answer.headers:
            self._ledger.violation("a 503 without Retry-After", answer.text[:200])
        await asyncio.sleep(self._dice.uniform(0.1, 1.0))

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()


def _json(answer: httpx2.Response) -> Any:
    kind = answer.headers.get("content-type", "")
    return answer.json() if answer.content and "json" in kind else None
