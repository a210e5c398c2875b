"""Webhooks: where the tenant's own servers are told what happens."""

from __future__ import annotations

from collections.abc import Sequence

from smara import _request, models
from smara._async.group import AsyncGroup
from smara._async.pages import AsyncPager
from smara._memory_calls import Time
from smara._request import given, segment


class AsyncWebhooks(AsyncGroup):
    """Endpoints of the tenant's own. Needs a key with the scope ``admin``.

    Deliveries follow Standard Webhooks, name ids and quote nobody. Each comes at least once: drop
    what repeats by its header ``webhook-id``.
    """

    async def register(
        self, url: str, events: Sequence[str] | None = None, *, description: str | None = None
    ) -> models.NewWebhook:
        """A new webhook; its ``secret`` is shown this once.

        ``url`` is https on a public address; without ``events`` it is told everything. It is not
        sent again after it may have arrived, so that no secret is made that nobody saw.
        """
        body = {"url": url, "events": events, "description": description}
        return await self._ask(_request.act("/v1/webhooks", body), models.NewWebhook)

    async def get(self, webhook_id: str) -> models.Webhook:
        """One webhook, and whether it is failing."""
        return await self._ask(_request.get(f"/v1/webhooks/{segment(webhook_id)}"), models.Webhook)

    async def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> models.Webhook:
        """The webhook after the change; no ``events`` at all (``[]``) are all of them.

        ``enabled=False`` stops it and gives up what it was to be told, ``True`` goes on with what
        happens from now on.
        """
        body = given({"url": url, "events": events, "description": description, "enabled": enabled})
        return await self._ask(
            _request.change(f"/v1/webhooks/{segment(webhook_id)}", body), models.Webhook
        )

    async def delete(self, webhook_id: str) -> None:
        """Remove it, with all that it was to be told."""
        await self._do(_request.remove(f"/v1/webhooks/{segment(webhook_id)}"))

    async def rotate(
        self, webhook_id: str, *, grace_seconds: float | None = None
    ) -> models.NewWebhook:
        """The webhook with a new secret; the old one signs too for ``grace_seconds`` (a day)."""
        path = f"/v1/webhooks/{segment(webhook_id)}/rotate"
        body = {"grace_seconds": grace_seconds}
        return await self._ask(_request.act(path, body), models.NewWebhook)

    async def test(self, webhook_id: str) -> models.Delivery:
        """A delivery of ``webhook.test`` that goes out now; ``deliveries`` show what came of it."""
        path = f"/v1/webhooks/{segment(webhook_id)}/test"
        return await self._ask(_request.act(path), models.Delivery)

    def deliveries(
        self, webhook_id: str, *, state: str | None = None, page_size: int = 100
    ) -> AsyncPager[models.Delivery]:
        """What it was told and is to be told, newest first; ``state="failed"`` is what never
        arrived."""
        path = f"/v1/webhooks/{segment(webhook_id)}/deliveries"

        async def fetch(cursor: str | None) -> tuple[Sequence[models.Delivery], str | None]:
            request = _request.get(path, {"state": state, "limit": page_size, "cursor": cursor})
            page = await self._ask(request, models.DeliveryPage)
            return page.deliveries, page.next_cursor

        return AsyncPager(fetch)

    async def replay(self, webhook_id: str, *, since: Time | None = None) -> int:
        """How many deliveries that have failed are tried again from the first attempt on; with
        ``since`` those of what happened then or later."""
        path = f"/v1/webhooks/{segment(webhook_id)}/replay"
        return (await self._ask(_request.act(path, {"since": since}), models.Replayed)).replayed

    async def replay_one(self, webhook_id: str, delivery_id: str) -> None:
        """Have this told again, under the same id, whether it has arrived or not. NotFound while
        it is pending."""
        path = f"/v1/webhooks/{segment(webhook_id)}/deliveries/{segment(delivery_id)}/replay"
        await self._do(_request.act(path))

    async def list(self) -> Sequence[models.Webhook]:
        """The tenant's webhooks, oldest first."""
        return (await self._ask(_request.get("/v1/webhooks"), models.WebhookList)).webhooks
