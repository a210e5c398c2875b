"""Tenants, and a client that calls the API as a developer would."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import httpx2

from app.db import tenants
from app.db.pool import close_pool, open_pool, transaction
from app.settings import Settings
from app.tenancy import api_keys
from tests.support.postgres import reached


def new_tenant(database_url: str, name: str = "test") -> tuple[UUID, str]:
    """A fresh tenant and an API key of it."""

    async def make() -> tuple[UUID, str]:
        await open_pool(Settings(database_url=reached(database_url)), size=1)
        try:
            tenant_id = tenants.new_id()
            async with transaction(tenant_id) as tx:
                await tenants.create_tenant(tx, name)
                return tenant_id, (await api_keys.issue(tx, label=name)).api_key
        finally:
            await close_pool()

    return asyncio.run(make())


class Client:
    """Calls the API as a developer would, with one key."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self.http = httpx2.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=35.0,
            trust_env=False,
        )

    def post_conversation(
        self, user_id: str, *texts: str, key: str | None = None, **fields: Any
    ) -> str:
        """POST a conversation of user messages; its id."""
        messages = [{"role": "user", "content": text} for text in texts]
        headers = {"Idempotency-Key": key} if key else {}
        body = {"user_id": user_id, "messages": messages, **fields}
        answer = self.http.post("/v1/conversations", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        identifier: str = answer.json()["id"]
        return identifier

    def finished(self, conversation_id: str, seconds: float = 30.0) -> dict[str, Any]:
        """The conversation once it is done, dead or cancelled."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.http.get(f"/v1/conversations/{conversation_id}", params={"wait": 5})
            assert answer.status_code == 200, answer.text
            conversation: dict[str, Any] = answer.json()
            if conversation["state"] in ("done", "dead", "cancelled"):
                return conversation
            assert time.monotonic() < deadline, conversation

    def facts(self, user_id: str, q: str = "what is known") -> list[str]:
        """The facts of the user's live memories, in no particular order."""
        answer = self.http.get(
            "/v1/memories/search", params={"user_id": user_id, "q": q, "limit": 50}
        )
        assert answer.status_code == 200, answer.text
        return sorted(memory["fact"] for memory in answer.json()["results"])
