"""API keys as they are stored: a hash, what the key may do, and what it is restricted to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Double,
    any_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from app.db.pool import SystemTx, TenantTx
from app.db.schema import api_keys
from app.db.statements import OWN_ID, Statement, columns_of, own, parameters, seconds
from app.rules.key_reach import UNRESTRICTED, KeyRestriction
from app.rules.types import Caller, KeyInfo

_KEY_INFO = columns_of(KeyInfo, api_keys)

_LIVE = api_keys.c.revoked_at.is_(None) & or_(
    api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.now()
)

_ADD = Statement(
    insert(api_keys)
    .values(
        tenant_id=OWN_ID,
        **parameters(("prefix", "key_hash", "label", "scopes", "expires_at")),
        **parameters(("users", "namespaces", "agents")),
    )
    .returning(*_KEY_INFO)
)
_ALL = Statement(select(*_KEY_INFO).where(own(api_keys)).order_by(api_keys.c.key_id))

_live = (
    select(*_KEY_INFO)
    .where(own(api_keys), api_keys.c.key_id == bindparam("key_id"), _LIVE)
    .with_for_update(key_share=True)
    .cte("live")
)
_AT_ONCE = bindparam("grace_seconds", type_=Double) <= 0
_RETIRE = Statement(
    select(_live).add_cte(
        update(api_keys)
        .where(own(api_keys), api_keys.c.key_id.in_(select(_live.c.key_id)))
        .values(
            revoked_at=case((_AT_ONCE, func.now())),
            expires_at=case(
                (_AT_ONCE, api_keys.c.expires_at),
                else_=func.least(api_keys.c.expires_at, func.now() + seconds("grace_seconds")),
            ),
        )
        .cte("retired")
    )
)

_RESTRICTION = Statement(
    select(api_keys.c.users, api_keys.c.namespaces, api_keys.c.agents).where(
        own(api_keys), api_keys.c.key_id == bindparam("key_id")
    )
)

_FORGET_LABEL = Statement(
    update(api_keys)
    .where(own(api_keys), api_keys.c.users == bindparam("users", type_=api_keys.c.users.type))
    .values(label="")
)

_THE_KEY = api_keys.c.key_id == bindparam("key_id")
_ADMIN = literal("admin") == any_(api_keys.c.scopes)
_named = api_keys.alias("named")
# Of the rows only keys are held, in order: with an admin key the tenant's others, so that two that
# are revoked at once do not count on each other. Nothing refers to a key, so nobody's work on
# memories holds up a revocation.
_held = (
    select(api_keys.c.key_id, _ADMIN.label("admin"))
    .where(
        own(api_keys),
        _LIVE,
        or_(
            _THE_KEY,
            _ADMIN
            & exists().where(
                own(_named),
                _named.c.key_id == bindparam("key_id"),
                literal("admin") == any_(_named.c.scopes),
            ),
        ),
    )
    .order_by(api_keys.c.key_id)
    .with_for_update(key_share=True)
    .cte("held")
)
_IS_THE_KEY = _held.c.key_id == bindparam("key_id")
_revoked = (
    update(api_keys)
    .where(
        own(api_keys),
        api_keys.c.key_id.in_(select(_held.c.key_id).where(_IS_THE_KEY)),
        or_(~_ADMIN, exists().where(_held.c.admin, ~_IS_THE_KEY)),
    )
    .values(revoked_at=func.now())
    .returning(api_keys.c.key_id)
    .cte("revoked")
)
_REVOKE = Statement(
    select(exists(select(_revoked.c.key_id)).label("revoked")).select_from(_held).where(_IS_THE_KEY)
)

_BY_HASH = api_keys.c.key_hash == bindparam("key_hash")
_CALLER = Statement(
    select(
        api_keys.c.tenant_id,
        api_keys.c.key_id,
        api_keys.c.scopes,
        api_keys.c.users,
        api_keys.c.namespaces,
        api_keys.c.agents,
    )
    .where(_BY_HASH, _LIVE)
    .add_cte(
        update(api_keys)
        .where(
            _BY_HASH,
            or_(
                api_keys.c.last_used_at.is_(None),
                api_keys.c.last_used_at < func.now() - timedelta(minutes=1),
            ),
        )
        .values(last_used_at=func.now())
        .cte("used")
    )
)


async def add(
    tx: TenantTx,
    *,
    prefix: str,
    key_hash: bytes,
    label: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    restriction: KeyRestriction = UNRESTRICTED,
) -> KeyInfo:
    """Store a key's hash; the key itself is shown by the caller, once."""
    info = await _ADD.one(
        tx,
        KeyInfo,
        prefix=prefix,
        key_hash=key_hash,
        label=label,
        scopes=scopes,
        expires_at=expires_at,
        users=_sorted(restriction.users),
        namespaces=_sorted(restriction.namespaces),
        agents=_sorted(restriction.agents),
    )
    assert info is not None
    return info


async def list_all(tx: TenantTx) -> list[KeyInfo]:
    """List every key of the tenant, revoked ones too, oldest first."""
    return await _ALL.all(tx, KeyInfo)


async def retire(tx: TenantTx, key_id: UUID, *, grace_seconds: float = 0) -> KeyInfo | None:
    """End a live key ``grace_seconds`` from now, or when it would have expired if that is sooner;
    the key as it was, or None when the tenant has no such live key."""
    return await _RETIRE.one(tx, KeyInfo, key_id=key_id, grace_seconds=float(grace_seconds))


async def restriction_of(tx: TenantTx, key_id: UUID) -> KeyRestriction | None:
    """Read what a key of the tenant is, or was, restricted to; None when there never was one."""
    row = await (await _RESTRICTION.run(tx, key_id=key_id)).fetchone()
    return KeyRestriction.of(*row) if row else None


async def forget_label_of(tx: TenantTx, user_id: str) -> None:
    """Empty the labels of keys that were made for this user alone, revoked ones too: they may name
    the user."""
    await _FORGET_LABEL.run(tx, users=[user_id])


async def revoke(tx: TenantTx, key_id: UUID) -> bool | None:
    """Revoke a live key. None when the tenant has no such live key; False when it is the last live
    one with the scope `admin`, which stays."""
    revoked: bool | None = await _REVOKE.scalar(tx, key_id=key_id)
    return revoked


async def caller_of(tx: SystemTx, key_hash: bytes) -> Caller | None:
    """Find the caller behind a live key; None when it is unknown, revoked or expired. Notes its use
    once a minute."""
    row = await (await _CALLER.run(tx, key_hash=key_hash)).fetchone()
    if row is None:
        return None
    tenant_id, key_id, scopes, *restrictions = row
    return Caller(tenant_id, key_id, frozenset(scopes), KeyRestriction.of(*restrictions))


def _sorted(restriction: frozenset[Any] | None) -> list[Any] | None:
    return None if restriction is None else sorted(restriction)
