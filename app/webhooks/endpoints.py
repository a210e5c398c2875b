"""Use case: register, change and test webhook endpoints; list and replay their deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import deliveries, webhooks
from app.db.pool import TenantTx, read_only, transaction
from app.errors import Conflict, NotFound, Unprocessable
from app.rules.types import Caller, Delivery, Endpoint
from app.tenancy.versions import must_be_current
from app.webhooks.addresses import AddressNotAllowed
from app.webhooks.message import TEST_EVENT, new_secret
from app.webhooks.sender import get_sender

AT_MOST = 20
"""Endpoints of one tenant: each event is written once for each of them."""


async def register(
    caller: Caller, *, url: str, description: str, events: Sequence[str]
) -> tuple[Endpoint, bytes]:
    """Register an endpoint; gives it and its secret. Raises Unprocessable for an address that is
    not allowed, Conflict when the tenant has AT_MOST."""
    await _check(url)
    secret = new_secret()
    async with transaction(caller.tenant_id) as tx:
        made = await webhooks.add(
            tx,
            url=url,
            description=description,
            events=list(dict.fromkeys(events)),
            secret=secret,
            at_most=AT_MOST,
        )
    if made is None:
        raise Conflict(f"A tenant has at most {AT_MOST} webhooks.", code="too_many_webhooks")
    return made, secret


async def list_all(caller: Caller) -> list[Endpoint]:
    """List the tenant's endpoints, oldest first."""
    async with read_only(caller.tenant_id) as tx:
        return await webhooks.all_of(tx)


async def get(caller: Caller, endpoint_id: UUID) -> Endpoint:
    """Read an endpoint. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        return await _known(tx, endpoint_id)


async def change(
    caller: Caller,
    endpoint_id: UUID,
    changes: Mapping[str, Any],
    *,
    enabled: bool | None,
    if_match: str | None = None,
) -> Endpoint:
    """Change the named columns; ``enabled`` disables or enables the endpoint, None leaves it.
    Raises NotFound, PreconditionFailed, Unprocessable for an address that is not allowed."""
    if "url" in changes:
        await _check(changes["url"])
    async with transaction(caller.tenant_id) as tx:
        changed = _there(await webhooks.get(tx, endpoint_id, lock=True))
        must_be_current(if_match, changed)
        if changes:
            changed = _there(await webhooks.change(tx, endpoint_id, changes))
        if enabled is True:
            changed = _there(await webhooks.enable(tx, endpoint_id))
        elif enabled is False:
            changed = _there(await webhooks.disable(tx, endpoint_id, "by_request"))
    return changed


async def remove(caller: Caller, endpoint_id: UUID) -> None:
    """Delete an endpoint with its deliveries. Raises NotFound."""
    async with transaction(caller.tenant_id) as tx:
        if not await webhooks.delete(tx, endpoint_id):
            raise _unknown()


async def rotate(
    caller: Caller, endpoint_id: UUID, *, grace_seconds: float
) -> tuple[Endpoint, bytes]:
    """Give an endpoint a new secret; for ``grace_seconds`` both sign. Raises NotFound."""
    secret = new_secret()
    async with transaction(caller.tenant_id) as tx:
        changed = _there(
            await webhooks.rotate(tx, endpoint_id, secret, grace_seconds=grace_seconds)
        )
    return changed, secret


async def send_test(caller: Caller, endpoint_id: UUID) -> Delivery:
    """Queue a `webhook.test` for an endpoint. Raises NotFound, Conflict when it is disabled."""
    async with transaction(caller.tenant_id) as tx:
        await _enabled(tx, endpoint_id)
        return await deliveries.add(tx, endpoint_id, TEST_EVENT)


async def list_deliveries(
    caller: Caller, endpoint_id: UUID, *, state: str | None, before: UUID | None, limit: int
) -> list[Delivery]:
    """List the deliveries of an endpoint, pending and finished, newest first. Raises NotFound."""
    async with read_only(caller.tenant_id) as tx:
        await _known(tx, endpoint_id)
        return await deliveries.list_page(tx, endpoint_id, state=state, before=before, limit=limit)


async def replay(
    caller: Caller,
    endpoint_id: UUID,
    *,
    delivery_id: UUID | None = None,
    since: datetime | None = None,
) -> int:
    """Queue again what failed to arrive since then, or the one delivery that is named, whether it
    arrived or not; gives how many. Raises NotFound, Conflict when the endpoint is disabled."""
    async with transaction(caller.tenant_id) as tx:
        await _enabled(tx, endpoint_id)
        count = await deliveries.replay(
            tx,
            endpoint_id,
            delivery_ids=None if delivery_id is None else [delivery_id],
            since=since,
        )
    if delivery_id is not None and not count:
        raise NotFound("There is no concluded delivery of this id.")
    return count


async def _check(url: str) -> None:
    try:
        await get_sender().check(url)
    except AddressNotAllowed as error:
        raise Unprocessable(f"url: {error}", code=error.code) from None


async def _enabled(tx: TenantTx, endpoint_id: UUID) -> Endpoint:
    endpoint = await _known(tx, endpoint_id)
    if endpoint.disabled_at is not None:
        raise Conflict("This webhook is disabled; enable it first.", code="webhook_disabled")
    return endpoint


async def _known(tx: TenantTx, endpoint_id: UUID) -> Endpoint:
    return _there(await webhooks.get(tx, endpoint_id))


def _there(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise _unknown()
    return endpoint


def _unknown() -> NotFound:
    return NotFound("There is no webhook of this id.")
