"""Keys, settings and users."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from smara import _request, models
from smara._async.group import AsyncGroup
from smara._async.pages import AsyncPager
from smara._memory_calls import UNCHANGED, Time, Unchanged
from smara._request import segment
from smara.errors import InvalidResponse


class AsyncKeys(AsyncGroup):
    """API keys of the tenant. Needs a key with the key scope ``admin``."""

    async def create(
        self,
        label: str | None = None,
        *,
        scopes: Sequence[str] | None = None,
        expires_at: Time | None = None,
        users: Sequence[str] | None = None,
        namespaces: Sequence[str] | None = None,
        agents: Sequence[str] | None = None,
    ) -> models.NewKey:
        """Create a key; its ``api_key`` is shown only now.

        ``scopes`` are of ``read``, ``write``, ``review`` (releases memories from quarantine) and
        ``admin``; the first two if not given. ``users``, ``namespaces`` and ``agents`` restrict the
        key. The request is not sent again after it may
        have arrived, so that no key is created that nobody saw.
        """
        body = {
            "label": label,
            "scopes": scopes,
            "expires_at": expires_at,
            "users": users,
            "namespaces": namespaces,
            "agents": agents,
        }
        return await self._ask(_request.act("/v1/keys", body), models.NewKey)

    async def revoke(self, key_id: str) -> None:
        """Revoke a key; within 5 seconds no process accepts it any more."""
        await self._do(_request.remove(f"/v1/keys/{segment(key_id)}"))

    async def rotate(self, key_id: str, *, grace_seconds: int | None = None) -> models.NewKey:
        """Create a key in the place of the old one, which works for ``grace_seconds`` more (0)."""
        body = {"grace_seconds": grace_seconds}
        return await self._ask(
            _request.act(f"/v1/keys/{segment(key_id)}/rotate", body), models.NewKey
        )

    async def list(self) -> Sequence[models.Key]:
        """List the tenant's keys, oldest first, revoked ones too."""
        return (await self._ask(_request.get("/v1/keys"), models.KeyList)).keys_

    def audit(
        self,
        *,
        user_id: str | None = None,
        key_id: str | None = None,
        route: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
        page_size: int = 100,
    ) -> AsyncPager[models.Access]:
        """List what the tenant's keys were used for, newest first. Needs the key scope
        ``admin``."""

        async def fetch(cursor: str | None) -> tuple[Sequence[models.Access], str | None]:
            request = _request.get(
                "/v1/audit",
                {
                    "user_id": user_id,
                    "key_id": key_id,
                    "route": route,
                    "since": since,
                    "until": until,
                    "limit": page_size,
                    "cursor": cursor,
                },
            )
            page = await self._ask(request, models.AccessPage)
            return page.accesses, page.next_cursor

        return AsyncPager(fetch)


class AsyncTuning(AsyncGroup):
    """How the tenant's memories are ranked, fade and are compared."""

    async def get(self) -> models.Settings:
        """Get the settings in force."""
        return await self._ask(_request.get("/v1/settings"), models.Settings)

    async def update(
        self,
        *,
        similarity_weight: float | Unchanged | None = UNCHANGED,
        half_life_days: float | Unchanged | None = UNCHANGED,
        lowest_importance: float | Unchanged | None = UNCHANGED,
        duplicate_similarity: float | Unchanged | None = UNCHANGED,
        contradiction_similarity: float | Unchanged | None = UNCHANGED,
        redaction: Literal["off", "memories", "everything"] | Unchanged | None = UNCHANGED,
        if_match: str | models.Settings | None = None,
    ) -> models.Settings:
        """Change settings, and get those in force then; None means the default. With ``if_match``
        only if they are still as they were read. Needs the key scope ``admin``."""
        fields = {
            "similarity_weight": similarity_weight,
            "half_life_days": half_life_days,
            "lowest_importance": lowest_importance,
            "duplicate_similarity": duplicate_similarity,
            "contradiction_similarity": contradiction_similarity,
            "redaction": redaction,
        }
        body = {name: v for name, v in fields.items() if not isinstance(v, Unchanged)}
        return await self._ask(
            _request.change("/v1/settings", body, if_match=if_match), models.Settings
        )


class AsyncUsers(AsyncGroup):
    """Everything about one user: export and erasure."""

    async def export(self, user_id: str) -> AsyncIterator[dict[str, Any]]:
        """Export everything that is kept of a user, one record after the other as it comes.

        Each has a ``type``: ``memory``, ``conversation``, ``event``, ``edge``, ….
        """
        request = _request.get(f"/v1/users/{segment(user_id)}/export")
        async for line in self._transport.lines(request):
            try:
                yield json.loads(line)
            except ValueError:
                raise InvalidResponse(
                    f"The export holds a line that is no JSON: {line[:80]!r}", code="not_json"
                ) from None

    async def verify(self, receipt: models.Erased) -> bool:
        """Check whether the service issued the receipt of an erasure, and it is unchanged."""
        request = _request.act("/v1/erasures/verify", receipt.model_dump(mode="json"))
        return (await self._ask(request, models.Verified)).valid

    async def erase(self, user_id: str) -> models.Erased:
        """Erase everything that is kept of a user, for good; the receipt has the counts."""
        answer = await self._transport.send(_request.remove(f"/v1/users/{segment(user_id)}"))
        return answer.parsed(models.Erased) if answer.content else models.Erased(user_id=user_id)
