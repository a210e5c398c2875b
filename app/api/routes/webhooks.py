"""Webhooks: register, change and test them, and look at their deliveries."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.api.auth import Admin
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import Lenient
from app.api.schemas.versions import CHANGED_SINCE, IfMatch, tag
from app.api.schemas.webhooks import (
    DeliveryOut,
    DeliveryPage,
    Replayed,
    ReplayIn,
    SecretRotationIn,
    WebhookIn,
    WebhookList,
    WebhookMade,
    WebhookOut,
    WebhookPatch,
)
from app.webhooks import endpoints

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)


@router.post("", status_code=201)
async def register(body: WebhookIn, caller: Admin) -> WebhookMade:
    """Register a URL that is called when conversations finish and memories change. Needs the key
    scope `admin`.

    Deliveries follow Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Their bodies hold ids and never what somebody said. Any 2xx means received; otherwise the
    delivery is retried, eight times in all over 28 hours.
    """
    return WebhookMade.with_secret(
        *await endpoints.register(
            caller, url=body.url, description=body.description, events=body.events
        )
    )


@router.get("")
async def list_webhooks(caller: Admin) -> WebhookList:
    """List the tenant's webhooks. Needs the key scope `admin`."""
    found = await endpoints.list_all(caller)
    return WebhookList(webhooks=[WebhookOut.of(endpoint) for endpoint in found])


@router.get("/{webhook_id}")
async def read_webhook(caller: Admin, webhook_id: UUID, response: Response) -> WebhookOut:
    """Get one webhook, and whether it is failing. Needs the key scope `admin`."""
    endpoint = await endpoints.get(caller, webhook_id)
    tag(response, endpoint)
    return WebhookOut.of(endpoint)


@router.patch("/{webhook_id}", responses=CHANGED_SINCE)
async def change(
    caller: Admin,
    webhook_id: UUID,
    body: WebhookPatch,
    response: Response,
    if_match: IfMatch = None,
) -> WebhookOut:
    """Change the URL or the events of a webhook; disable or enable it. Needs the key scope
    `admin`."""
    changes = body.model_dump(exclude_none=True, exclude={"enabled"})
    changed = await endpoints.change(
        caller, webhook_id, changes, enabled=body.enabled, if_match=if_match
    )
    tag(response, changed)
    return WebhookOut.of(changed)


@router.delete("/{webhook_id}", status_code=204)
async def remove(caller: Admin, webhook_id: UUID) -> None:
    """Delete a webhook with its deliveries. Needs the key scope `admin`."""
    await endpoints.remove(caller, webhook_id)


@router.post("/{webhook_id}/rotate")
async def rotate_secret(
    caller: Admin, webhook_id: UUID, body: SecretRotationIn | None = None
) -> WebhookMade:
    """Create a new secret. For `grace_seconds` deliveries are signed with both, so that the
    receiver can change over. Needs the key scope `admin`."""
    grace_seconds = (body or SecretRotationIn()).grace_seconds
    return WebhookMade.with_secret(
        *await endpoints.rotate(caller, webhook_id, grace_seconds=grace_seconds)
    )


@router.post("/{webhook_id}/test", status_code=202)
async def try_out(caller: Admin, webhook_id: UUID) -> DeliveryOut:
    """Send `webhook.test` to a webhook now; its deliveries show the result. Needs the key scope
    `admin`."""
    return DeliveryOut.of(await endpoints.send_test(caller, webhook_id))


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    caller: Admin,
    webhook_id: UUID,
    state: Annotated[Literal["pending", "delivered", "failed"] | None, Query()] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Lenient(1, 100), Query()] = 50,
) -> DeliveryPage:
    """List the deliveries of a webhook, pending and finished. Needs the key scope `admin`."""
    page = await endpoints.list_deliveries(
        caller, webhook_id, state=state, before=cursor, limit=limit + 1
    )
    shown = page[:limit]
    return DeliveryPage(
        deliveries=[DeliveryOut.of(each) for each in shown],
        next_cursor=str(shown[-1].delivery_id) if len(page) > limit else None,
    )


@router.post("/{webhook_id}/replay")
async def replay_failed(caller: Admin, webhook_id: UUID, body: ReplayIn | None = None) -> Replayed:
    """Send the failed deliveries of a webhook again, from the first attempt on. Needs the key scope
    `admin`."""
    since = body.since if body else None
    return Replayed(replayed=await endpoints.replay(caller, webhook_id, since=since))


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay")
async def replay_one(caller: Admin, webhook_id: UUID, delivery_id: UUID) -> Replayed:
    """Send one delivery again, whether it has arrived or not, under the same id. Needs the key
    scope `admin`."""
    return Replayed(replayed=await endpoints.replay(caller, webhook_id, delivery_id=delivery_id))
