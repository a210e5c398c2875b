"""Webhooks: the service calls the tenant's own servers when something happens."""

from __future__ import annotations

from collections.abc import Sequence

from smara import _request, models
from smara._async.group import AsyncGroup
from smara._async.pages import AsyncPager
from smara._memory_calls import Time
from smara._request import given, segment


class AsyncWebhooks(AsyncGroup):
    """Endpoints of the tenant. Needs a key with the key scope ``admin``.

    Deliveries follow Standard Webhooks, and hold ids but never what somebody said. Each arrives at
    least once: drop repetitions by the header ``webhook-id``.
    """

    async def register(
        self, url: str, events: Sequence[str] | None = None, *, description: str | None = None
    ) -> models.NewWebhook:
        """Register a webhook; its ``secret`` is shown only now.

        ``url`` is https on a public address; without ``events`` it gets all of them. The request is
        not sent again after it may have arrived, so that no secret is created that nobody saw.
        """
        body = {"url": url, "events": events, "description": description}
        return await self._ask(_request.act("/v1/webhooks", body), models.NewWebhook)

    async def get(self, webhook_id: str) -> models.Webhook:
        """Get one webhook, and whether it is failing."""
        return await self._ask(_request.get(f"/v1/webhooks/{segment(webhook_id)}"), models.Webhook)

    async def update(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        if_match: str | models.Webhook | None = None,
    ) -> models.Webhook:
        """Change a webhook; an empty list of ``events`` means all of them.

        ``enabled=False`` disables it and gives up its pending deliveries; ``True`` enables it for
        what happens from now on. With ``if_match`` it changes only if it is still as it was read.
        """
        body = given({"url": url, "events": events, "description": description, "enabled": enabled})
        return await self._ask(
            _request.change(f"/v1/webhooks/{segment(webhook_id)}", body, if_match=if_match),
            models.Webhook,
        )

    async def delete(self, webhook_id: str) -> None:
        """Delete a webhook with its deliveries."""
        await self._do(_request.remove(f"/v1/webhooks/{segment(webhook_id)}"))

    async def rotate(
        self, webhook_id: str, *, grace_seconds: float | None = None
    ) -> models.NewWebhook:
        """Create a new secret; the old one also signs for ``grace_seconds`` (a day)."""
        path = f"/v1/webhooks/{segment(webhook_id)}/rotate"
        body = {"grace_seconds": grace_seconds}
        return await self._ask(_request.act(path, body), models.NewWebhook)

    async def test(self, webhook_id: str) -> models.Delivery:
        """Send ``webhook.test`` now; ``deliveries`` show the result."""
        path = f"/v1/webhooks/{segment(webhook_id)}/test"
        return await self._ask(_request.act(path), models.Delivery)

    def deliveries(
        self, webhook_id: str, *, state: str | None = None, page_size: int = 100
    ) -> AsyncPager[models.Delivery]:
        """List its deliveries, pending and finished, newest first; ``state="failed"`` lists those
        that never arrived."""
        path = f"/v1/webhooks/{segment(webhook_id)}/deliveries"

        async def fetch(cursor: str | None) -> tuple[Sequence[models.Delivery], str | None]:
            request = _request.get(path, {"state": state, "limit": page_size, "cursor": cursor})
            page = await self._ask(request, models.DeliveryPage)
            return page.deliveries, page.next_cursor

        return AsyncPager(fetch)

    async def replay(self, webhook_id: str, *, since: Time | None = None) -> int:
        """Send failed deliveries again, from the first attempt on; with ``since`` only those of
        that time or later. Gives how many."""
        path = f"/v1/webhooks/{segment(webhook_id)}/replay"
        return (await self._ask(_request.act(path, {"since": since}), models.Replayed)).replayed

    async def replay_one(self, webhook_id: str, delivery_id: str) -> None:
        """Send one delivery again, under the same id, whether it has arrived or not. Raises
        NotFound while it is pending."""
        path = f"/v1/webhooks/{segment(webhook_id)}/deliveries/{segment(delivery_id)}/replay"
        await self._do(_request.act(path))

    async def list(self) -> Sequence[models.Webhook]:
        """List the tenant's webhooks, oldest first."""
        return (await self._ask(_request.get("/v1/webhooks"), models.WebhookList)).webhooks
