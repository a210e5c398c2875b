"""Webhooks: registered, changed, tried, and what they were told."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from app.api.auth import may
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
from app.db import deliveries, webhooks
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Conflict, NotFound, Unprocessable
from app.rules.types import Endpoint
from app.webhooks.addresses import AddressNotAllowed
from app.webhooks.dispatcher import get_sender
from app.webhooks.message import TEST_EVENT, new_secret

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)

AT_MOST = 20
"""Endpoints of one tenant: each event is written down once for each of them."""


@router.post("", status_code=201)
async def register(body: WebhookIn, request: Request) -> WebhookMade:
    """Be told what happens: conversations that finish, memories that change. Needs the scope
    `admin`.

    Deliveries follow Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Their bodies name ids and quote nobody. Any 2xx is taken as read; else it is tried again, eight
    times over 28 hours.
    """
    caller = may(request, "admin")
    await _check(body.url)
    secret = new_secret()
    async with transaction(caller.tenant_id) as tx:
        made = await webhooks.add(
            tx,
            url=body.url,
            description=body.description,
            events=list(dict.fromkeys(body.events)),
            secret=secret,
            at_most=AT_MOST,
        )
    if made is None:
        raise Conflict(f"A tenant has at most {AT_MOST} webhooks.", code="too_many_webhooks")
    return WebhookMade.with_secret(made, secret)


@router.get("")
async def list_webhooks(request: Request) -> WebhookList:
    """The tenant's webhooks. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with read_only(caller.tenant_id) as tx:
        found = await webhooks.all_of(tx)
    return WebhookList(webhooks=[WebhookOut.of(endpoint) for endpoint in found])


@router.get("/{webhook_id}")
async def read_webhook(request: Request, webhook_id: UUID) -> WebhookOut:
    """One webhook, and whether it is failing. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with read_only(caller.tenant_id) as tx:
        return WebhookOut.of(await _known(tx, webhook_id))


@router.patch("/{webhook_id}")
async def change(request: Request, webhook_id: UUID, body: WebhookPatch) -> WebhookOut:
    """Change where it goes or what it hears; stop it, or go on with it. Needs the scope `admin`."""
    caller = may(request, "admin")
    if body.url is not None:
        await _check(body.url)
    changes = body.model_dump(exclude_none=True, exclude={"enabled"})
    async with transaction(caller.tenant_id) as tx:
        changed = await _known(tx, webhook_id)
        if changes:
            changed = _there(await webhooks.change(tx, webhook_id, changes))
        if body.enabled is True:
            changed = _there(await webhooks.enable(tx, webhook_id))
        elif body.enabled is False:
            changed = _there(await webhooks.disable(tx, webhook_id, "by_request"))
    return WebhookOut.of(changed)


@router.delete("/{webhook_id}", status_code=204)
async def remove(request: Request, webhook_id: UUID) -> None:
    """Remove it, with all that it was to be told. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with transaction(caller.tenant_id) as tx:
        if not await webhooks.delete(tx, webhook_id):
            raise _unknown()


@router.post("/{webhook_id}/rotate")
async def rotate_secret(
    request: Request, webhook_id: UUID, body: SecretRotationIn | None = None
) -> WebhookMade:
    """A new secret; for a while deliveries are signed with both, so that the receiver can change
    over. Needs the scope `admin`."""
    caller = may(request, "admin")
    secret = new_secret()
    grace_seconds = (body or SecretRotationIn()).grace_seconds
    async with transaction(caller.tenant_id) as tx:
        changed = _there(await webhooks.rotate(tx, webhook_id, secret, grace_seconds=grace_seconds))
    return WebhookMade.with_secret(changed, secret)


@router.post("/{webhook_id}/test", status_code=202)
async def try_out(request: Request, webhook_id: UUID) -> DeliveryOut:
    """Have it told `webhook.test` now; its deliveries show what came of it. Needs the scope
    `admin`."""
    caller = may(request, "admin")
    async with transaction(caller.tenant_id) as tx:
        endpoint = await _known(tx, webhook_id)
        if endpoint.disabled_at is not None:
            raise Conflict("This webhook is disabled; enable it first.", code="webhook_disabled")
        delivery = await deliveries.add(tx, webhook_id, TEST_EVENT)
    request.app.state.wakeup.request()
    return DeliveryOut.of(delivery)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    request: Request,
    webhook_id: UUID,
    state: Annotated[Literal["pending", "delivered", "failed"] | None, Query()] = None,
    cursor: Annotated[UUID | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Lenient(1, 100), Query()] = 50,
) -> DeliveryPage:
    """What it was told and is to be told, and what came of it. Needs the scope `admin`."""
    caller = may(request, "admin")
    async with read_only(caller.tenant_id) as tx:
        await _known(tx, webhook_id)
        page = await deliveries.list_page(
            tx, webhook_id, state=state, before=cursor, limit=limit + 1
        )
    shown = page[:limit]
    return DeliveryPage(
        deliveries=[DeliveryOut.of(each) for each in shown],
        next_cursor=str(shown[-1].delivery_id) if len(page) > limit else None,
    )


@router.post("/{webhook_id}/replay")
async def replay_failed(
    request: Request, webhook_id: UUID, body: ReplayIn | None = None
) -> Replayed:
    """Tell it again what has failed to arrive, from the first attempt on. Needs the scope
    `admin`."""
    return await _replay(request, webhook_id, None, body or ReplayIn())


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay")
async def replay_one(request: Request, webhook_id: UUID, delivery_id: UUID) -> Replayed:
    """Tell it this again, whether it has arrived or not, under the same id. Needs the scope
    `admin`."""
    replayed = await _replay(request, webhook_id, delivery_id, ReplayIn())
    if not replayed.replayed:
        raise NotFound("There is no concluded delivery of this id.")
    return replayed


async def _replay(
    request: Request, webhook_id: UUID, delivery_id: UUID | None, body: ReplayIn
) -> Replayed:
    caller = may(request, "admin")
    async with transaction(caller.tenant_id) as tx:
        endpoint = await _known(tx, webhook_id)
        if endpoint.disabled_at is not None:
            raise Conflict("This webhook is disabled; enable it first.", code="webhook_disabled")
        count = await deliveries.replay(
            tx,
            webhook_id,
            delivery_ids=None if delivery_id is None else [delivery_id],
            since=body.since,
        )
    request.app.state.wakeup.request()
    return Replayed(replayed=count)


async def _check(url: str) -> None:
    try:
        await get_sender().check(url)
    except AddressNotAllowed as error:
        raise Unprocessable(f"url: {error}", code=error.code) from None


async def _known(tx: TenantTx, webhook_id: UUID) -> Endpoint:
    return _there(await webhooks.get(tx, webhook_id))


def _there(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise _unknown()
    return endpoint


def _unknown() -> NotFound:
    return NotFound("There is no webhook of this id.")
