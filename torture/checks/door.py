"""Questions over HTTP, as a client would ask them when all is quiet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx2

from torture.ledger import Entry, Ledger
from torture.words import canaries_in

FINAL = ("done", "dead", "cancelled")


class Door:
    """Asks over HTTP, sixteen questions at a time."""

    def __init__(self, addresses: Sequence[str], keys: Sequence[str], ledger: Ledger) -> None:
        self._addresses, self._keys, self._ledger = addresses, keys, ledger
        self._turns = asyncio.Semaphore(16)

    async def unfinished(self, entries: Sequence[Entry]) -> list[str]:
        """The keys of those that are not finished."""

        async def ask(http: httpx2.AsyncClient, n: int, entry: Entry) -> str:
            answer = await self._get(
                http, n, entry.tenant, f"/v1/conversations/{min(entry.ids)}", {}
            )
            finished = answer.status_code == 200 and answer.json()["state"] in FINAL
            return "" if finished else f"{entry.key}: {answer.status_code}"

        return await self._ask_all(entries, ask)

    async def unfound(self, entries: Sequence[Entry]) -> list[str]:
        """The canaries that no search finds."""

        async def ask(http: httpx2.AsyncClient, n: int, entry: Entry) -> str:
            word = entry.canaries[n % len(entry.canaries)]
            answer = await self._get(
                http,
                n,
                entry.tenant,
                "/v1/memories/search",
                {
                    "user_id": entry.user,
                    "namespace": entry.place.namespace,
                    "q": word,
                    "limit": 10,
                },
            )
            found = answer.status_code == 200 and word in canaries_in(answer.text)
            return "" if found else f"{entry.key} {word}"

        return await self._ask_all(entries, ask)

    async def unlisted_dead(
        self, ledger: Ledger, rows: dict[str, tuple[str, str, str]]
    ) -> list[str]:
        """The ids of the dead that their tenants' lists leave out."""
        died = [ledger.entries[k] for k, row in rows.items() if row[1] == "dead"]
        listed: set[str] = set()
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
            for tenant in {entry.tenant for entry in died}:
                cursor: dict[str, Any] = {}
                while True:
                    page = (
                        await self._get(
                            http, 0, tenant, "/v1/conversations",
                            {"state": "dead", "limit": 100, **cursor},
                        )
                    ).json()  # fmt: skip
                    listed |= {each["id"] for each in page["conversations"] if each["error"]}
                    if page["next_cursor"] is None:
                        break
                    cursor = {"cursor": page["next_cursor"]}
        return [entry.key for entry in died if not entry.ids <= listed]

    async def _ask_all(
        self,
        entries: Sequence[Entry],
        ask: Callable[[httpx2.AsyncClient, int, Entry], Awaitable[str]],
    ) -> list[str]:
        async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:

            async def one(n: int, entry: Entry) -> str:
                async with self._turns:
                    return await ask(http, n, entry)

            answers = await asyncio.gather(*(one(n, entry) for n, entry in enumerate(entries)))
        return [answer for answer in answers if answer]

    async def _get(
        self, http: httpx2.AsyncClient, n: int, tenant: int, path: str, params: dict[str, Any]
    ) -> httpx2.Response:
        address = self._addresses[n % len(self._addresses)]
        headers = {"Authorization": f"Bearer {self._keys[tenant]}"}
        answer = await http.get(f"{address}{path}", params=params, headers=headers)
        for word in canaries_in(answer.text):
            if self._ledger.owner.get(word, tenant) != tenant:
                self._ledger.violation("a word of another tenant in an answer", word)
        return answer
