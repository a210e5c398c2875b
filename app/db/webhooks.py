"""Webhook endpoints: where a tenant wants to be told what happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Integer, bindparam, func, insert, null, select, update

from app.db.pool import TenantTx
from app.db.schema import tenants, webhook_deliveries, webhook_endpoints
from app.db.statements import OWN_ID, Statement, columns_of, own, parameters, seconds, shapes
from app.rules.types import Endpoint

_endpoints = webhook_endpoints.c
_ENDPOINT = columns_of(Endpoint, webhook_endpoints)
_OWN = own(webhook_endpoints)
_THE_ENDPOINT = _OWN & (_endpoints.endpoint_id == bindparam("endpoint_id"))
_GIVEN = ("url", "description", "events", "secret")

# Not FOR UPDATE, which would wait for every transaction that has written a row of the tenant.
_HOLD_TENANT = Statement(
    select().select_from(tenants).where(own(tenants)).with_for_update(key_share=True)
)
_ADD = Statement(
    insert(webhook_endpoints)
    .from_select(
        ["tenant_id", *_GIVEN],
        select(OWN_ID, *(bindparam(name, type_=_endpoints[name].type) for name in _GIVEN)).where(
            select(func.count()).select_from(webhook_endpoints).where(_OWN).scalar_subquery()
            < bindparam("at_most", type_=Integer)
        ),
        include_defaults=False,
    )
    .returning(*_ENDPOINT)
)
_ALL = Statement(select(*_ENDPOINT).where(_OWN).order_by(_endpoints.endpoint_id))
_GET = Statement(select(*_ENDPOINT).where(_THE_ENDPOINT))
_LOCK = Statement(select(*_ENDPOINT).where(_THE_ENDPOINT).with_for_update(key_share=True))
_DELETE = Statement(
    sa.delete(webhook_endpoints).where(_THE_ENDPOINT).returning(_endpoints.endpoint_id)
)


@shapes((frozenset({"url"}),), (frozenset({"url", "description", "events"}),))
def _change(names: frozenset[str]) -> Statement:
    return _update(parameters(names))


def _update(values: Mapping[str, Any]) -> Statement:
    return Statement(
        update(webhook_endpoints).where(_THE_ENDPOINT).values(values).returning(*_ENDPOINT)
    )


_ROTATE = _update(
    {
        "old_secret": _endpoints.secret,
        "old_secret_until": func.now() + seconds("grace_seconds"),
        "secret": bindparam("secret"),
    }
)
_DISABLE = Statement(
    update(webhook_endpoints)
    .where(_THE_ENDPOINT)
    .values(
        disabled_at=func.coalesce(_endpoints.disabled_at, func.now()),
        disabled_reason=func.coalesce(
            _endpoints.disabled_reason, bindparam("reason", type_=_endpoints.disabled_reason.type)
        ),
    )
    .returning(*_ENDPOINT)
    .add_cte(
        update(webhook_deliveries)
        .where(
            own(webhook_deliveries),
            webhook_deliveries.c.endpoint_id == bindparam("endpoint_id"),
            webhook_deliveries.c.state == "pending",
        )
        .values(state="failed", finished_at=func.now(), last_error="endpoint_disabled")
        .cte("given_up")
    )
)
_ENABLE = _update({"disabled_at": null(), "disabled_reason": null(), "failing_since": null()})


async def add(
    tx: TenantTx,
    *,
    url: str,
    description: str,
    events: Sequence[str],
    secret: bytes,
    at_most: int,
) -> Endpoint | None:
    """Add an endpoint; None when the tenant has ``at_most`` already."""
    # The tenant's row is held, so that two at once do not both find room.
    await _HOLD_TENANT.run(tx)
    return await _ADD.one(
        tx,
        Endpoint,
        url=url,
        description=description,
        events=events,
        secret=secret,
        at_most=at_most,
    )


async def all_of(tx: TenantTx) -> list[Endpoint]:
    """List the tenant's endpoints, oldest first."""
    return await _ALL.all(tx, Endpoint)


async def get(tx: TenantTx, endpoint_id: UUID, *, lock: bool = False) -> Endpoint | None:
    """Find one of them, or None. With ``lock`` it does not change until the transaction ends."""
    return await (_LOCK if lock else _GET).one(tx, Endpoint, endpoint_id=endpoint_id)


async def change(tx: TenantTx, endpoint_id: UUID, changes: Mapping[str, Any]) -> Endpoint | None:
    """Set url, description or events; None when there is no such endpoint."""
    assert changes.keys() <= {"url", "description", "events"}
    return await _change(frozenset(changes)).one(tx, Endpoint, endpoint_id=endpoint_id, **changes)


async def delete(tx: TenantTx, endpoint_id: UUID) -> bool:
    """Remove the endpoint with all that it was to be told; False when there is none."""
    return await _DELETE.rowcount(tx, endpoint_id=endpoint_id) == 1


async def rotate(
    tx: TenantTx,
    endpoint_id: UUID,
    secret: bytes,
    *,
    grace_seconds: float,
) -> Endpoint | None:
    """Give the endpoint a new secret; the old one signs too for ``grace_seconds``."""
    return await _ROTATE.one(
        tx, Endpoint, endpoint_id=endpoint_id, secret=secret, grace_seconds=grace_seconds
    )


async def disable(tx: TenantTx, endpoint_id: UUID, reason: str) -> Endpoint | None:
    """Tell the endpoint nothing more; what it was to be told has failed, and can be replayed."""
    return await _DISABLE.one(tx, Endpoint, endpoint_id=endpoint_id, reason=reason)


async def enable(tx: TenantTx, endpoint_id: UUID) -> Endpoint | None:
    """Tell the endpoint what happens from now on."""
    return await _ENABLE.one(tx, Endpoint, endpoint_id=endpoint_id)
