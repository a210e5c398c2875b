"""Webhooks: registered, changed, tried, and what they were told."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.auth import Admin
from app.api.schemas.json_body import StrictRoute
from app.api.schemas.types import Lenient
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
    """Be told what happens: conversations that finish, memories that change. Needs the scope
    `admin`.

    Deliveries follow Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Their bodies name ids and quote nobody. Any 2xx is taken as read; else it is tried again, eight
    times over 28 hours.
    """
    return WebhookMade.with_secret(
        *await endpoints.register(
            caller, url=body.url, description=body.description, events=body.events
        )
    )


@router.get("")
async def list_webhooks(caller: Admin) -> WebhookList:
    """The tenant's webhooks. Needs the scope `admin`."""
    found = await endpoints.list_all(caller)
    return WebhookList(webhooks=[WebhookOut.of(endpoint) for endpoint in found])


@router.get("/{webhook_id}")
async def read_webhook(caller: Admin, webhook_id: UUID) -> WebhookOut:
    """One webhook, and whether it is failing. Needs the scope `admin`."""
    return WebhookOut.of(await endpoints.get(caller, webhook_id))


@router.patch("/{webhook_id}")
async def change(caller: Admin, webhook_id: UUID, body: WebhookPatch) -> WebhookOut:
    """Change where it goes or what it hears; stop it, or go on with it. Needs the scope `admin`."""
    changes = body.model_dump(exclude_none=True, exclude={"enabled"})
    return WebhookOut.of(await endpoints.change(caller, webhook_id, changes, enabled=body.enabled))


@router.delete("/{webhook_id}", status_code=204)
async def remove(caller: Admin, webhook_id: UUID) -> None:
    """Remove it, with all that it was to be told. Needs the scope `admin`."""
    await endpoints.remove(caller, webhook_id)


@router.post("/{webhook_id}/rotate")
async def rotate_secret(
    caller: Admin, webhook_id: UUID, body: SecretRotationIn | None = None
) -> WebhookMade:
    """A new secret; for a while deliveries are signed with both, so that the receiver can change
    over. Needs the scope `admin`."""
    grace_seconds = (body or SecretRotationIn()).grace_seconds
    return WebhookMade.with_secret(
        *await endpoints.rotate(caller, webhook_id, grace_seconds=grace_seconds)
    )


@router.post("/{webhook_id}/test", status_code=202)
async def try_out(caller: Admin, webhook_id: UUID) -> DeliveryOut:
    """Have it told `webhook.test` now; its deliveries show what came of it. Needs the scope
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
    """What it was told and is to be told, and what came of it. Needs the scope `admin`."""
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
    """Tell it again what has failed to arrive, from the first attempt on. Needs the scope
    `admin`."""
    since = body.since if body else None
    return Replayed(replayed=await endpoints.replay(caller, webhook_id, since=since))


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay")
async def replay_one(caller: Admin, webhook_id: UUID, delivery_id: UUID) -> Replayed:
    """Tell it this again, whether it has arrived or not, under the same id. Needs the scope
    `admin`."""
    return Replayed(replayed=await endpoints.replay(caller, webhook_id, delivery_id=delivery_id))
